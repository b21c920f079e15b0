/// The rival that shows what the machine can do: bytes over Netty, epoll and BoringSSL TLS 1.3, and nothing else.
///
/// No identities, no grants, no digests that come from elsewhere. What it is faster by is what the protocol costs.
@NullMarked
package dev.damselfly.bench.raw;

import org.jspecify.annotations.NullMarked;
