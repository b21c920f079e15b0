/// Applications and the priorities of their downloads.
@NullMarked
package dev.damselfly.manager.application;

import org.jspecify.annotations.NullMarked;
