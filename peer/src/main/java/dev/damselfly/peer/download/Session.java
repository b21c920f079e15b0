package dev.damselfly.peer.download;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.damselfly.v1.Left;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.download.SessionEvent.What;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.swarm.Registration;
import dev.damselfly.peer.swarm.SwarmEvent;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The download of one task, shared by all its callers: steps 3 to 8.
///
/// One virtual thread owns all state and takes events from a mailbox: there are no locks and nothing is polled. When
/// the callers are served the session stays in its swarm for a while, so that others can fetch from this host.
final class Session implements PieceFlow.Owner {
  private static final Logger LOG = LoggerFactory.getLogger(Session.class);
  private static final Duration RECHECK = Duration.ofSeconds(1);

  /// Links to parents cost both ends a connection.
  private static final Duration PARENTS_STAY = Duration.ofSeconds(30);

  private final Mailbox<SessionEvent> mailbox = new Mailbox<>();
  private final Colleagues with;
  private final DownloadConfig config;
  private final StoredTask task;
  private final SwarmSide swarm;
  private final Callers callers;
  private final PieceFlow flow;
  private final Alarms alarms;
  private final Consumer<List<Interest>> onOver;
  private final List<Interest> strays = new ArrayList<>();
  private volatile Optional<ContentFacts> knownFacts;
  private Pieces pieces;
  private Phase phase = Phase.IDLE;
  private Wants joinedFor = Wants.NOTHING;
  private boolean alone;
  private boolean readsParts;
  private boolean discard;
  private long lastProgress;
  private StoredTask.@Nullable Pin pin;

  private enum Phase {
    IDLE,
    WORKING,
    SERVING,
    ENDING,
    OVER
  }

  /// @param onOver told once, with callers that came too late for this session
  Session(Colleagues with, DownloadConfig config, StoredTask task, Consumer<List<Interest>> onOver) {
    this.with = with;
    this.config = config;
    this.task = task;
    this.onOver = onOver;
    this.alarms = new Alarms(with.timer(), this::post);
    this.pieces = new Pieces(task);
    this.knownFacts = task.facts();
    this.callers = new Callers(task, with.timer(), this::post);
    this.swarm = new SwarmSide(with.swarms(), with.timer(), this::post);
    var parents = new Parents(with.links(), new LinkEvents(this::post), config.parents());
    var fetcher = new OriginFetcher(with.origins(), task, this::post, "origin " + task.tuple().canonicalUrl().host());
    this.flow = new PieceFlow(pieces, task, swarm, parents, fetcher, config, with.random(), this);
  }

  void start() {
    Thread.ofVirtual().name("download-" + task.id().value().substring(0, 8)).start(this::run);
  }

  /// Any thread. Events after the end are dropped, with what they hold.
  boolean post(SessionEvent event) {
    boolean taken = mailbox.post(event);
    if (!taken && event instanceof SessionEvent.Fetched fetched) {
      fetched.sink().close();
    }
    return taken;
  }

  /// The session is of exactly this resource.
  boolean isOf(TaskTuple tuple) {
    return task.tuple().fingerprint().equals(tuple.fingerprint());
  }

  /// The session writes to this very task; an evicted one has another.
  boolean writesTo(StoredTask other) {
    return task == other;
  }

  /// Facts of the running session; any thread.
  Optional<ContentFacts> facts() {
    return knownFacts;
  }

