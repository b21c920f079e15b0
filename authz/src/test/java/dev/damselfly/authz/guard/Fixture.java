package dev.damselfly.authz.guard;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.api.wire.damselfly.v1.JoinEvent;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysRequest;
import dev.damselfly.api.wire.damselfly.v1.ListGrantKeysResponse;
import dev.damselfly.api.wire.damselfly.v1.Registered;
import dev.damselfly.api.wire.damselfly.v1.SwarmGrpc;
import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.IdentitySnapshot;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.authz.policy.Policy;
import dev.damselfly.authz.testing.FixedIdentity;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.authz.testing.TestCa;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.NullMarked;

/// A guarded server with one small service, and channels to it.
@NullMarked
final class Fixture implements AutoCloseable {
  static final String SCHEDULER = "/damselfly/scheduler/east/s-1";
  static final String PEER = "/damselfly/peer/east/host-1";
  static final String MANAGER = "/damselfly/manager/m-1";

  final TestCa ca = TestCa.root("example.org");
  final MemoryAudit audit = new MemoryAudit();
  final FixedIdentity own = new FixedIdentity(ca.snapshot(SCHEDULER));
  final RoleTemplate roles = new RoleTemplate(ca.trustDomain());
  final Service service = new Service();
  final GuardedServer server;

  Fixture() throws IOException {
    this(Limits.of(Part.SCHEDULER));
  }

  Fixture(Limits limits) throws IOException {
    this(limits, InstantSource.system());
  }

  Fixture(Limits limits, InstantSource clock) throws IOException {
    var policy =
        new Policy(
            List.of(
                new Policy.Row("damselfly.v1.Swarm/Join", Set.of(Role.PEER), Fixture::onlyOwnHost),
                new Policy.Row("damselfly.v1.Swarm/ListGrantKeys", Set.of(Role.PEER), Policy.Binding.none()),
                new Policy.Row("damselfly.v1.Swarm/ListLegacyHolders", Set.of(), Policy.Binding.none())));
    server =
        new GuardedServer(
                new InetSocketAddress(InetAddress.getLoopbackAddress(), 0),
                List.of(service.bindService()),
                policy,
                new GuardedServer.Surroundings(own, roles, audit, limits, clock))
            .start();
  }

  private static void onlyOwnHost(dev.damselfly.authz.identity.Caller caller, com.google.protobuf.Message message) {
    if (message instanceof JoinRequest join && join.hasRegister() && !join.getRegister().getHostId().endsWith(caller.name())) {
      throw new Refused(Reason.CALLER_NOT_ALLOWED, "register.host_id: must be the caller's own");
    }
  }

  HostPort address() {
    return new HostPort("127.0.0.1", server.port());
  }

  GuardedChannels channels(IdentitySnapshot identity) {
    return new GuardedChannels(new FixedIdentity(identity), roles, audit);
  }

  ManagedChannel open(GuardedChannels channels) {
    return channels.open(address(), Expected.role(Role.SCHEDULER));
  }

  @Override
  public void close() {
    server.close();
  }

  /// Answers each Join message with Registered; `only_serves` ends the stream from the server's side.
  static final class Service extends SwarmGrpc.SwarmImplBase {
    final List<String> callers = new CopyOnWriteArrayList<>();
    volatile Runnable onListKeys = () -> {};

    @Override
    public StreamObserver<JoinRequest> join(StreamObserver<JoinEvent> out) {
      callers.add(Callers.current().id().toString());
      return new StreamObserver<>() {
        @Override
        public void onNext(JoinRequest request) {
          out.onNext(JoinEvent.newBuilder().setRegistered(Registered.getDefaultInstance()).build());
          if (request.getRegister().getOnlyServes()) {
            out.onCompleted();
          }
        }

        @Override
        public void onError(Throwable t) {}

        @Override
        public void onCompleted() {
          out.onCompleted();
        }
      };
    }

    @Override
    public void listGrantKeys(ListGrantKeysRequest request, StreamObserver<ListGrantKeysResponse> out) {
      callers.add(Callers.current().id().toString());
      onListKeys.run();
      out.onNext(ListGrantKeysResponse.getDefaultInstance());
      out.onCompleted();
    }
  }
}
