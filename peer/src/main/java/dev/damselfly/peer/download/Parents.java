package dev.damselfly.peer.download;

import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.peer.download.PieceChooser.ParentView;
import dev.damselfly.peer.store.IncomingPiece;
import dev.damselfly.peer.transfer.ParentLink;
import dev.damselfly.peer.transfer.ParentRef;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The parents of a session: links, what they hold, what was asked of them. Confined to the session's thread.
final class Parents {
  /// Parents that may wait for a place.
  private static final int MAX_SPARE = 64;

  private final LinkOpener opener;
  private final ParentLink.Listener listener;
  private final int max;
  private final Map<String, Parent> open = new LinkedHashMap<>();
  private final Map<ParentLink, Parent> byLink = new HashMap<>();
  private final Map<String, ParentRef> spare = new LinkedHashMap<>();

  /// One parent with a link.
  static final class Parent {
    final ParentRef ref;
    /// In the order of the requests.
    final Map<Integer, IncomingPiece> asked = new LinkedHashMap<>();
    final BitSet have = new BitSet();
    boolean ready;
    /// Is asked for nothing more.
    boolean leaving;
    private boolean closing;
    private @Nullable ParentLink link;

    Parent(ParentRef ref) {
      this.ref = ref;
    }

    ParentLink link() {
      return java.util.Objects.requireNonNull(link, "a parent has its link from the start");
    }

    /// In the order of the requests.
    List<Integer> outstanding() {
      return List.copyOf(asked.keySet());
    }

    /// Requests that were given up still keep the parent busy.
    ParentView view() {
      return new ParentView(have, Math.max(asked.size(), link().inFlight()), link().rate());
    }
  }

  Parents(LinkOpener opener, ParentLink.Listener listener, int max) {
    this.opener = opener;
    this.listener = listener;
    this.max = max;
  }

  /// A parent was named, or its grant renewed.
  void named(ParentRef ref) {
    Parent known = open.get(ref.peerId());
    if (known != null && !known.closing) {
      known.leaving = false;
      known.link().renewGrant(ref.grant());
      return;
    }
    if (known != null || open.size() >= max) {
      if (spare.size() < MAX_SPARE) {
        spare.put(ref.peerId(), ref);
      }
      return;
    }
    connect(ref);
  }

  private void connect(ParentRef ref) {
    var parent = new Parent(ref);
    ParentLink link = opener.open(ref, listener);
    parent.link = link;
    open.put(ref.peerId(), parent);
    byLink.put(link, parent);
  }

  /// The scheduler took a parent back; what is on its way may still arrive.
  void removed(String peerId) {
    spare.remove(peerId);
    Parent parent = open.get(peerId);
    if (parent != null) {
      parent.leaving = true;
      leaveIfIdle(parent);
    }
  }

  /// Ends the link of a parent that was taken back once nothing of it is on its way.
  static void leaveIfIdle(Parent parent) {
    if (parent.leaving && parent.asked.isEmpty()) {
      close(parent);
    }
  }

  private static void close(Parent parent) {
    parent.closing = true;
    parent.link().close();
  }

  /// Ends the link; its end is an event later.
  void leave(Parent parent) {
    parent.leaving = true;
    close(parent);
  }

  void leaveAll() {
    spare.clear();
    List.copyOf(open.values()).forEach(this::leave);
  }

  Optional<Parent> of(ParentLink link) {
    return Optional.ofNullable(byLink.get(link));
  }

  /// The link is over. A spare parent takes its place.
  void closed(ParentLink link) {
    Parent parent = byLink.remove(link);
    if (parent != null) {
      open.remove(parent.ref.peerId(), parent);
    }
    if (open.size() < max && !spare.isEmpty()) {
      ParentRef next = spare.values().iterator().next();
      spare.remove(next.peerId());
      connect(next);
    }
  }

  static void have(Parent parent, List<PieceNumber> numbers) {
    numbers.forEach(number -> parent.have.set(number.value()));
  }

  /// Parents that may be asked, in a stable order.
  List<Parent> ready() {
    var ready = new ArrayList<Parent>();
    for (Parent parent : open.values()) {
      if (parent.ready && !parent.leaving) {
        ready.add(parent);
      }
    }
    return ready;
  }

  boolean isEmpty() {
    return byLink.isEmpty();
  }

  int count() {
    return open.size();
  }
}
