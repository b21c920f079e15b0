package dev.damselfly.peer.download;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.OriginRefused;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.url.CanonicalUrl;
import dev.damselfly.authz.block.BlockQuestion;
import dev.damselfly.peer.block.BlockGate;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.legacy.LegacyParents;
import dev.damselfly.peer.origin.Credentials;
import dev.damselfly.peer.store.StoredTask;
import dev.damselfly.peer.swarm.Swarms;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// All downloads of this host. Thread-safe.
///
/// Two callers of the same task share one session: each byte is fetched once. Restricted and public content of the
/// same id never share one.
public final class Downloads implements AutoCloseable {
  private static final Duration STOP_DEADLINE = Duration.ofSeconds(5);
  private static final Duration RESUME_PACE = Duration.ofMillis(20);

  private final Colleagues with;
  private final DownloadConfig config;
  private final OriginCheck origin;
  private final Optional<LegacyRoom> legacy;
  private final ConcurrentHashMap<Key, Session> sessions = new ConcurrentHashMap<>();
  private final CountDownLatch quiet = new CountDownLatch(1);
  private volatile boolean closed;
  private Swarms.@Nullable Subscription found;

  private record Key(TaskId id, boolean restricted) {}

  /// A caller's hold on its download.
  ///
  /// @param task of the download
  public record Handle(TaskId task, Runnable cancel) implements AutoCloseable {
    /// The caller does not wait any more. Idempotent; others who wait for the same task are not disturbed.
    @Override
    public void close() {
      cancel.run();
    }
  }

  /// Without hosts that have no identity.
  public Downloads(Colleagues with, DownloadConfig config) {
    this(with, config, Optional.empty());
  }

  /// @param legacy hosts without an identity, if content of a known digest may come from them
  public Downloads(Colleagues with, DownloadConfig config, Optional<LegacyParents> legacy) {
    this.with = with;
    this.config = config;
    this.legacy = legacy.map(parents -> new LegacyRoom(parents, with.timer(), with.store()));
    this.origin =
        new OriginCheck(
            with.origins(),
            with.store(),
            new Decisions(config.decisionTtl(), with.clock()),
            with.audit(),
            asked -> Credentials.present(asked.tuple(), asked.origin().headers()));
  }

  /// Starts serving what is complete on disk, the public tasks first, at a gentle pace.
  public void start() {
    found = with.swarms().onFound(() -> sessions.values().forEach(session -> session.post(new SessionEvent.SchedulersFound())));
    var complete = new ArrayDeque<StoredTask>();
    with.store().tasks().stream()
        .filter(task -> !task.restricted() && task.complete() && !task.records().isEmpty())
        .filter(task -> !LegacyParents.isProvenOnly(task))
        .limit(DownloadConfig.MAX_RESUMED)
        .forEach(complete::add);
    resume(complete);
  }

  private void resume(Deque<StoredTask> rest) {
    StoredTask next = rest.poll();
    if (next == null || closed) {
      return;
    }
    sessions.computeIfAbsent(
        new Key(next.id(), false),
        key -> {
          Session session = session(key, next);
          session.serveOnly();
          session.start();
          return session;
        });
    with.timer().after(RESUME_PACE, () -> resume(rest));
  }

  /// Begins a download. Blocks while the origin is asked; what happens then is told to the listener.
  ///
  /// @throws dev.damselfly.api.error.RequestFailure when the request, the egress policy or the origin refuses
  public Handle get(GetSpec spec, LocalCaller caller, DownloadListener listener) {
    Admission asked = admitted(spec, caller);
    if (legacy.isEmpty() || !LegacyRoom.suits(asked)) {
      return fetch(asked, caller, listener);
    }
    long started = with.timer().nanos();
    OriginCheck.Cleared cleared;
    try {
      cleared = clear(asked, caller);
    } catch (OriginRefused failure) {
      if (!LegacyRoom.isSilent(failure)) {
        throw failure;
      }
      var request = new LegacyRoom.Request(asked, caller, listener, OptionalLong.empty(), false, started);
      return legacy.get().start(request, () -> { throw failure; });
    }
    if (isAtWork(asked)) {
      return admit(asked, cleared, caller, listener, started);
    }
    var length = cleared.facts().map(ContentFacts::contentLength).orElse(OptionalLong.empty());
    var request = new LegacyRoom.Request(asked, caller, listener, length, asked.mayUseOrigin(), started);
    return legacy.get().start(request, () -> admit(asked, cleared, caller, listener, started));
  }

  /// A download for the swarm: never from hosts without an identity, whose content nobody else may get.
  ///
  /// @throws dev.damselfly.api.error.RequestFailure as [#get] does
  Handle getForSwarm(GetSpec spec, LocalCaller caller, DownloadListener listener) {
    return fetch(admitted(spec, caller), caller, listener);
  }

