package dev.damselfly.scheduler.swarm;

import dev.damselfly.api.wire.damselfly.v1.Grant;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.Parent;
import dev.damselfly.api.wire.damselfly.v1.ParentsChanged;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.scheduler.host.HostLoad;
import dev.damselfly.scheduler.parent.Evaluator;
import dev.damselfly.scheduler.task.PeerState;
import dev.damselfly.scheduler.task.TaskKey;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.random.RandomGenerator;

/// Who fetches from whom. Any member that has a piece or a lease may be a parent of any other: pieces are served only
/// after verification, so a cycle can pass on nothing bad. Not thread-safe: the swarm's lock guards it.
final class Mesh {
  private static final int CHILDREN_PER_PLACE = 2;
  private static final int MOST_FED = 16;

  /// Members among which one choice is made: in a large swarm nobody looks at all of them.
  private static final int LOOKED_AT = 64;

  private final TaskKey task;
  private final Roster roster;
  private final Blame blame;
  private final SwarmConfig.Mesh config;
  private final Grants grants;
  private final RandomGenerator random;
  private final Map<Member, Change> changes = new LinkedHashMap<>();
  private final Set<Member> hungry = new LinkedHashSet<>();

  /// Members that have something, and room for one more child.
  private final Pool<Member> roomy = new Pool<>();

  /// Members that want parents.
  private final Pool<Member> children = new Pool<>();
  private boolean freed;
  private int offered;
  private HostLoad.Cost cost = new HostLoad.Cost(0, 1, 0);

  private static final class Change {
    final Set<String> added = new LinkedHashSet<>();
    final Set<String> removed = new LinkedHashSet<>();
  }

  Mesh(
      TaskKey task, Roster roster, Blame blame, SwarmConfig.Mesh config, Grants grants, RandomGenerator random) {
    this.task = task;
    this.roster = roster;
    this.blame = blame;
    this.config = config;
    this.grants = grants;
    this.random = random;
  }

  /// What links cost from now on.
  void sized(FixedContent content) {
    cost = new HostLoad.Cost(content.pieceLength(), 1, content.length().orElse(0) / config.parentsPerChild());
  }

  /// The member has its first piece or lease: children with room get it as a parent, those without any first.
  void offer(Member parent) {
    if (parent.offered || parent.gone) {
      return;
    }
    parent.offered = true;
    offered++;
    roomChanged(parent);
    for (Member child : firstHungry(CHILDREN_PER_PLACE * config.parentsPerChild())) {
      if (hasRoom(parent) && mayServe(parent, child)) {
        welcome(child, parent, 1);
      }
    }
    double share = Math.max(1.0, (double) children.size() / LOOKED_AT);
    for (Member child : children.draw(LOOKED_AT, random)) {
      if (hasRoom(parent) && mayServe(parent, child)) {
        welcome(child, parent, share);
      }
    }
    anchor(parent);
    roster.after(parent).filter(next -> next.offered && next.range.isEmpty()).findFirst().ifPresent(this::anchor);
    findChild(parent);
  }

  private List<Member> firstHungry(int most) {
    hungry.removeIf(child -> child.gone || child.onlyServes);
    return hungry.stream().limit(most).toList();
  }

  /// A child with room takes the newcomer. Of the places for random parents each newcomer gets one with the same
  /// chance as all before it, so early members are not preferred for ever (F-45).
  ///
  /// @param share children for which this one stands: not all of a large swarm are looked at
  private void welcome(Member child, Member parent, double share) {
    List<String> drawn =
        child.parents.entrySet().stream()
            .filter(e -> e.getValue().random() && !e.getKey().equals(child.anchor))
            .map(Map.Entry::getKey)
            .toList();
    boolean scoredFull = child.parents.size() - drawn.size() >= config.parentsPerChild() - config.randomParents();
    var option = option(child, parent);
    if (!scoredFull) {
      link(child, MeshChoice.scored(option));
    } else if (drawn.size() < config.randomParents()) {
      link(child, MeshChoice.drawn(option));
    } else if (!drawn.isEmpty() && random.nextDouble() * offered < drawn.size() * share) {
      replace(child, drawn.get(random.nextInt(drawn.size())), option);
    }
  }

  private void replace(Member child, String drawn, MeshChoice.Option option) {
    Member.Link old = child.parents.get(drawn);
    if (old != null && old.parent().children.size() > 1) {
      unlink(child, drawn);
      link(child, MeshChoice.drawn(option));
    }
  }

