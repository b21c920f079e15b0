/// The program under test: its description file, how it is started, and where it listens.
@NullMarked
package dev.damselfly.conformance.target;

import org.jspecify.annotations.NullMarked;
