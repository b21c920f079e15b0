/// Seed peer rows: who may register which host, and which seed peers a caller is told about. Answers S-MGR-12.
@NullMarked
package dev.damselfly.manager.seed;

import org.jspecify.annotations.NullMarked;
