package dev.damselfly.bench.simulate;

import dev.damselfly.peer.download.DownloadDecisions;
import dev.damselfly.peer.download.DownloadDecisions.View;
import dev.damselfly.scheduler.swarm.SwarmDecisions;
import dev.damselfly.scheduler.swarm.SwarmDecisions.Candidate;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.PriorityQueue;
import java.util.Queue;
import java.util.random.RandomGenerator;

/// All members, and the events that are due.
final class Swarm {
  /// Candidates among which parents are chosen: a sample, as nobody looks at a million.
  private static final int SAMPLE = 40;

  /// Members without enough parents that a new parent is offered to at once.
  private static final int WELCOMES = 2 * SwarmDecisions.mostParents();

  private final int count;
  private final long pieceLength;
  private final double rate;
  private final Member[] members;
  private final RandomGenerator random;
  private final SwarmDecisions decisions;
  private final PriorityQueue<Event> due = new PriorityQueue<>();
  private final Queue<Member> wantOrigin = new ArrayDeque<>();
  private final Queue<Member> hungry = new ArrayDeque<>();
  private final BitSet ring = new BitSet();
  private int[] offered = new int[1024];
  private int offers;
  private int originReads;
  private long events;
  private long choices;

  /// @param rate bytes per second of each link, the origin's too
  Swarm(int peers, int count, long pieceLength, double rate, RandomGenerator random) {
    this.count = count;
    this.pieceLength = pieceLength;
    this.rate = rate;
    this.random = random;
    this.members = new Member[peers];
    this.decisions = new SwarmDecisions(count);
  }

  /// Runs until nothing is due any more.
  Result run(double arrivalSeconds) {
    for (int i = 0; i < members.length; i++) {
      members[i] = new Member(i, count);
      due.add(new Event.Arrives(random.nextDouble() * arrivalSeconds, i));
    }
    for (Event event = due.poll(); event != null; event = due.poll()) {
      events++;
      Member member = members[event.member()];
      switch (event) {
        case Event.Arrives e -> arrives(member, e.at());
        case Event.Read e -> read(member, e);
        case Event.Received e -> received(member, e);
      }
    }
    double[] times = Arrays.stream(members).mapToDouble(m -> m.doneAt).sorted().toArray();
    return new Result(times, originReads, events, choices);
  }

  /// @param times at which members had everything, ascending; negative for those that never had
  record Result(double[] times, int originReads, long events, long choices) {}

  private void arrives(Member member, double now) {
    findParents(member);
    wantOrigin.add(member);
    lease(now);
    ask(member, now);
  }

  private void findParents(Member member) {
    int room = SwarmDecisions.mostParents() - member.parents.length;
    var sample = new ArrayList<Candidate>(SAMPLE);
    var seen = new BitSet();
    for (int i = 0; i < SAMPLE && offers > 0; i++) {
      Member parent = members[offered[random.nextInt(offers)]];
      if (parent.childCount < SwarmDecisions.mostChildren() && parent.id != member.id && !seen.get(parent.id % 1021) && !member.isParent(parent.id)) {
        seen.set(parent.id % 1021);
        sample.add(new Candidate(parent.id, parent.childCount));
      }
    }
    int[] chosen = SwarmDecisions.parents(sample, room, random);
    member.addParents(chosen);
    for (int parent : chosen) {
      members[parent].addChild(member.id);
    }
    if (member.parents.length < SwarmDecisions.mostParents()) {
      hungry.add(member);
    }
  }

  private void offer(Member member, double now) {
    if (member.offered) {
      return;
    }
    member.offered = true;
    if (offers == offered.length) {
      offered = Arrays.copyOf(offered, 2 * offers);
    }
    offered[offers++] = member.id;
    joinRing(member);
    for (int i = Math.min(WELCOMES, hungry.size()); i > 0; i--) {
      Member child = hungry.remove();
      if (member.childCount >= SwarmDecisions.mostChildren()) {
        hungry.add(child);
        continue;
      }
      if (child.doneAt < 0) {
        findParents(child);
        ask(child, now);
      }
    }
  }

