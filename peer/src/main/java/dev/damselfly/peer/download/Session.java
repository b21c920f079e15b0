package dev.damselfly.peer.download;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.wire.damselfly.v1.Left;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.content.PieceRecord;
import dev.damselfly.peer.download.SessionEvent.What;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.swarm.Registration;
import dev.damselfly.peer.swarm.SwarmEvent;
import dev.damselfly.peer.time.Timer;
import dev.damselfly.peer.transfer.ParentLink;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The download of one task, shared by all its callers: steps 3 to 8.
///
/// One virtual thread owns all state and takes events from a mailbox: there are no locks and nothing is polled. When
/// the callers are served the session stays in its swarm for a while, so that others can fetch from this host.
final class Session implements PieceFlow.Owner {
  private static final Logger LOG = LoggerFactory.getLogger(Session.class);
  private static final Duration RECHECK = Duration.ofSeconds(1);

  private final Mailbox<SessionEvent> mailbox = new Mailbox<>();
  private final Colleagues with;
  private final DownloadConfig config;
  private final StoredTask task;
  private final SwarmSide swarm;
  private final Callers callers;
  private final PieceFlow flow;
  private final Map<What, Timer.Alarm> alarms = new EnumMap<>(What.class);
  private final Consumer<List<Interest>> onOver;
  private final List<Interest> strays = new ArrayList<>();
  private volatile Optional<ContentFacts> knownFacts;
  private Pieces pieces;
  private Phase phase = Phase.IDLE;
  private Wants joinedFor = Wants.NOTHING;
  private boolean alone;
  private boolean discard;
  private long lastProgress;

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
    this.pieces = new Pieces(task);
    this.knownFacts = task.facts();
    this.callers = new Callers(task, with.timer(), this::post);
    this.swarm = new SwarmSide(with.swarms(), with.timer(), this::post);
    var parents = new Parents(with.links(), new Links(), config.parents());
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

  /// Facts of the running session; any thread.
  Optional<ContentFacts> facts() {
    return knownFacts;
  }

  private void run() {
    mailbox.own();
    try (var pin = task.pin()) {
      lastProgress = with.timer().nanos();
      while (phase != Phase.OVER) {
        SessionEvent event = mailbox.take();
        while (event != null) {
          handleSafely(event);
          event = mailbox.poll();
        }
        advanceSafely();
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
    swarm.leave();
    flow.stop();
    alarms.values().forEach(Timer.Alarm::cancel);
    mailbox.close();
    for (SessionEvent event = mailbox.poll(); event != null; event = mailbox.poll()) {
      switch (event) {
        case SessionEvent.Joined joined -> strays.add(joined.interest());
        case SessionEvent.Fetched fetched -> fetched.sink().close();
        default -> {} // means nothing without the session
      }
    }
    if (discard) {
      task.discard();
    }
    onOver.accept(List.copyOf(strays));
  }

  private void handle(SessionEvent event) {
    switch (event) {
      case SessionEvent.Joined e -> joined(e.interest());
      case SessionEvent.Gone e -> callers.remove(e.interest());
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
    interest.facts().ifPresent(facts -> agree(facts, !callers.isEmpty()));
    cancel(What.SERVED);
    phase = Phase.WORKING;
    lastProgress = with.timer().nanos();
    callers.add(interest);
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
    cancel(What.ALONE);
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
    if (phase == Phase.WORKING) {
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
    swarm.lost();
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
    alarms.remove(what);
    switch (what) {
      case REJOIN -> rejoin();
      case ALONE -> alone = phase == Phase.WORKING && !swarm.isRegistered();
      case STALL -> stalled();
      case RECHECK -> {} // advancing looks again
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
    Duration quiet = Duration.ofNanos(with.timer().nanos() - lastProgress);
    if (quiet.compareTo(config.noSourceAfter()) >= 0) {
      callers.fail(
          new Refused(
              Reason.NO_SOURCE, "scheduler: no other host has the content and this download may not use the origin"),
          Hop.SCHEDULER);
    } else {
      arm(What.STALL, config.noSourceAfter().minus(quiet));
    }
  }

  private void advance() {
    switch (phase) {
      case WORKING -> {
        callers.finish(pieces);
        if (callers.isEmpty()) {
          rest();
        } else if (pieces.incomplete()) {
          work();
        }
      }
      case ENDING -> {
        if (flow.isQuiet()) {
          phase = Phase.OVER;
        }
      }
      case IDLE, SERVING, OVER -> {}
    }
  }

  private void work() {
    Wants now = callers.wants();
    if (!swarm.isMember() && !alarms.containsKey(What.REJOIN) && !swarm.isWaiting()) {
      join();
    } else if (swarm.isMember() && !joinedFor.covers(now)) {
      join();
    }
    flow.advance(callers.originRequest(), alone);
    if (flow.leaveLaggard() && !alarms.containsKey(What.RECHECK)) {
      arm(What.RECHECK, RECHECK);
    }
    if (callers.originRequest().isEmpty() && !alarms.containsKey(What.STALL)) {
      arm(What.STALL, config.noSourceAfter());
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
            joinedFor.mayUseOrigin(),
            task.restricted(),
            task.records(),
            complete));
    armAlone();
  }

  private void armAlone() {
    if (phase == Phase.WORKING && !alone && !alarms.containsKey(What.ALONE)) {
      arm(What.ALONE, config.aloneAfter());
    }
  }

  /// Nobody waits any more: serves what is here, or leaves.
  private void rest() {
    flow.stop();
    pieces.wantNothing();
    cancel(What.STALL);
    cancel(What.ALONE);
    boolean useful = callers.lastOneWasServed() && !task.records().isEmpty();
    if (!useful || config.serveFor().isZero()) {
      end(callers.lastOneWasServed() ? Left.Outcome.FINISHED : Left.Outcome.FAILED);
      return;
    }
    phase = Phase.SERVING;
    if (swarm.isMember() && task.complete()) {
      swarm.member().ifPresent(member -> member.left(Left.Outcome.SERVING));
    } else if (!swarm.isMember() && !swarm.isWaiting()) {
      join();
    }
    arm(What.SERVED, config.serveFor());
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
    lastProgress = with.timer().nanos();
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

  private void arm(What what, Duration delay) {
    alarms.put(what, with.timer().after(delay, () -> post(new SessionEvent.Due(what))));
  }

  private void cancel(What what) {
    Timer.Alarm alarm = alarms.remove(what);
    if (alarm != null) {
      alarm.cancel();
    }
  }

  /// What links say, as events.
  private final class Links implements ParentLink.Listener {
    @Override
    public void ready(ParentLink link) {
      post(new SessionEvent.Ready(link));
    }

    @Override
    public void have(ParentLink link, List<PieceNumber> numbers) {
      post(new SessionEvent.Have(link, numbers));
    }

    @Override
    public void received(ParentLink link, dev.damselfly.peer.store.VerifiedPiece piece) {
      post(new SessionEvent.Received(link, piece));
    }

    @Override
    public void failed(ParentLink link, PieceNumber number, Failure failure) {
      post(new SessionEvent.Failed(link, number, failure));
    }

    @Override
    public void closed(ParentLink link, Failure failure) {
      post(new SessionEvent.Closed(link, failure));
    }
  }
}
