package dev.damselfly.peer.download;

import dev.damselfly.peer.transfer.ParentLink;
import dev.damselfly.peer.transfer.ParentRef;

/// What downloads need of [dev.damselfly.peer.transfer.ParentLinks].
@FunctionalInterface
public interface LinkOpener {
  ParentLink open(ParentRef parent, ParentLink.Listener listener);
}