  private void run() {
    mailbox.own();
    try {
      lastProgress = alarms.nanos();
      while (phase != Phase.OVER) {
        SessionEvent event = mailbox.take();
        while (event != null) {
          handleSafely(event);
          event = mailbox.poll();
        }
        advanceSafely();
        if (phase == Phase.ENDING && flow.isQuiet()) { // at once: when nothing is under way, no event comes any more
          phase = Phase.OVER;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) { // top of a thread
      LOG.error("a download session ended by a bug", e);
      callers.fail(new Refused(Reason.INTERNAL, "daemon: an internal error; see its log"), Hop.DAEMON);
    } finally {
      close();
    }
  }

  private void handleSafely(SessionEvent event) {
    try {
      handle(event);
    } catch (RequestFailure failure) {
      broken(failure);
    }
  }

  private void advanceSafely() {
    try {
      advance();
    } catch (RequestFailure failure) {
      broken(failure);
    }
  }

  private void close() {
    unpin();
    swarm.leave();
    flow.stop();
    alarms.cancelAll();
    forget();
    mailbox.close();
    for (SessionEvent event = mailbox.poll(); event != null; event = mailbox.poll()) {
      switch (event) {
        case SessionEvent.Joined joined -> strays.add(joined.interest());
        case SessionEvent.Fetched fetched -> fetched.sink().close();
        default -> {} // means nothing without the session
      }
    }
    onOver.accept(List.copyOf(strays));
  }

  /// Before anybody can begin anew: what is wrong must not be met again.
  private void forget() {
    try {
      if (discard) {
        task.discard();
      }
    } catch (UncheckedIOException e) {
      LOG.error("content that is wrong could not be dropped", e);
    }
  }

  private void handle(SessionEvent event) {
    switch (event) {
      case SessionEvent.Joined e -> joined(e.interest());
      case SessionEvent.Gone e -> {
        callers.remove(e.interest());
        callers.want(pieces);
      }
      case SessionEvent.TooLate e -> callers.failOne(
          e.interest(), new Refused(Reason.TIMED_OUT, "daemon: the download did not end within its time"), Hop.DAEMON);
      case SessionEvent.FromSwarm e when !swarm.isCurrent(e.membership()) -> {}
      case SessionEvent.FromSwarm e -> fromSwarm(e.event());
      case SessionEvent.Ready e -> flow.ready(e.link());
      case SessionEvent.Have e -> flow.have(e.link(), e.numbers());
      case SessionEvent.Received e -> flow.received(e.link(), e.piece());
      case SessionEvent.Failed e -> flow.failed(e.link(), e.number(), e.failure());
      case SessionEvent.Closed e -> flow.closed(e.link(), e.failure());
      case SessionEvent.Fetched e -> flow.fetched(e.run(), e.sink(), e.piece());
      case SessionEvent.LengthKnown e -> flow.lengthKnown(e.run(), e.length());
      case SessionEvent.RunEnded e -> flow.ended(e.run());
      case SessionEvent.RunFailed e -> flow.failed(e.run(), e.failure());
      case SessionEvent.Compared e -> compared(e.interest(), e.matches());
      case SessionEvent.NotCompared e -> e.interest().comparedInVain();
      case SessionEvent.Broken e -> broken(e.failure());
      case SessionEvent.SchedulersFound _ when !swarm.mayHurry() -> {}
      case SessionEvent.SchedulersFound _ -> rejoin();
      case SessionEvent.Due e -> due(e.what());
      case SessionEvent.Stop _ -> {
        callers.fail(new Refused(Reason.CANCELLED, "daemon: it is being stopped"), Hop.DAEMON);
        end(Left.Outcome.FAILED);
      }
    }
  }

  private void joined(Interest interest) {
    if (phase == Phase.ENDING) {
      strays.add(interest);
      return;
    }
    if (callers.size() >= DownloadConfig.MAX_CALLERS_PER_SESSION) {
      interest.fail(new Refused(Reason.LIMIT_EXCEEDED, "daemon: too many callers wait for this content"), Hop.DAEMON);
      return;
    }
    alarms.cancel(What.SERVED);
    alarms.cancel(What.PARENTS);
    readsParts = false;
    pin = pin == null ? task.pin() : pin;
    phase = Phase.WORKING;
    lastProgress = alarms.nanos();
    boolean othersWait = !callers.isEmpty();
    callers.add(interest);
    interest.facts().ifPresent(facts -> agree(facts, othersWait));
    callers.begin(interest);
    callers.want(pieces);
    callers.settle(pieces);
  }

  /// The origin's word about the content. Stored content that it contradicts is of the past.
  private void agree(ContentFacts facts, boolean othersWait) {
    if (task.facts().filter(fixed -> fixed.contradicts(facts)).isPresent()) {
      if (othersWait) {
        throw changed();
      }
      swarm.leave();
      joinedFor = Wants.NOTHING;
      task.discard();
      pieces = new Pieces(task);
      flow.replace(pieces);
    }
    learned(facts);
  }

  private static Refused changed() {
    return new Refused(
        Reason.ORIGIN_CHANGED, "origin: the content changed while it was downloaded; nothing was kept, repeat the download");
  }

  private void fromSwarm(SwarmEvent event) {
    switch (event) {
      case SwarmEvent.Registered e -> registered(e.facts());
      case SwarmEvent.Content e -> agreeWithSwarm(e.facts());
      case SwarmEvent.Attested e -> withdraw(pieces.attest(e.pieces()));
      case SwarmEvent.Parents e -> parents(e);
      case SwarmEvent.Leased e -> leased(e);
      case SwarmEvent.LeaseRevoked e -> flow.revoked(e.leaseId());
      case SwarmEvent.Quarantined e -> withdraw(e.numbers());
      case SwarmEvent.Lost e -> lost(e);
    }
  }

  private void registered(Optional<ContentFacts> facts) {
    swarm.registered();
    alarms.cancel(What.ALONE);
    if (alone) {
      alone = false;
      flow.schedulerFound();
    }
    facts.ifPresent(this::agreeWithSwarm);
  }

  private void agreeWithSwarm(ContentFacts facts) {
    if (task.facts().filter(fixed -> fixed.contradicts(facts)).isPresent()) {
      throw changed();
    }
    boolean grows = task.facts().isEmpty() || facts.contentLength().isPresent();
    if (grows && phase == Phase.WORKING) {
      pieces.fix(task.facts().isEmpty() ? facts : task.facts().get().withLength(facts.contentLength().getAsLong()));
      knownFacts = task.facts();
      callers.settle(pieces);
    }
  }

  @Override
  public void learned(ContentFacts facts) {
    boolean news = !task.facts().equals(Optional.of(facts));
    pieces.fix(facts);
    knownFacts = task.facts();
    callers.settle(pieces);
    if (news) {
      swarm.member().ifPresent(member -> member.content(facts));
    }
  }

  private void parents(SwarmEvent.Parents event) {
    event.removedPeerIds().forEach(flow::parentRemoved);
    if (phase == Phase.WORKING || readsParts) {
      event.added().forEach(flow::parentNamed);
    }
  }

  private void leased(SwarmEvent.Leased lease) {
    swarm.leased(lease);
    if (phase == Phase.WORKING && callers.originRequest().isPresent()) {
      flow.leased(lease);
    } else {
      flow.refuse(lease);
    }
  }

  /// Pieces that are not what they were said to be: forgets them and fetches them again.
  private void withdraw(List<PieceNumber> numbers) {
    if (!numbers.isEmpty()) {
      pieces.quarantine(numbers);
      callers.withdrawn(numbers);
    }
  }

  private void lost(SwarmEvent.Lost lost) {
    if (!lost.brokenRule().isEmpty()) {
      LOG.atWarn().addKeyValue("task", task.id()).log("membership ended: {}", lost.brokenRule());
    }
    flow.schedulerLost();
    swarm.lost(lost.reason().isPresent() || !lost.brokenRule().isEmpty());
    Reason reason = lost.reason().orElse(Reason.BACKEND_DOWN);
    switch (reason) {
      case ORIGIN_CHANGED -> throw changed();
      case ID_BOUND_ELSEWHERE, CALLER_NOT_ALLOWED -> {
        callers.fail(new Refused(reason, "scheduler: it does not let this host into the swarm of the task"), Hop.SCHEDULER);
        end(Left.Outcome.FAILED);
      }
      default -> armAlone();
    }
  }

  private void due(What what) {
    alarms.rang(what);
    switch (what) {
      case REJOIN -> {
        swarm.waited();
        rejoin();
      }
      case ALONE -> alone = phase == Phase.WORKING && !swarm.isRegistered();
      case STALL -> stalled();
      case RECHECK -> {} // advancing looks again
      case PARENTS -> restLonger();
      case SERVED -> end(Left.Outcome.FINISHED);
    }
  }

  private void rejoin() {
    if (!swarm.isMember() && (phase == Phase.WORKING && pieces.incomplete() || phase == Phase.SERVING)) {
      join();
    }
  }

  private void stalled() {
    if (callers.originRequest().isPresent() || phase != Phase.WORKING) {
      return;
    }
    Duration quiet = Duration.ofNanos(alarms.nanos() - lastProgress);
    if (quiet.compareTo(config.noSourceAfter()) >= 0) {
      callers.fail(
          swarm.isRegistered()
              ? new Refused(Reason.NO_SOURCE, "scheduler: no other host has the content and this download may not use the origin")
              : new Refused(Reason.BACKEND_DOWN, "scheduler: none lets this host in, and this download may not use the origin"),
          Hop.SCHEDULER);
    } else {
      alarms.set(What.STALL, config.noSourceAfter().minus(quiet));
    }
  }

  private void advance() {
    if (phase == Phase.WORKING) {
      callers.finish();
      if (callers.isEmpty()) {
        rest();
      } else if (pieces.incomplete()) {
        work();
      }
    }
  }

  private void work() {
    Wants now = callers.wants();
    if (swarm.isMember() ? !joinedFor.covers(now) : !swarm.isWaiting()) {
      join();
    }
    flow.advance(callers.originRequest(), alone);
    if (flow.hurryLast()) {
      alarms.set(What.RECHECK, RECHECK);
    }
    if (callers.originRequest().isEmpty()) {
      alarms.set(What.STALL, config.noSourceAfter());
    }
  }

  private void join() {
    boolean complete = task.complete();
    joinedFor = callers.wants();
    swarm.join(
        new Registration(
            task.id(),
            SwarmDownload.of(task.tuple(), callers.priorities(), joinedFor.hull()),
            task.facts(),
            joinedFor.mayAttest(task.records()),
            task.restricted(),
            task.records(),
            complete));
    armAlone();
  }

  private void armAlone() {
    if (phase == Phase.WORKING && !alone) {
      alarms.set(What.ALONE, config.aloneAfter());
    }
  }

  /// Nobody waits any more: serves what is here, or leaves.
  private void rest() {
    boolean useful = callers.lastOneWasServed() && !task.records().isEmpty();
    readsParts = useful && !task.complete() && swarm.isMember() && !config.serveFor().isZero();
    if (readsParts) { // its readers will want other parts soon, without a registration for each
      flow.pause();
      alarms.set(What.PARENTS, PARENTS_STAY);
    } else {
      flow.stop();
    }
    pieces.wantNothing();
    alarms.cancel(What.STALL);
    alarms.cancel(What.ALONE);
    if (!useful || config.serveFor().isZero()) {
      end(callers.lastOneWasServed() ? Left.Outcome.FINISHED : Left.Outcome.FAILED);
      return;
    }
    unpin(); // what is only served may be evicted
    phase = Phase.SERVING;
    if (swarm.isMember() && task.complete()) {
      swarm.member().ifPresent(member -> member.left(Left.Outcome.SERVING));
    } else if (!swarm.isMember() && !swarm.isWaiting()) {
      join();
    }
    alarms.set(What.SERVED, config.serveFor());
  }

  /// Parts were wanted, and none for a while: the next one comes with a registration that names parents again.
  private void restLonger() {
    readsParts = false;
    flow.stop();
    joinedFor = Wants.NOTHING;
  }

  private void end(Left.Outcome outcome) {
    swarm.member().ifPresent(member -> member.left(outcome));
    swarm.leave();
    flow.stop();
    phase = Phase.ENDING;
  }

  /// A complete task that nobody asked for now, but that others may fetch.
  void serveOnly() {
    callers.markServed();
    phase = Phase.WORKING;
    post(new SessionEvent.SchedulersFound());
  }

  private void compared(Interest interest, boolean matches) {
    if (matches) {
      interest.digest().ifPresent(digest -> with.store().notes().put(task, Finish.DIGEST_NOTE, digest.toString()));
      callers.finished(interest);
      return;
    }
    interest.comparedInVain();
    with.audit().record(Finish.mismatch(task, interest));
    boolean sole = callers.isSole(interest);
    callers.failOne(
        interest,
        new Refused(Reason.DIGEST_MISMATCH, "daemon: the content does not have the digest that was asked for"),
        Hop.ORIGIN);
    discard |= sole; // whoever is wrong: a repeat must not meet the same bytes
    if (sole) {
      end(Left.Outcome.FAILED);
    }
  }

  @Override
  public void committed(PieceRecord piece) {
    pieces.hold(piece);
    lastProgress = alarms.nanos();
    swarm.report(piece);
    callers.held(piece);
  }

  @Override
  public void broken(RequestFailure failure) {
    if (failure.reason() == Reason.ORIGIN_CHANGED) {
      discard = true;
    }
    callers.fail(failure.reason() == Reason.ORIGIN_CHANGED ? changed() : failure, Hop.of(failure));
    if (phase != Phase.ENDING && phase != Phase.OVER) {
      end(Left.Outcome.FAILED);
    }
  }

  private void unpin() {
    if (pin != null) {
      pin.close();
      pin = null;
    }
  }
}
