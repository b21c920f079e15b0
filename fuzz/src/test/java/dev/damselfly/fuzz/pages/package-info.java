/// The pages of the threat model, written from what is there: the threats, the class files, the policy tables, the input
/// table, the tests and the planted bugs. `./fuzz/run --pages` writes them; [ThreatPagesTest] fails when they are stale.
@NullMarked
package dev.damselfly.fuzz.pages;

import org.jspecify.annotations.NullMarked;