  /// Makes the nearest offered member before it, in the order of arrival with the first behind the last, one of its
  /// parents. So there is a way from every member that has something to every other, whatever the choices above left
  /// out, and no piece stays out of reach for anybody.
  private void anchor(Member child) {
    if (child.onlyServes || child.gone) {
      return;
    }
    roster
        .before(child)
        .filter(parent -> mayAnchor(parent, child))
        .findFirst()
        .ifPresent(
            parent -> {
              insist(child, parent);
              child.anchor = parent.peerId;
            });
  }

  /// Only who gets everything can pass everything on.
  private boolean mayAnchor(Member parent, Member child) {
    return parent.offered && parent.range.isEmpty() && (child.parents.containsKey(parent.peerId) || mayServe(parent, child));
  }

  /// When many arrive at once the first parents would get all of them as children, and their links would carry nothing
  /// to its end for a long time. With few children each, the number of those that have something doubles and doubles.
  private boolean hasRoom(Member parent) {
    return parent.children.size() < CHILDREN_PER_PLACE * config.parentsPerChild();
  }

  private void roomChanged(Member parent) {
    roomy.set(parent, parent.offered && !parent.gone && hasRoom(parent));
  }

  /// A member that nobody takes from would keep what it reads from the origin to itself.
  private void findChild(Member parent) {
    if (parent.children.isEmpty() && parent.offered && !parent.gone) {
      roster.after(parent).filter(child -> mayServe(parent, child)).findFirst().ifPresent(child -> insist(child, parent));
    }
  }

  /// The child takes this parent, in place of another if it must.
  private void insist(Member child, Member parent) {
    if (child.parents.containsKey(parent.peerId)) {
      return;
    }
    if (child.parents.size() >= config.parentsPerChild()) {
      unlink(child, leastMissed(child));
    }
    var option = option(child, parent);
    link(child, new MeshChoice.Pick(parent.peerId, false, "next in line, " + option.score()));
  }

  /// The old anchor is of no special use any more; else the parent with most other children.
  private static String leastMissed(Member child) {
    Member.Link old = child.parents.get(child.anchor);
    return old != null && old.parent().children.size() > 1
        ? child.anchor
        : Collections.max(child.parents.entrySet(), Comparator.comparingInt(e -> e.getValue().parent().children.size())).getKey();
  }

  /// Gives the child as many parents as it may have.
  void fill(Member child) {
    if (child.gone || child.onlyServes) {
      return;
    }
    children.set(child, true);
    if (child.offered && !child.parents.containsKey(child.anchor)) {
      anchor(child);
    }
    choose(child, roomy.draw(LOOKED_AT, random));
    if (child.parents.isEmpty() && roomy.size() > LOOKED_AT) {
      choose(child, List.copyOf(roomy.all())); // none of those would do
    }
    if (child.parents.isEmpty()) {
      hungry.add(child);
    }
  }

  private void choose(Member child, List<Member> candidates) {
    int room = config.parentsPerChild() - child.parents.size();
    if (room <= 0) {
      return;
    }
    var options = new ArrayList<MeshChoice.Option>();
    for (Member parent : candidates) {
      if (mayServe(parent, child)) {
        options.add(option(child, parent));
      }
    }
    long drawn = child.parents.values().stream().filter(Member.Link::random).count();
    int draws = Math.max(0, config.randomParents() - (int) drawn);
    MeshChoice.choose(options, room, draws, random).forEach(pick -> link(child, pick));
  }

  private MeshChoice.Option option(Member child, Member parent) {
    var state = parent.onlyServes ? PeerState.SUCCEEDED : PeerState.RUNNING;
    var load = parent.host.load();
    return new MeshChoice.Option(
        parent.peerId, Evaluator.score(child.host.facts(), parent.host.facts(), load, state), load.concurrentUploads());
  }

  private boolean mayServe(Member parent, Member child) {
    return parent.offered
        && !parent.gone
        && !child.gone
        && !child.onlyServes
        && !parent.host.id().equals(child.host.id())
        && parent.host.facts().shared()
        && !child.blocked.contains(parent.peerId)
        && !child.parents.containsKey(parent.peerId)
        && !blame.isQuarantined(parent.identity());
  }

