package dev.damselfly.peer.swarm;

import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceRecord;
import java.util.List;
import java.util.Optional;

/// How this host enters a swarm.
///
/// @param download what was asked for; [#withoutSecrets] takes out what must not leave the host
/// @param content what the origin said, when it was asked
/// @param held pieces on disk
/// @param onlyServes everything is here; nothing is wanted
public record Registration(
    TaskId task,
    Download download,
    Optional<ContentFacts> content,
    boolean mayUseOrigin,
    boolean restricted,
    List<PieceRecord> held,
    boolean onlyServes) {
  public Registration {
    held = List.copyOf(held);
  }

  /// The download without headers, credentials, certificates, tokens, paths and the caller's address.
  public static Download withoutSecrets(Download download) {
    return download.toBuilder()
        .clearRequestHeader()
        .clearObjectStorage()
        .clearHdfs()
        .clearHuggingFace()
        .clearModelScope()
        .clearOpenCsg()
        .clearCertificateChain()
        .clearOutputPath()
        .clearRemoteIp()
        .build();
  }

  @Override
  public String toString() {
    return "Registration[" + task + "]"; // URL queries carry credentials
  }
}
