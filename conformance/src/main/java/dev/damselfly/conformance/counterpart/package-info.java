/// Small scripted programs that play whoever the program under test talks to. Each records what it saw and answers
/// as its case says.
@NullMarked
package dev.damselfly.conformance.counterpart;

import org.jspecify.annotations.NullMarked;
