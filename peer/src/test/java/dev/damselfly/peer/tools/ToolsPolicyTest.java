package dev.damselfly.peer.tools;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Message;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.dfdaemon.v2.DeleteTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonDownloadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.ListLocalTasksRequest;
import dev.damselfly.api.wire.dfdaemon.v2.StatLocalTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.StatTaskRequest;
import dev.damselfly.authz.guard.InProcessGuard;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.identity.TrustDomain;
import dev.damselfly.authz.limits.Limits;
import dev.damselfly.authz.limits.Part;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.peer.control.LocalPeople;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import jdk.net.UnixDomainPrincipal;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Who may do what on the tools' socket: the daemon's own user, another that is named, and callers of other servers.
@NullMarked
class ToolsPolicyTest {
  private static final Caller USER = caller(Role.LOCAL, "daemon");
  private static final Caller OPERATOR = caller(Role.LOCAL_OPERATOR, "root");

  @TempDir Path directory;
  private final MemoryAudit audit = new MemoryAudit();
  private ServedTools served;
  private InProcessGuard guard;

  @BeforeEach
  void open() throws IOException {
    served = new ServedTools(directory, audit);
    guard = new InProcessGuard(served.services(), ServedTools.policy(), audit, Limits.of(Part.PEER));
  }

  @AfterEach
  void close() {
    guard.close();
    served.close();
  }

  private static Caller caller(Role role, String name) {
    var id = SpiffeId.parse("spiffe://test.example/damselfly/local/" + name);
    return new Caller(id, role, Optional.empty(), name, Instant.MAX, InetSocketAddress.createUnresolved("local", 0));
  }

  private Optional<Reason> answer(Caller caller, Message request) {
    var stub = DfdaemonDownloadGrpc.newBlockingStub(guard.as(caller));
    try {
      switch (request) {
        case DownloadTaskRequest get -> stub.downloadTask(get).forEachRemaining(message -> {});
        case StatTaskRequest stat -> assertThat(stub.statTask(stat)).isNotNull();
        case StatLocalTaskRequest stat -> assertThat(stub.statLocalTask(stat)).isNotNull();
        case DeleteTaskRequest delete -> assertThat(stub.deleteTask(delete)).isNotNull();
        default -> throw new AssertionError("no call for " + request);
      }
      return Optional.empty();
    } catch (StatusRuntimeException e) {
      return GrpcErrors.reasonOf(e);
    }
  }

  private static DownloadTaskRequest get(Download.Builder download) {
    return DownloadTaskRequest.newBuilder().setDownload(download.setUrl("http://origin.example/f")).build();
  }

  @Test
  @Threat("S-TLS-2")
  void outputPath_isForTheDaemonsOwnUserAndRoot() throws IOException {
    String inside = served.outputs().resolve("f").toString();

    assertThat(answer(USER, get(Download.newBuilder().setOutputPath(inside)))).contains(Reason.FORBIDDEN_FIELD);
    assertThat(answer(USER, get(Download.newBuilder().setNeedPieceContent(true)))).contains(Reason.EGRESS_DENIED);
    assertThat(answer(OPERATOR, get(Download.newBuilder().setOutputPath(inside)))).contains(Reason.EGRESS_DENIED);
    assertThat(answer(OPERATOR, get(Download.newBuilder().setOutputPath(inside).setNeedPieceContent(true))))
        .contains(Reason.FORBIDDEN_FIELD);
    assertThat(served.left()).isZero();
  }

  @Test
  @Threat("S-TLS-3")
  void restrictedContent_isNotToldToOtherUsers_norDeletedByThem() {
    var restricted = StatLocalTaskRequest.newBuilder().setTaskId(ServedTools.RESTRICTED.value()).build();
    var open = StatLocalTaskRequest.newBuilder().setTaskId(ServedTools.PUBLIC.value()).build();
    var all = ListLocalTasksRequest.getDefaultInstance();

    assertThat(answer(USER, open)).isEmpty();
    assertThat(answer(USER, restricted)).contains(Reason.TASK_UNKNOWN);
    assertThat(answer(OPERATOR, restricted)).isEmpty();
    assertThat(DfdaemonDownloadGrpc.newBlockingStub(guard.as(USER)).listLocalTasks(all).getTasksList()).hasSize(1);
    assertThat(DfdaemonDownloadGrpc.newBlockingStub(guard.as(OPERATOR)).listLocalTasks(all).getTasksList()).hasSize(2);

    var delete = DeleteTaskRequest.newBuilder().setTaskId(ServedTools.PUBLIC.value()).build();
    assertThat(answer(USER, delete)).contains(Reason.CALLER_NOT_ALLOWED);
    assertThat(answer(USER, StatTaskRequest.newBuilder().setTaskId(ServedTools.PUBLIC.value()).build()))
        .contains(Reason.CALLER_NOT_ALLOWED);
    assertThat(served.held()).isEqualTo(2);
    assertThat(answer(OPERATOR, delete)).isEmpty();
    assertThat(served.held()).isEqualTo(1);
  }

  @Test
  @Threat("S-TLS-1")
  void callersOfOtherServers_areRefusedEverything() {
    for (Role role : List.of(Role.PEER, Role.SEED_PEER, Role.SCHEDULER, Role.OPERATOR, Role.LEGACY)) {
      assertThat(answer(caller(role, "x"), get(Download.newBuilder()))).as(role.name()).contains(Reason.CALLER_NOT_ALLOWED);
    }
  }

  @Test
  @Threat("S-TLS-1")
  void people_areThoseWhomTheKernelNames() throws IOException {
    var lookup = FileSystems.getDefault().getUserPrincipalLookupService();
    var group = lookup.lookupPrincipalByGroupName("root");
    var people = LocalPeople.of(FileSystems.getDefault(), lookup.lookupPrincipalByName("root"), Set.of("daemon"), Optional.empty());
    var callers = new ToolCallers(people, new TrustDomain("test.example"));

    var root = callers.admit(new UnixDomainPrincipal(lookup.lookupPrincipalByName("root"), group)).orElseThrow();
    var named = callers.admit(new UnixDomainPrincipal(lookup.lookupPrincipalByName("daemon"), group)).orElseThrow();

    assertThat(root.role()).isEqualTo(Role.LOCAL_OPERATOR);
    assertThat(named.role()).isEqualTo(Role.LOCAL);
    assertThat(named.id()).hasToString("spiffe://test.example/damselfly/local/daemon");
    assertThat(callers.admit(new UnixDomainPrincipal(lookup.lookupPrincipalByName("nobody"), group))).isEmpty();
  }
}
