@NullMarked
package dev.damselfly.conformance;

import org.jspecify.annotations.NullMarked;
