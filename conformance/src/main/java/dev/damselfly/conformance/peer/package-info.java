/// Cases about peers: the suite plays manager, schedulers, parents, children and origins.
@NullMarked
package dev.damselfly.conformance.peer;

import org.jspecify.annotations.NullMarked;