  /// Every way to a download goes through here (S-BLK-2).
  private Admission admitted(GetSpec spec, LocalCaller caller) {
    Admission asked = Admission.of(spec);
    with.gate().require(new BlockGate.Attempt(asked.forBlockList(), caller.actor(), "task:" + asked.tuple().id(), "local"));
    return asked;
  }

  /// The same decision for what a caller is given without a download, such as an answer that is passed on.
  ///
  /// @param object typed id of what is asked for
  /// @param source address of the caller
  /// @throws dev.damselfly.api.error.RequestFailure BLOCK_LISTED, BLOCK_LIST_UNKNOWN
  public void requireUnblocked(CanonicalUrl url, LocalCaller caller, String object, String source) {
    with.gate().require(new BlockGate.Attempt(new BlockQuestion(url, "", "", 0), caller.actor(), object, source));
  }

  private Handle fetch(Admission asked, LocalCaller caller, DownloadListener listener) {
    long started = with.timer().nanos();
    return admit(asked, clear(asked, caller), caller, listener, started);
  }

  /// The public content is here, or a session fetches it.
  private boolean isAtWork(Admission asked) {
    boolean here = with.store().find(asked.tuple().id(), false).filter(StoredTask::complete).isPresent();
    return here || sessions.containsKey(new Key(asked.tuple().id(), false));
  }

  private Handle admit(
      Admission asked, OriginCheck.Cleared cleared, LocalCaller caller, DownloadListener listener, long started) {
    StoredTask task = with.store().open(asked.tuple(), cleared.restricted());
    if (!asked.label().isEmpty()) {
      with.store().notes().label(task, asked.label());
    }
    var interest = new Interest(asked, caller, listener, cleared.facts(), started);
    var key = new Key(task.id(), cleared.restricted());
    attach(key, task, interest);
    return new Handle(task.id(), () -> leave(key, interest));
  }

  /// The facts of a resource that the caller may have; nothing is fetched. Blocks while the origin is asked, which is not
  /// done for public content that this host has or fetches, or when the origin accepted the same credentials lately.
  ///
  /// @return empty when the origin may not be asked
  /// @throws dev.damselfly.api.error.RequestFailure when the request, the egress policy or the origin refuses
  public Optional<ContentFacts> stat(GetSpec spec, LocalCaller caller) {
    return clear(admitted(spec, caller), caller).facts();
  }

  private OriginCheck.Cleared clear(Admission asked, LocalCaller caller) {
    Optional<Session> running = Optional.ofNullable(sessions.get(new Key(asked.tuple().id(), false)));
    return origin.check(
        asked, caller, running.filter(session -> session.isOf(asked.tuple())).flatMap(Session::facts));
  }

  private void attach(Key key, StoredTask task, Interest interest) {
    while (true) {
      if (closed || sessions.size() > DownloadConfig.MAX_SESSIONS) {
        throw new Refused(Reason.LIMIT_EXCEEDED, "daemon: it takes no more downloads now");
      }
      Session session =
          sessions.computeIfAbsent(
              key,
              k -> {
                Session fresh = session(k, task);
                fresh.start();
                return fresh;
              });
      if (!session.writesTo(task)) {
        session.post(new SessionEvent.Stop()); // its content was evicted
      } else if (session.post(new SessionEvent.Joined(interest))) {
        return;
      }
      sessions.remove(key, session); // it ended a moment ago, or is of no use
    }
  }

  private Session session(Key key, StoredTask task) {
    var holder = new Session[1];
    holder[0] = new Session(with, config, task, strays -> over(key, holder[0], task, strays));
    return holder[0];
  }

  private void over(Key key, Session session, StoredTask task, List<Interest> strays) {
    sessions.remove(key, session);
    if (closed) {
      strays.forEach(stray -> stray.fail(new Refused(Reason.CANCELLED, "daemon: it is being stopped"), Hop.DAEMON));
      if (sessions.isEmpty()) {
        quiet.countDown();
      }
      return;
    }
    for (Interest stray : strays) {
      try {
        attach(key, task, stray);
      } catch (RequestFailure failure) {
        stray.fail(failure, Hop.DAEMON);
      }
    }
  }

  private void leave(Key key, Interest interest) {
    Session session = sessions.get(key);
    if (session != null) {
      session.post(new SessionEvent.Gone(interest));
    }
  }

  /// Sessions that run or serve.
  public int active() {
    return sessions.size();
  }

  /// Tasks with a session.
  public Collection<TaskId> activeTasks() {
    return sessions.keySet().stream().map(Key::id).toList();
  }

  /// Ends every session; callers are told. Waits for their threads within a deadline.
  @Override
  public void close() {
    closed = true;
    legacy.ifPresent(LegacyRoom::close);
    if (found != null) {
      found.close();
    }
    sessions.values().forEach(session -> session.post(new SessionEvent.Stop()));
    try {
      if (!sessions.isEmpty() && !quiet.await(STOP_DEADLINE.toMillis(), TimeUnit.MILLISECONDS)) {
        sessions.clear();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
