package dev.damselfly.api.rule;

import static dev.damselfly.api.rule.Messages.TASK;
import static dev.damselfly.api.rule.Messages.announce;
import static dev.damselfly.api.rule.Messages.assertBad;
import static dev.damselfly.api.rule.Messages.assertGood;
import static dev.damselfly.api.rule.Messages.download;
import static dev.damselfly.api.rule.Messages.failed;
import static dev.damselfly.api.rule.Messages.host;
import static dev.damselfly.api.rule.Messages.peer;
import static dev.damselfly.api.rule.Messages.piece;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.FileDescriptor;
import com.google.protobuf.Duration;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.RequestFailure.Malformed;
import dev.damselfly.api.wire.common.v2.CPU;
import dev.damselfly.api.wire.common.v2.Disk;
import dev.damselfly.api.wire.common.v2.Common;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Priority;
import dev.damselfly.api.wire.damselfly.v1.SwarmOuterClass;
import dev.damselfly.api.wire.dfdaemon.v2.Dfdaemon;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.IBVerbsQueuePairEndpoint;
import dev.damselfly.api.wire.dfdaemon.v2.SyncPiecesRequest;
import dev.damselfly.api.wire.dfdaemon.v2.UploadPersistentCacheTaskRequest;
import dev.damselfly.api.wire.errordetails.v2.Backend;
import dev.damselfly.api.wire.errordetails.v2.Errordetails;
import dev.damselfly.api.wire.manager.v2.KeepAliveRequest;
import dev.damselfly.api.wire.manager.v2.ListSchedulersRequest;
import dev.damselfly.api.wire.manager.v2.ManagerOuterClass;
import dev.damselfly.api.wire.manager.v2.Scheduler;
import dev.damselfly.api.wire.manager.v2.SeedPeer;
import dev.damselfly.api.wire.manager.v2.UpdateSeedPeerRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnounceHostRequest;
import dev.damselfly.api.wire.scheduler.v2.DownloadPeerFailedRequest;
import dev.damselfly.api.wire.scheduler.v2.NormalTaskResponse;
import dev.damselfly.api.wire.scheduler.v2.PreheatFileRequest;
import dev.damselfly.api.wire.scheduler.v2.RegisterPeerRequest;
import dev.damselfly.api.wire.scheduler.v2.ReschedulePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.SchedulerOuterClass;
import java.util.Collections;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
@Threat({"TOB-14", "TOB-9"})
class RulesTest {
  static Stream<Descriptor> types() {
    return Stream.of(
            Common.getDescriptor(),
            Errordetails.getDescriptor(),
            ManagerOuterClass.getDescriptor(),
            SchedulerOuterClass.getDescriptor(),
            Dfdaemon.getDescriptor(),
            SwarmOuterClass.getDescriptor())
        .map(FileDescriptor::getMessageTypes)
        .flatMap(List::stream);
  }

