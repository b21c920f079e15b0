/// The table of bounds: every limit of a process, its value and its hard maximum.
@NullMarked
package dev.damselfly.authz.limits;

import org.jspecify.annotations.NullMarked;
