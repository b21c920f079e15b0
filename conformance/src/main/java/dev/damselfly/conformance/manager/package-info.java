/// Cases about managers: the suite plays schedulers and peers.
@NullMarked
package dev.damselfly.conformance.manager;

import org.jspecify.annotations.NullMarked;
