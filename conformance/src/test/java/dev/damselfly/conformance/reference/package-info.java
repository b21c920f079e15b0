/// A small program that behaves as the wire specification says, and can be told to break one rule at a time. It proves
/// the suite: each fault is found by the case meant for it, and by no other.
@NullMarked
package dev.damselfly.conformance.reference;

import org.jspecify.annotations.NullMarked;
