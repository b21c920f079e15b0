/// Rows of members (schedulers, seed peers): whose they are, how many there may be, and whether they live.
/// All state is in the database, so any call thread may run this. Answers S-MGR-12.
@NullMarked
package dev.damselfly.manager.member;

import org.jspecify.annotations.NullMarked;
