package dev.damselfly.peer.discover;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.damselfly.api.wire.manager.v2.ListSchedulersRequest;
import dev.damselfly.api.wire.manager.v2.ListSchedulersResponse;
import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import dev.damselfly.api.wire.manager.v2.Scheduler;
import dev.damselfly.api.wire.manager.v2.SchedulerCluster;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@NullMarked
class ManagerDirectoryTest {
  private final List<String> told = new ArrayList<>();
  private final Server server;
  private final ManagedChannel channel;
  private ListSchedulersResponse answer = ListSchedulersResponse.getDefaultInstance();

  ManagerDirectoryTest() throws IOException {
    String name = InProcessServerBuilder.generateName();
    server = InProcessServerBuilder.forName(name).directExecutor().addService(new Manager()).build().start();
    channel = InProcessChannelBuilder.forName(name).directExecutor().build();
  }

  @AfterEach
  void close() {
    channel.shutdownNow();
    server.shutdownNow();
  }

  private final class Manager extends ManagerGrpc.ManagerImplBase {
    @Override
    public void listSchedulers(ListSchedulersRequest request, StreamObserver<ListSchedulersResponse> out) {
      out.onNext(answer);
      out.onCompleted();
    }
  }

  private List<Directory.Named> ask(boolean seed) {
    var self = new HostSelf("10.0.0.1", "h", seed, "east", 1, 2, "", "");
    return new ManagerDirectory(channel, self, document -> told.add(document.toStringUtf8())).ask();
  }

  private static Scheduler row(String peers, String seeds) {
    var cluster =
        SchedulerCluster.newBuilder()
            .setClientConfig(ByteString.copyFromUtf8(peers))
            .setSeedClientConfig(ByteString.copyFromUtf8(seeds));
    return Scheduler.newBuilder().setId(1).setIp("10.0.0.2").setPort(8002).setSchedulerCluster(cluster).build();
  }

  @Test
  void settings_areThoseOfTheKindOfHost_inTheBestRow() {
    answer = ListSchedulersResponse.newBuilder().addSchedulers(row("p", "s")).addSchedulers(row("p2", "s2")).build();

    assertThat(ask(false)).hasSize(2);
    assertThat(ask(true)).hasSize(2);

    assertThat(told).containsExactly("p", "s");
  }

  @Test
  void answerWithoutRows_saysNothingOfSettings() {
    assertThat(ask(false)).isEmpty();

    assertThat(told).isEmpty();
  }

  @Test
  void rowWithoutSettings_saysSo() {
    answer = ListSchedulersResponse.newBuilder().addSchedulers(Scheduler.newBuilder().setIp("10.0.0.2").setPort(8002)).build();

    ask(false);

    assertThat(told).containsExactly("");
  }
}
