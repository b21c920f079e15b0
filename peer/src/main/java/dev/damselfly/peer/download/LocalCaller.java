package dev.damselfly.peer.download;

import dev.damselfly.authz.identity.SpiffeId;

/// Who asked for a download, for audit and shares.
///
/// @param actor `uid:<name>` of a local user, or the SPIFFE ID of a scheduler
public record LocalCaller(String actor) {
  public static LocalCaller ofUser(String user) {
    return new LocalCaller("uid:" + user);
  }

  public static LocalCaller ofScheduler(SpiffeId scheduler) {
    return new LocalCaller(scheduler.toString());
  }
}
