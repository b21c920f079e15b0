package dev.damselfly.scheduler.swarm;

import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/// The members of a swarm and what they hold. Not thread-safe: the swarm's lock guards it.
final class Roster {
  private final Map<String, Member> members = new LinkedHashMap<>();
  private final NavigableMap<Long, Member> arrivals = new TreeMap<>();
  private long arrived;
  private int seeds;
  private int originReaders;
  private final Holdings holdings = new Holdings();
  private final Set<Member> dirty = new LinkedHashSet<>();

  void add(Member member) {
    members.put(member.peerId, member);
    count(member, 1);
    member.place = arrived++;
    arrivals.put(member.place, member);
  }

  void remove(Member member) {
    if (members.remove(member.peerId, member)) {
      count(member, -1);
    }
    arrivals.remove(member.place);
    holdings.removeAll(member.held);
    member.held.clear();
    member.unproven.clear();
  }

  @SuppressWarnings("ReferenceEquality") // a member is itself; a later one may have the same peer id
  boolean has(Member member) {
    return members.get(member.peerId) == member;
  }

  Optional<Member> find(String peerId) {
    return Optional.ofNullable(members.get(peerId));
  }

  Collection<Member> all() {
    return members.values();
  }

  List<Member> copy() {
    return List.copyOf(members.values());
  }

  int size() {
    return members.size();
  }

  private void count(Member member, int change) {
    seeds += member.host.isSeed() ? change : 0;
    originReaders += member.mayUseOrigin ? change : 0;
  }

  boolean hasSeed() {
    return seeds > 0;
  }

  /// Members that may go to the origin.
  int originReaders() {
    return originReaders;
  }

  Holdings holdings() {
    return holdings;
  }

  /// All others in the order of their arrival, round the ring from this one on.
  Stream<Member> after(Member member) {
    return Stream.concat(
        arrivals.tailMap(member.place, false).values().stream(), arrivals.headMap(member.place, false).values().stream());
  }

  /// The same backwards.
  Stream<Member> before(Member member) {
    return Stream.concat(
        arrivals.headMap(member.place, false).descendingMap().values().stream(),
        arrivals.tailMap(member.place, false).descendingMap().values().stream());
  }

  /// @return true when it is the member's first piece
  boolean hold(Member member, int number) {
    boolean first = member.held.isEmpty();
    member.unproven.remove(number);
    if (!member.held.get(number)) {
      member.held.set(number);
      holdings.add(number);
    }
    return first;
  }

  void drop(Member member, int number) {
    if (member.held.get(number)) {
      member.held.clear(number);
      holdings.remove(number);
    }
  }

  /// Nobody holds the piece any more.
  void dropEverywhere(int number) {
    if (holdings.isHeld(number)) {
      members.values().forEach(member -> drop(member, number));
    }
  }

  void sendAll(JoinEvent event) {
    members.values().forEach(member -> send(member, event));
  }

  void send(Member member, JoinEvent event) {
    send(member, () -> event);
  }

  /// Queues an event that is made when it is written.
  void send(Member member, Supplier<JoinEvent> event) {
    member.outbox.put(event);
    dirty.add(member);
  }

  /// Ends the member's stream with OK after what waits.
  void complete(Member member) {
    member.outbox.complete();
    dirty.add(member);
  }

  /// The members for whom something was queued since the last call.
  List<Member> takeDirty() {
    List<Member> all = List.copyOf(dirty);
    dirty.clear();
    return all;
  }
}
