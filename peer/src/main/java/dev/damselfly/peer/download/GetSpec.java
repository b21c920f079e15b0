package dev.damselfly.peer.download;

import dev.damselfly.api.wire.common.v2.Download;
import java.time.Duration;

/// What a caller asks for, before any check.
///
/// @param download headers and URL may be secret
/// @param timeout for the whole download; zero means the default
/// @param label where the caller will put it, for `explain`; never opened; may be empty
public record GetSpec(Download download, Duration timeout, String label) {
  @Override
  public String toString() {
    return "GetSpec[hidden]";
  }
}
