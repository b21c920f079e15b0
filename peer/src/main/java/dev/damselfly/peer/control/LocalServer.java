package dev.damselfly.peer.control;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.wire.local.v1.LocalReply;
import dev.damselfly.api.wire.local.v1.LocalRequest;
import dev.damselfly.api.wire.local.v1.StopReply;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.peer.download.Downloads;
import dev.damselfly.peer.download.Hop;
import dev.damselfly.peer.download.LocalCaller;
import dev.damselfly.peer.time.Timer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Serves local users on the Unix socket (S-DLG-1..3): one virtual thread per connection, who is who by the kernel's
/// word, a share of connections per user. Started and closed by the process.
public final class LocalServer implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(LocalServer.class);

  private static final Duration ACCEPT_PAUSE = Duration.ofMillis(200);

  private final LocalConfig config;
  private final LocalPeople people;
  private final Downloads downloads;
  private final LocalAnswers answers;
  private final Audit audit;
  private final Timer timer;
  private final AtomicLong failedAccepts = new AtomicLong();
  private final Set<LocalConnection> open = ConcurrentHashMap.newKeySet();
  private final Map<String, Integer> perUser = new HashMap<>(); // the accepting thread and ends of connections: locked
  private @Nullable ServerSocketChannel channel;

  public LocalServer(
      LocalConfig config, LocalPeople people, Downloads downloads, LocalAnswers answers, Audit audit, Timer timer) {
    this.config = config;
    this.people = people;
    this.downloads = downloads;
    this.answers = answers;
    this.audit = audit;
    this.timer = timer;
  }

  /// @throws IOException when the socket cannot be opened safely
  public LocalServer start() throws IOException {
    ServerSocketChannel listening = LocalSocket.open(config.socket(), people);
    channel = listening;
    listen(listening);
    return this;
  }

  private void accept(ServerSocketChannel listening) {
    try {
      while (true) {
        SocketChannel accepted = listening.accept();
        Thread.ofVirtual().name("local-user").start(() -> serve(accepted));
      }
    } catch (ClosedChannelException e) {
      LOG.debug("the local socket is closed");
    } catch (IOException e) {
      // Most likely the process has no descriptor left for a while: who waits is taken in later (S-VTX-10). That is
      // arranged first, since whatever is loaded for the first time now, a log's time zones among it, may fail.
      timer.after(ACCEPT_PAUSE, () -> listen(listening));
      long failures = failedAccepts.incrementAndGet();
      if (Long.bitCount(failures) == 1) {
        LOG.error("the local socket could not take a connection, {} times so far", failures, e);
      }
    }
  }

  private void listen(ServerSocketChannel listening) {
    Thread.ofVirtual().name("local-accept").start(() -> accept(listening));
  }

  /// How often a connection could not be taken since the start.
  long failedAccepts() {
    return failedAccepts.get();
  }

  /// Serves one connection to its end, on the calling thread.
  void serve(SocketChannel accepted) {
    var connection = new LocalConnection(accepted, timer);
    open.add(connection);
    try (connection) {
      var person = people.at(accepted);
      if (person.isPresent()) {
        admit(connection, person.get());
      } else {
        deny(connection, accepted);
      }
    } catch (IOException | UncheckedIOException e) {
      LOG.debug("a local connection ended: {}", e.getClass().getSimpleName()); // the user hung up
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) { // top of a thread
      LOG.error("a local request ended by a bug", e);
    } finally {
      open.remove(connection);
    }
  }

  private void admit(LocalConnection connection, LocalPeople.Person person) throws IOException, InterruptedException {
    if (!enter(person.name())) {
      refuse(connection, new Refused(Reason.LIMIT_EXCEEDED, "daemon: too many connections of this user"));
      return;
    }
    try {
      answer(connection, person);
    } finally {
      leave(person.name());
    }
  }

  private void answer(LocalConnection connection, LocalPeople.Person person) throws IOException, InterruptedException {
    try {
      LocalRequest request = connection.readRequest();
      switch (request.getRequestCase()) {
        case GET -> new GetCall(connection, audit, LocalCaller.ofUser(person.name())).run(downloads, request.getGet());
        case STATUS -> connection.send(LocalReplies.status(answers.status()));
        case EXPLAIN -> connection.send(LocalReplies.explain(answers.explain(request.getExplain().getSubject())));
        case LIMITS -> connection.send(LocalReply.newBuilder().setLimits(answers.limits()).build());
        case STOP -> stop(connection, person);
        case REQUEST_NOT_SET -> throw new IllegalStateException("the codec takes no empty request");
      }
    } catch (RequestFailure failure) {
      connection.send(LocalReplies.failure(failure, Hop.of(failure)));
    } catch (Audit.AuditUnavailable e) {
      LOG.error("the audit log takes no records", e);
      refuse(connection, new Refused(Reason.BACKEND_DOWN, "daemon: its audit log takes no records; see its log"));
    }
  }

  private void stop(LocalConnection connection, LocalPeople.Person person) throws IOException {
    if (!person.operator()) {
      throw new Refused(Reason.CALLER_NOT_ALLOWED, "daemon: only its own user and root may stop it");
    }
    connection.send(LocalReply.newBuilder().setStopped(StopReply.getDefaultInstance()).build());
    answers.stop();
  }

  private void deny(LocalConnection connection, SocketChannel accepted) throws IOException {
    var user = accepted.getOption(jdk.net.ExtendedSocketOptions.SO_PEERCRED).user().getName();
    audit.record(
        new AuditEvent(
            AuditAction.AUTHZ_DENY,
            LocalCaller.ofUser(user).actor(),
            "",
            AuditEvent.Decision.DENY,
            Reason.CALLER_NOT_ALLOWED.name(),
            "local",
            Map.of()));
    refuse(connection, new Refused(Reason.CALLER_NOT_ALLOWED, "daemon: this user may not use it; see local.users"));
  }

  private static void refuse(LocalConnection connection, Refused refused) throws IOException {
    connection.send(LocalReplies.failure(refused, Hop.DAEMON));
  }

  private boolean enter(String user) {
    synchronized (perUser) {
      int all = perUser.values().stream().mapToInt(Integer::intValue).sum();
      int own = perUser.getOrDefault(user, 0);
      if (all >= config.connections() || own >= config.connectionsPerUser()) {
        return false;
      }
      perUser.put(user, own + 1);
      return true;
    }
  }

  private void leave(String user) {
    synchronized (perUser) {
      perUser.computeIfPresent(user, (_, own) -> own <= 1 ? null : own - 1);
    }
  }

  /// Ends all connections and removes the socket.
  @Override
  public void close() {
    try {
      if (channel != null) {
        channel.close();
        Files.deleteIfExists(config.socket());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      open.forEach(LocalConnection::close);
    }
  }
}