  /// The ring of the scheduler's mesh: the nearest before it, in the order of arrival, is a parent of each.
  private void joinRing(Member member) {
    int before = member.id == 0 ? -1 : ring.previousSetBit(member.id - 1);
    int after = ring.nextSetBit(member.id + 1);
    if (!ring.isEmpty()) {
      insist(member, members[before >= 0 ? before : ring.length() - 1]);
      insist(members[after >= 0 ? after : ring.nextSetBit(0)], member);
    }
    ring.set(member.id);
  }

  private void insist(Member child, Member parent) {
    if (child.isParent(parent.id) || child.doneAt >= 0) {
      return;
    }
    int place = child.parents.length < SwarmDecisions.mostParents() ? -1 : leastMissed(child);
    if (place < 0) {
      child.addParents(new int[] {parent.id});
    } else {
      members[child.parents[place]].removeChild(child.id);
      child.parents[place] = parent.id;
    }
    parent.addChild(child.id);
  }

  /// The idle parent with most other children; -1 when none is idle.
  private int leastMissed(Member child) {
    int found = -1;
    for (int i = 0; i < child.parents.length; i++) {
      boolean better = found < 0 || members[child.parents[i]].childCount > members[child.parents[found]].childCount;
      if (child.asked[i] == 0 && better && members[child.parents[i]].childCount > 1) {
        found = i;
      }
    }
    return found;
  }

  private void lease(double now) {
    for (int i = wantOrigin.size(); i > 0; i--) {
      Member member = wantOrigin.remove();
      if (member.doneAt >= 0 || member.reading) {
        continue;
      }
      var lease = decisions.lease(member.id, now);
      if (lease.isEmpty()) {
        wantOrigin.add(member);
        return; // the others would get none either
      }
      int piece = lease.get()[1];
      member.reading = true;
      member.coming.set(piece);
      member.downloads++;
      originReads++;
      due.add(new Event.Read(now + seconds(Math.max(reads(), member.downloads)), member.id, lease.get()[0], piece));
      offer(member, now);
    }
  }

  private int reads() {
    return Math.max(1, originReads - decisions.held().cardinality());
  }

  private double seconds(int share) {
    return share * pieceLength / rate;
  }

  private void read(Member member, Event.Read event) {
    member.reading = false;
    member.downloads--;
    decisions.read(event.lease(), event.piece(), event.at());
    holds(member, event.piece(), event.at());
    wantOrigin.add(member);
    lease(event.at());
  }

  private void received(Member member, Event.Received event) {
    member.downloads--;
    member.asked[event.position()]--;
    members[member.parents[event.position()]].uploads--;
    holds(member, event.piece(), event.at());
  }

  private void holds(Member member, int piece, double now) {
    member.coming.clear(piece);
    member.have.set(piece);
    if (member.have.cardinality() == count) {
      member.doneAt = now;
    }
    offer(member, now);
    ask(member, now);
    for (int i = 0; i < member.childCount; i++) {
      Member child = members[member.children[i]];
      if (!child.have.get(piece) && !child.coming.get(piece)) {
        ask(child, now);
      }
    }
  }

  private void ask(Member member, double now) {
    if (member.doneAt >= 0 || member.parents.length == 0) {
      return;
    }
    var askable = (BitSet) decisions.held().clone();
    askable.andNot(member.have);
    askable.andNot(member.coming);
    if (askable.isEmpty()) {
      return;
    }
    List<View> views = new ArrayList<>(member.parents.length);
    for (int i = 0; i < member.parents.length; i++) {
      Member parent = members[member.parents[i]];
      views.add(new View(parent.have, member.asked[i], (long) (rate / Math.max(1, parent.uploads))));
    }
    choices++;
    for (int[] pick : DownloadDecisions.choose(askable, views, pieceLength, random)) {
      Member parent = members[member.parents[pick[0]]];
      member.coming.set(pick[1]);
      member.asked[pick[0]]++;
      member.downloads++;
      parent.uploads++;
      double end = now + seconds(Math.max(parent.uploads, member.downloads));
      due.add(new Event.Received(end, member.id, pick[0], pick[1]));
    }
  }
}
