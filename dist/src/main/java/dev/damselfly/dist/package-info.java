/// The dist process.
@NullMarked
package dev.damselfly.dist;

import org.jspecify.annotations.NullMarked;
