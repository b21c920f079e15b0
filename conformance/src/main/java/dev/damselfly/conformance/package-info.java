/// `dfconf`: a black-box suite for implementations of the Dragonfly v2 protocols. It talks to the program under test
/// over its public interfaces only and plays every counterpart itself. The vectors stand under `conformance/vectors`.
@NullMarked
package dev.damselfly.conformance;

import org.jspecify.annotations.NullMarked;
