/// A client of the daemon's local socket that writes nothing, so that only the daemons are measured.
@NullMarked
package dev.damselfly.bench.fetch;

import org.jspecify.annotations.NullMarked;