  private void link(Member child, MeshChoice.Pick pick) {
    Member parent = roster.find(pick.peerId()).orElseThrow();
    child.parents.put(parent.peerId, new Member.Link(parent, cost, pick.random(), pick.reason()));
    if (child.everParents.size() < Member.MAX_REMEMBERED) {
      child.everParents.add(parent.peerId);
    }
    parent.children.add(child);
    roomChanged(parent);
    hungry.remove(child);
    parent.host.addUpload(cost);
    Change change = changes.computeIfAbsent(child, _ -> new Change());
    if (!change.removed.remove(parent.peerId)) {
      change.added.add(parent.peerId);
    }
  }

  private boolean unlink(Member child, String parentId) {
    Member.Link link = child.parents.remove(parentId);
    if (link == null) {
      return false;
    }
    link.parent().children.remove(child);
    roomChanged(link.parent());
    freed = true;
    link.parent().host.removeUpload(link.cost());
    Change change = changes.computeIfAbsent(child, _ -> new Change());
    if (!change.added.remove(parentId)) {
      change.removed.add(parentId);
    }
    return true;
  }

  /// The child does not want this parent any more, and gets another.
  void block(Member child, String parentId) {
    if (child.blocked.size() < Member.MAX_REMEMBERED) {
      child.blocked.add(parentId);
    }
    if (unlink(child, parentId)) {
      fill(child);
      roster.find(parentId).ifPresent(this::findChild);
    }
  }

  /// The child takes from nobody any more.
  void detach(Member child) {
    children.set(child, false);
    for (Member.Link link : List.copyOf(child.parents.values())) {
      unlink(child, link.parent().peerId);
      findChild(link.parent());
    }
  }

  /// No child takes from the member any more; they get others.
  void withdraw(Member parent) {
    List<Member> orphans = List.copyOf(parent.children);
    orphans.forEach(child -> unlink(child, parent.peerId));
    roomChanged(parent);
    orphans.forEach(this::fill);
  }

  void withdrawAll(SpiffeId identity) {
    for (Member member : roster.copy()) {
      if (member.identity().equals(identity)) {
        withdraw(member);
      }
    }
  }

  /// Places came free: members without a parent get them.
  private void feed() {
    if (freed) {
      freed = false;
      List<Member> first = firstHungry(MOST_FED);
      int waiting = hungry.size();
      first.forEach(this::fill);
      freed |= hungry.size() < waiting && !hungry.isEmpty(); // there may be more places
    }
  }

  /// Queues one event with one grant for each child whose parents changed.
  ///
  /// @return children that have parents and need their grants renewed later
  Collection<Member> flush() {
    feed();
    var children = new HashSet<Member>();
    changes.forEach(
        (child, change) -> {
          if (!child.gone && !(change.added.isEmpty() && change.removed.isEmpty())) {
            announce(child, List.copyOf(change.added), List.copyOf(change.removed));
            if (!child.parents.isEmpty()) {
              children.add(child);
            }
          }
        });
    changes.clear();
    return children;
  }

  /// A new grant for all parents of the child.
  void renew(Member child) {
    if (!child.gone && !child.parents.isEmpty()) {
      announce(child, List.copyOf(child.parents.keySet()), List.of());
    }
  }

  private void announce(Member child, List<String> added, List<String> removed) {
    var parents = new ArrayList<Parent>();
    var identities = new LinkedHashSet<SpiffeId>();
    for (String id : added) {
      Member.Link link = child.parents.get(id);
      if (link != null) {
        identities.add(link.parent().identity());
        parents.add(toWire(link));
      }
    }
    SpiffeId identity = child.identity();
    List<SpiffeId> named = List.copyOf(identities);
    roster.send(
        child,
        () -> {
          var event = ParentsChanged.newBuilder().addAllRemovedPeerIds(removed);
          if (!parents.isEmpty()) {
            Grant grant = grants.sign(task.id(), task.restricted(), identity, named);
            parents.forEach(parent -> event.addAdded(parent.toBuilder().setGrant(grant.toByteString())));
          }
          return JoinEvent.newBuilder().setParents(event).build();
        });
  }

  private static Parent toWire(Member.Link link) {
    Member parent = link.parent();
    return Parent.newBuilder()
        .setPeerId(parent.peerId)
        .setHostId(parent.host.id())
        .setSpiffeId(parent.identity().toString())
        .setIp(parent.host.ip())
        .setPiecePort(parent.piecePort)
        .setReason(link.reason())
        .build();
  }
}
