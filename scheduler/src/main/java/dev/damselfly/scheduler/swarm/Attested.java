package dev.damselfly.scheduler.swarm;

import com.google.protobuf.ByteString;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.wire.damselfly.v1.AttestedPiece;
import dev.damselfly.authz.identity.SpiffeId;

/// What an identity says that it read from the origin.
///
/// @param leaseId lease under which it read; 0 for a piece of an earlier run
record Attested(int number, long length, Sha256 sha256, SpiffeId attester, long leaseId) {
  boolean agreesWith(Attested other) {
    return length == other.length && sha256.equals(other.sha256);
  }

  boolean agreesWith(long otherLength, Sha256 otherSha256) {
    return length == otherLength && sha256.equals(otherSha256);
  }

  AttestedPiece toWire() {
    return AttestedPiece.newBuilder()
        .setNumber(number)
        .setLength(length)
        .setSha256(ByteString.copyFrom(sha256.bytes()))
        .setAttester(attester.toString())
        .setLeaseId(leaseId)
        .build();
  }
}
