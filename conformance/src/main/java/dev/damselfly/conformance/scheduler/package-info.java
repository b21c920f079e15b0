/// Cases about schedulers: the suite plays manager, peers and seeds.
@NullMarked
package dev.damselfly.conformance.scheduler;

import org.jspecify.annotations.NullMarked;
