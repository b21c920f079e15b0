/// Configuration files of container runtimes, written so that they pull through the registry mirror of this host, and
/// taken back (S-RTC-1, S-RTC-2, S-RTC-3). One thread.
@NullMarked
package dev.damselfly.dist.runtime;

import org.jspecify.annotations.NullMarked;
