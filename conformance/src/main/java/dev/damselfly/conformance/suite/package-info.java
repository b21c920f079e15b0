/// What a case is, what it can find out, and how cases are run. Cases of one run share nothing.
@NullMarked
package dev.damselfly.conformance.suite;

import org.jspecify.annotations.NullMarked;
