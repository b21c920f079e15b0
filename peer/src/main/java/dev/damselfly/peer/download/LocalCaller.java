package dev.damselfly.peer.download;

import dev.damselfly.authz.identity.SpiffeId;

/// Who asked for a download, for audit and shares.
///
/// @param actor `uid:<name>` of a local user, the SPIFFE ID of a scheduler, or `anonymous`
public record LocalCaller(String actor) {
  public static LocalCaller ofUser(String user) {
    return new LocalCaller("uid:" + user);
  }

  /// A program on this host that came over TCP: only the credentials of its requests say what it may have.
  public static LocalCaller anonymous() {
    return new LocalCaller("anonymous");
  }

  public static LocalCaller ofScheduler(SpiffeId scheduler) {
    return new LocalCaller(scheduler.toString());
  }
}
