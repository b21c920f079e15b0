package dev.damselfly.authz.identity;

import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.Optional;

/// Who is at the other end of a verified connection. Holding one proves that the verifier accepted the chain
/// and that the role template knows the identity. Immutable.
///
/// @param id the SPIFFE ID of the presented X509-SVID
/// @param role its role by the template
/// @param cluster cluster segment of the id; absent for roles without one (manager, operator)
/// @param name last segment of the id: the host of peers, the name of others
/// @param notAfter end of the SVID; the connection does not outlive it
/// @param remote observed address, never a claimed one
public record Caller(
    SpiffeId id, Role role, Optional<String> cluster, String name, Instant notAfter, InetSocketAddress remote) {}
