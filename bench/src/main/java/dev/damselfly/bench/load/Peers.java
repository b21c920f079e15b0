package dev.damselfly.bench.load;

import dev.damselfly.api.id.HostId;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.common.v2.Network;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.Register;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.api.wire.scheduler.v2.AnnounceHostRequest;
import dev.damselfly.api.wire.scheduler.v2.SchedulerGrpc;
import dev.damselfly.authz.guard.GuardedChannels;
import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.identity.TrustDomain;
import dev.damselfly.authz.identity.workload.WorkloadApiSource;
import dev.damselfly.authz.identity.workload.WorkloadApiUnavailable;
import dev.damselfly.authz.identity.workload.WorkloadEndpoint;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicInteger;

/// Peers of a few hosts, each host with an SVID and a connection of its own. Thread-safe.
final class Peers {
  private static final int MEMBERS_PER_TASK = 100;
  private static final String IP = "127.0.0.1";

  private final List<Connection> hosts = new ArrayList<>();
  private final AtomicInteger next = new AtomicInteger();

  private record Connection(String hostId, SwarmGrpc.SwarmStub swarm) {}

  /// Tells what became of one registration.
  interface Outcome {
    void registered(StreamObserver<JoinRequest> stream);

    void failed(Throwable cause);
  }

  /// @param sockets directory of the issuer's sockets
  Peers(String sockets, int count, int port) throws WorkloadApiUnavailable, InterruptedException {
    var roles = new RoleTemplate(new TrustDomain("bench.test"));
    for (int i = 0; i < count; i++) {
      String name = "load-" + i;
      var identity =
          WorkloadApiSource.open(
              WorkloadEndpoint.parse("unix://" + sockets + "/" + name + ".sock"),
              Optional.empty(),
              InstantSource.system(),
              _ -> {},
              Duration.ofSeconds(30));
      ManagedChannel channel =
          new GuardedChannels(identity, roles, _ -> {}).open(new HostPort(IP, port), Expected.role(Role.SCHEDULER));
      hosts.add(announce(channel, name));
    }
  }

  private static Connection announce(ManagedChannel channel, String name) {
    String id = HostId.of(IP, name, false).value();
    var host =
        Host.newBuilder()
            .setId(id)
            .setHostname(name)
            .setIp(IP)
            .setPort(4000)
            .setDownloadPort(4000)
            .setNetwork(Network.newBuilder().setMaxTxBandwidth(10_000_000_000L));
    SchedulerGrpc.newBlockingStub(channel).announceHost(AnnounceHostRequest.newBuilder().setHost(host).build());
    return new Connection(id, SwarmGrpc.newStub(channel));
  }

  /// Registers one more peer; hosts and tasks take turns.
  void join(Outcome outcome) {
    int number = next.getAndIncrement();
    var download = Download.newBuilder().setUrl("http://origin.example/" + number / MEMBERS_PER_TASK).build();
    var answer = new Answer(outcome);
    answer.requests = register(number, download, answer);
  }

  /// Registers one peer, of one host after the other.
  StreamObserver<JoinRequest> register(int number, Download download, StreamObserver<JoinEvent> answer) {
    Connection host = hosts.get(number % hosts.size());
    var register =
        Register.newBuilder()
            .setHostId(host.hostId())
            .setPeerId(host.hostId() + "-" + UUID.randomUUID())
            .setTaskId(TaskTuple.of(download).id().value())
            .setDownload(download)
            .setMayUseOrigin(true)
            .setPiecePort(4005);
    StreamObserver<JoinRequest> requests = host.swarm().join(answer);
    requests.onNext(JoinRequest.newBuilder().setRegister(register).build());
    return requests;
  }

  private static final class Answer implements StreamObserver<JoinEvent> {
    private final Outcome outcome;
    private boolean answered;
    private volatile StreamObserver<JoinRequest> requests = new Nobody();

    Answer(Outcome outcome) {
      this.outcome = outcome;
    }

    @Override
    public void onNext(JoinEvent event) {
      if (!answered && event.hasRegistered()) {
        answered = true;
        outcome.registered(requests);
      }
    }

    @Override
    public void onError(Throwable cause) {
      if (!answered) {
        answered = true;
        outcome.failed(cause);
      }
    }

    @Override
    public void onCompleted() {}
  }

  private static final class Nobody implements StreamObserver<JoinRequest> {
    @Override
    public void onNext(JoinRequest request) {}

    @Override
    public void onError(Throwable cause) {}

    @Override
    public void onCompleted() {}
  }
}
