/// How the suite connects: identities and certificates, gRPC channels and servers with a recorder on each message,
/// and raw HTTP/2 where the frames themselves are the observation.
@NullMarked
package dev.damselfly.conformance.link;

import org.jspecify.annotations.NullMarked;
