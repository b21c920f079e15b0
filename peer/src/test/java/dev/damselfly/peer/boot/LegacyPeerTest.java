package dev.damselfly.peer.boot;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Message;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.GrpcErrors;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.SyncHostRequest;
import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesRequest;
import dev.damselfly.authz.config.ConfigProblems;
import dev.damselfly.authz.config.ConfigReader;
import dev.damselfly.authz.testing.Claims;
import dev.damselfly.authz.testing.OperatorFiles;
import dev.damselfly.authz.testing.RawClient;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeSet;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A peer process as children without an identity meet it, over real connections.
@NullMarked
@Timeout(60)
class LegacyPeerTest {
  private final RunningPeer peer;
  private final RawClient client = new RawClient();
  private final ManagedChannel channel;

  LegacyPeerTest(@TempDir Path directory) throws Exception {
    peer = RunningPeer.withLegacy(directory);
    channel = client.plain(peer.process.legacy().orElseThrow().server().port());
  }

  @AfterEach
  void close() {
    channel.shutdownNow();
    client.close();
    peer.close();
  }

  @Test
  @Threat("S-LEG-1")
  void onlyWhatAChildNeeds_isOpen() throws Exception {
    var truth = Claims.ofHost("peer-b", false);
    var open = new TreeSet<String>();
    for (MethodDescriptor<?, ?> method : peer.process.legacy().orElseThrow().server().methods()) {
      var answer = call(method, truth);
      var reason = GrpcErrors.reasonOf(answer.status().asRuntimeException(answer.trailers()));
      if (!reason.equals(Optional.of(Reason.CALLER_NOT_ALLOWED))) {
        open.add(String.valueOf(method.getBareMethodName()));
      }
    }

    assertThat(open).containsExactly("Check", "SyncHost", "SyncPieces");
  }

  private <Q, A> RawClient.Answer call(MethodDescriptor<Q, A> method, Claims claims) throws InterruptedException {
    var marshaller = (PrototypeMarshaller<Q>) method.getRequestMarshaller();
    Message message = claims.in(Objects.requireNonNull((Message) marshaller.getMessagePrototype()));
    @SuppressWarnings("unchecked") // made from the prototype of this very method
    Q request = (Q) message;
    return RawClient.call(channel, method, request);
  }

  @Test
  void syncHost_tellsTheNetworkOfNow() {
    var request = SyncHostRequest.newBuilder().setHostId("127.0.0.1-peer-b").setPeerId("127.0.0.1-peer-b-x").build();

    Iterator<Host> hosts = DfdaemonUploadGrpc.newBlockingStub(channel).syncHost(request);

    assertThat(hosts.next().hasNetwork()).isTrue();
  }

  @Test
  @Threat("S-LEG-2")
  void childOfAnotherAddress_isRefused_andAnUnknownTaskIsUnknown() {
    assertThat(refused("10.0.0.1-peer-b")).contains(Reason.CALLER_NOT_ALLOWED);
    assertThat(refused("127.0.0.1-peer-b")).contains(Reason.TASK_UNKNOWN);
  }

  private Optional<Reason> refused(String hostId) {
    var request =
        SyncPiecesRequest.newBuilder()
            .setHostId(hostId)
            .setTaskId("0".repeat(64))
            .addInterestedPieceNumbers(0)
            .build();
    var stub = DfdaemonUploadGrpc.newBlockingStub(channel);
    return GrpcErrors.reasonOf(
        catchThrowableOfType(StatusRuntimeException.class, () -> stub.syncPieces(request).next()));
  }

  @ParameterizedTest
  @Threat("S-LEG-1")
  @ValueSource(
      strings = {
        "{listen: '127.0.0.1:4100'}",
        "{listen: '127.0.0.1:80', piece-listen: '127.0.0.1:4105'}",
        "{listen: '127.0.0.1:4100', piece-listen: '127.0.0.1:1000'}",
        "{listen: '0.0.0.0:4100', piece-listen: '0.0.0.0:4105'}"
      })
  void incompleteSection_stopsTheStart(String legacy) {
    assertThatThrownBy(() -> read(legacy))
        .isInstanceOfSatisfying(
            ConfigProblems.class, problems -> assertThat(problems).hasMessageContaining("legacy"));
  }

  private static PeerConfig read(String legacy) throws ConfigProblems {
    String yaml =
        "listen: 127.0.0.1:4000\npiece-listen: 127.0.0.1:4005\nmanager: m:1\nstore: {directory: /s}\nlocal: {socket: /l}\n"
            + "legacy: " + legacy + "\n";
    var reader = ConfigReader.parse(yaml.getBytes(UTF_8));
    var config = PeerConfig.read(reader);
    reader.finish();
    return config;
  }

  @Test
  @Threat("S-LEG-7")
  void certificate_mustCarryTheAddressThatChildrenAreTold(@TempDir Path folder) throws Exception {
    var files = new OperatorFiles(folder);
    String section = "{listen: '127.0.0.1:4100', piece-listen: '127.0.0.1:4105', " + files.tls() + "}";

    assertThat(read(section).legacy().orElseThrow().listener().tls()).isPresent();

    files.certificate(files.plain(spec -> spec.ip("127.0.0.2")).chainDer());
    assertThatThrownBy(() -> read(section)).hasMessageContaining("legacy.tls.certificate: the first certificate must carry 127.0.0.1");
  }
}
