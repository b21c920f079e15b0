@NullMarked
package dev.damselfly.conformance.target;

import org.jspecify.annotations.NullMarked;
