/// The development issuer: a real SPIFFE Workload API on private Unix sockets, with a certificate authority of its own.
/// The only code that makes certificates; production takes its identities from a SPIFFE provider (D2).
@NullMarked
package dev.damselfly.dist.issuer;

import org.jspecify.annotations.NullMarked;
