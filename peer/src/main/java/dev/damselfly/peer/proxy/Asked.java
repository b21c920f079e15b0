package dev.damselfly.peer.proxy;

import dev.damselfly.peer.download.LocalCaller;
import dev.damselfly.peer.origin.OriginRequest;

/// A request that is understood: what, of which server of the configuration, for whom.
sealed interface Asked permits Ask, SiteAsk {
  RequestHead head();

  /// Who asks; what it may have there is that server's business.
  LocalCaller caller();

  /// Address of the caller.
  String source();

  /// Where it is asked, spelt by us.
  String url();

  /// The resource with the caller's credentials for it, and nothing else of its head.
  OriginRequest origin();

  /// Name of the subject for `explain` and the audit log; says nothing secret.
  String label();
}
