package dev.damselfly.peer.download;

import dev.damselfly.authz.identity.SpiffeId;

/// Who asked for a download, for audit and shares.
///
/// @param actor `uid:<name>` of a local user, `proxy:<name>` of a caller of the proxy, the SPIFFE ID of a
///     scheduler, or `anonymous`
public record LocalCaller(String actor) {
  public static LocalCaller ofUser(String user) {
    return new LocalCaller("uid:" + user);
  }

  /// A program on this host that came over TCP: only the credentials of its requests say what it may have.
  public static LocalCaller anonymous() {
    return new LocalCaller("anonymous");
  }

  /// A caller of the proxy that showed its token.
  public static LocalCaller ofProxyCaller(String name) {
    return new LocalCaller("proxy:" + name);
  }

  public static LocalCaller ofScheduler(SpiffeId scheduler) {
    return new LocalCaller(scheduler.toString());
  }
}
