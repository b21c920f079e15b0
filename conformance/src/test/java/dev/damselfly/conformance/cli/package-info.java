@NullMarked
package dev.damselfly.conformance.cli;

import org.jspecify.annotations.NullMarked;