  @ParameterizedTest
  @MethodSource("types")
  void compile_knowsEveryRuleOfTheSchema(Descriptor type) {
    assertThatCode(() -> Rules.compile(type)).doesNotThrowAnyException();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "len", "len>", "len>=x", "1..", "..2", "4KiB..8KiB", "at least one", "items=1x", "1 or empty"})
  void compile_refusesAnUnknownSpelling(String text) {
    FieldDescriptor url = Download.getDescriptor().findFieldByName("url");

    assertThatThrownBy(() -> SchemaRule.compile(url, text)).isInstanceOf(IllegalStateException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"required", "items>=1", "defined value", ">=1", "60s..61s"})
  void compile_refusesARuleOfAnotherType(String text) {
    FieldDescriptor url = Download.getDescriptor().findFieldByName("url");

    assertThatThrownBy(() -> SchemaRule.compile(url, text)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void check_acceptsWhatRealPeersSend() {
    assertGood(AnnounceHostRequest.newBuilder().setHost(host()));
    assertGood(announce().setRegisterPeerRequest(RegisterPeerRequest.newBuilder().setDownload(download())));
    assertGood(peer().addPieces(piece()));
    assertGood(DownloadTaskRequest.newBuilder().setDownload(download().setTag("").setApplication("")));
  }

  @Test
  void required_namesTheMissingMessage() {
    assertBad("host", AnnounceHostRequest.newBuilder());
    assertBad("cost", piece().clearCost());
    assertBad("download", DownloadTaskRequest.newBuilder());
  }

  @Test
  void oneof_needsAMember() {
    assertBad("request", announce());
  }

  @Test
  void length_countsCharactersAndHonoursPresence() {
    assertBad("host_id", announce().setHostId("").setDownloadPeerFailedRequest(failed()));
    assertBad("output_path", download().setOutputPath("a".repeat(9000)));
    assertGood(download().setOutputPath("")); // present, but "or empty"
    assertBad("access_key_id", objectStorage(""));
    assertGood(objectStorage("a"));
    assertBad("gid", IBVerbsQueuePairEndpoint.newBuilder().setGid(ByteString.copyFrom(new byte[15])));
    assertGood(IBVerbsQueuePairEndpoint.newBuilder().setGid(ByteString.copyFrom(new byte[16])));
    var list = ListSchedulersRequest.newBuilder().setHostname("a").setIp("::1");
    assertGood(list.setVersion("é".repeat(1024)));
    assertBad("version", list.setVersion("é".repeat(1025)));
  }

  private static dev.damselfly.api.wire.common.v2.ObjectStorage.Builder objectStorage(String key) {
    return dev.damselfly.api.wire.common.v2.ObjectStorage.newBuilder().setAccessKeyId(key).setAccessKeySecret("s");
  }

  @Test
  @Threat("B-20")
  void items_areCounted() {
    var request = SyncPiecesRequest.newBuilder().setHostId("h").setTaskId(TASK);

    assertBad("interested_piece_numbers", request);
    assertGood(request.addInterestedPieceNumbers(3));
    assertBad("interested_piece_numbers[1]", request.addInterestedPieceNumbers(-1));
    assertBad("candidate_parents", NormalTaskResponse.newBuilder());
    assertBad(
        "candidate_parents",
        NormalTaskResponse.newBuilder().addAllCandidateParents(Collections.nCopies(21, peer().build())));
  }

  @Test
  void definedValue_refusesUnknownNumbers() {
    assertGood(download().setPriority(Priority.LEVEL6));
    assertBad("priority", download().setPriorityValue(7));
    assertBad("priority", download().setPriorityValue(-1));
    assertBad("source_type", KeepAliveRequest.newBuilder().setSourceTypeValue(3));
  }

  @Test
  @Threat("TOB-19")
  void numbers_areUnsignedWhereTheWireSaysSo() {
    assertGood(download().setPieceLength(4 << 20));
    assertGood(download().setPieceLength(0));
    assertBad("piece_length", download().setPieceLength((4 << 20) - 1));
    assertBad("piece_length", download().setPieceLength((64 << 20) + 1));
    assertBad("piece_length", download().setPieceLength(-1));
    assertBad("type", host().setType(4));
    assertBad("type", host().setType(-1));
    assertBad("port", host().setPort(1023));
    assertGood(host().setPort(65_534));
    assertBad("port", host().setPort(65_535));
    assertBad("port", host().setPort(-1));
    assertBad("status_code", Backend.newBuilder().setStatusCode(599));
    assertGood(Backend.newBuilder().setStatusCode(598));
  }

  @Test
  void doubles_areFiniteAndInRange() {
    assertGood(Disk.newBuilder().setUsedPercent(100));
    assertBad("used_percent", Disk.newBuilder().setUsedPercent(100.1));
    assertBad("used_percent", Disk.newBuilder().setUsedPercent(Double.NaN));
    assertBad("percent", CPU.newBuilder().setPercent(-0.1));
    assertBad("percent", CPU.newBuilder().setPercent(Double.POSITIVE_INFINITY));
  }

  @Test
  @Threat("B-29")
  void durations_areInRangeWhenPresent() {
    var upload = UploadPersistentCacheTaskRequest.newBuilder().setPath("/a").setPersistentReplicaCount(1);

    assertGood(upload.setTtl(Duration.newBuilder().setSeconds(60)));
    assertBad("ttl", upload.setTtl(Duration.newBuilder().setSeconds(59).setNanos(999_999_999)));
    assertGood(upload.setTtl(Duration.newBuilder().setSeconds(604_800)));
    assertBad("ttl", upload.setTtl(Duration.newBuilder().setSeconds(604_800).setNanos(1)));
    assertBad("timeout", download().setTimeout(Duration.newBuilder().setSeconds(-1)));
    assertBad("timeout", download().setTimeout(Duration.newBuilder().setNanos(-1)));
    assertBad("timeout", download().setTimeout(Duration.newBuilder().setNanos(1_000_000_000)));
    assertBad("created_at", piece().setCreatedAt(Timestamp.newBuilder().setSeconds(Long.MAX_VALUE)));
    assertBad("created_at", piece().setCreatedAt(Timestamp.newBuilder().setNanos(Integer.MAX_VALUE)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "/a", "//h/a", "http", ":x", "1a://h", "http://h/%zz", "http://h/%2", "http://a b/",
    "http://h:x/", "http://h:1:2/", "http://[::1", "http://h]/", "http://[::1]x/", "http://h/\n", "http://h/\u007f",
    "http://u@h/", "http://u:p@h/a", "http://h/a\\b"})
  void uri_refuses(String url) {
    assertBad("url", download().setUrl(url));
  }

  @ParameterizedTest
  @ValueSource(strings = {"http://h", "HTTPS://h:443/a?b=%zz#c", "s3://bucket/key", "hf://o/r/f", "http://[::1]:80/a",
    "http://h:/a", "https://bücher.example/ä b", "urn:a:b"})
  void uri_accepts(String url) {
    assertGood(download().setUrl(url));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a_b", "-a", "a-", "a..b", ".", "a b", "ä"})
  void hostname_refuses(String name) {
    assertBad("hostname", keepAlive(name));
  }

  @Test
  void hostname_isBoundedPerLabelAndInTotal() {
    assertGood(keepAlive("a".repeat(63) + ".b-c.9."));
    assertBad("hostname", keepAlive("a".repeat(64)));
    assertBad("hostname", keepAlive("a.".repeat(126) + "aa"));
    assertGood(keepAlive("a.".repeat(126) + "a"));
  }

  private static KeepAliveRequest.Builder keepAlive(String name) {
    return KeepAliveRequest.newBuilder().setHostname(name).setClusterId(1);
  }

  @Test
  void textSets_areClosed() {
    var preheat = PreheatFileRequest.newBuilder().setUrl("https://h/a");
    var seed =
        UpdateSeedPeerRequest.newBuilder()
            .setHostname("a")
            .setIp("::1")
            .setPort(4000)
            .setDownloadPort(4000)
            .setSeedPeerClusterId(1);

    assertBad("scope", preheat);
    assertGood(preheat.setScope("all_peers"));
    assertBad("scope", preheat.setScope("all_peers_x"));
    assertBad("type", seed);
    assertGood(seed.setType("super"));
    assertBad("ip", host().setIp("10.0.0.256"));
    assertGood(download().setRemoteIp(""));
    assertBad("remote_ip", download().setRemoteIp("x"));
  }

  @Test
  @Threat("TOB-15")
  void digest_isAnchoredAndExact() {
    String hex = "0123456789abcdefABCDEF0123456789";

    assertGood(download().setDigest("md5:" + hex));
    assertGood(download().setDigest("sha256:" + hex + hex));
    assertGood(download().setDigest(""));
    for (String bad : List.of("md5:" + hex + "0", "x md5:" + hex, "md5:" + hex + "\n", "sha256:" + hex, "crc32:",
        "crc32:xyz", "sha224:" + hex, "sha512:" + hex, hex)) {
      assertBad("digest", download().setDigest(bad));
    }
  }

  @Test
  void nested_pathsNameTheElement() {
    var bad = peer().setHost(host().setIp("x"));

    assertBad(
        "reschedule_peer_request.candidate_parents[1].host.ip",
        announce()
            .setReschedulePeerRequest(
                ReschedulePeerRequest.newBuilder().addCandidateParents(peer()).addCandidateParents(bad)));
    assertBad(
        "download_peer_failed_request.description",
        announce()
            .setDownloadPeerFailedRequest(DownloadPeerFailedRequest.newBuilder().setDescription("a".repeat(1025))));
  }

  @Test
  @Threat("F-40")
  void check_boundsTheDepth() {
    var scheduler = Scheduler.newBuilder();
    for (int i = 0; i < 12; i++) {
      scheduler = Scheduler.newBuilder().addSeedPeers(SeedPeer.newBuilder().addSchedulers(scheduler));
    }
    var deep = scheduler;

    assertThatThrownBy(() -> Rules.check(deep.build())).isInstanceOf(Malformed.class).hasMessageContaining("levels");
  }

  @Test
  void refusal_carriesTheRuleAndNeverTheValue() {
    assertThatThrownBy(() -> Rules.check(host().setIp("hunter2").build()))
        .hasMessage("ip: ip")
        .hasNoCause();
  }

  @Test
  void check_readsDynamicMessagesAlike() throws Exception {
    var bytes = download().setTimeout(Duration.newBuilder().setSeconds(-1)).build().toByteString();

    var dynamic = DynamicMessage.parseFrom(Download.getDescriptor(), bytes);

    assertThatThrownBy(() -> Rules.check(dynamic)).isInstanceOf(Malformed.class);
  }

  @Property(tries = 2000)
  void check_isTotalOnWhateverParses(@ForAll byte[] bytes, @ForAll int which) {
    var all = types().toList();
    Consumer<Message> check =
        message -> {
          try {
            Rules.check(message);
          } catch (Malformed _) {
            return; // the only failure there is
          }
        };

    try {
      check.accept(DynamicMessage.parseFrom(all.get(Math.floorMod(which, all.size())), bytes));
    } catch (com.google.protobuf.InvalidProtocolBufferException _) {
      return; // refused before the rules
    }
  }
}
