/// The manager process: configuration, policy table, wiring. Nobody in this module imports it.
@NullMarked
package dev.damselfly.manager.boot;

import org.jspecify.annotations.NullMarked;
