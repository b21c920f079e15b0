/// The manager process.
@NullMarked
package dev.damselfly.manager;

import org.jspecify.annotations.NullMarked;
