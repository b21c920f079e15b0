/// The commands that run something: one role from its configuration file, the embedded stack, the development issuer.
/// `up` wires the same processes as production does, in one JVM; it is not another implementation (D15).
@NullMarked
package dev.damselfly.dist.daemon;

import org.jspecify.annotations.NullMarked;
