package dev.damselfly.fuzz;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import dev.damselfly.api.error.RequestFailure.Malformed;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.rule.Rules;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.Register;
import dev.damselfly.api.wire.manager.v2.UpdateSchedulerRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnounceHostRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import java.util.ArrayList;
import java.util.List;

/// Request messages: the schema rules end in acceptance or in a refusal that names a field; of an accepted download the
/// tuple has the id that it claims, and two different tuples never have one fingerprint.
final class MessageFuzz implements Target {
  private static final List<Parser<? extends Message>> MESSAGES =
      List.of(
          AnnouncePeerRequest.parser(), JoinRequest.parser(), AnnounceHostRequest.parser(), UpdateSchedulerRequest.parser(), Download.parser());

  public static void fuzzerTestOneInput(byte[] input) {
    new MessageFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    if (input.length == 0) {
      return;
    }
    Message message;
    try {
      message = MESSAGES.get((input[0] & 0xff) % MESSAGES.size()).parseFrom(input, 1, input.length - 1);
    } catch (InvalidProtocolBufferException e) {
      Accepted.no();
      return;
    }
    try {
      Rules.check(message);
      Accepted.yes();
    } catch (Malformed refused) {
      Accepted.no();
      if (refused.field().isEmpty()) {
        throw new AssertionError("a refusal names no field");
      }
      return;
    }
    if (message instanceof Download download) {
      tuple(download);
    }
  }

  private static void tuple(Download download) {
    try {
      TaskTuple tuple = TaskTuple.of(download);
      TaskTuple other = TaskTuple.of(download.toBuilder().setTag(download.getTag() + "x").build());
      if (tuple.fingerprint().equals(other.fingerprint())) {
        throw new AssertionError("two tuples share a fingerprint");
      }
      if (!TaskTuple.of(download).id().equals(tuple.id())) {
        throw new AssertionError("the id is not a function of the download");
      }
    } catch (Malformed | InvalidValue refused) {
      // the URL or a digest is refused here, not by the schema
    }
  }

  @Override
  public String name() {
    return "messages";
  }

  @Override
  public String oracle() {
    return "accepted or a refusal that names a field; tuples never share a fingerprint";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(Rules.class, TaskTuple.class);
  }

  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    for (int i = 0; i < 32; i++) {
      var download = Download.newBuilder().setUrl("https://example.org/" + i + "?a=" + i).setTag("t").setApplication("a" + i).setPieceLength(4L << 20);
      Message message =
          switch (i % 4) {
            case 0 -> download.build();
            case 1 -> JoinRequest.newBuilder()
                .setRegister(Register.newBuilder().setHostId("h").setTaskId("0".repeat(64)).setPeerId("p").setPiecePort(4005 + i).setDownload(download))
                .build();
            case 2 -> UpdateSchedulerRequest.newBuilder().setHostname("s" + i).setIp("10.0.0." + i).setPort(8002).setSchedulerClusterId(i).build();
            default -> AnnouncePeerRequest.newBuilder().setHostId("h").setTaskId("t").setPeerId("p" + i).build();
          };
      byte kind = (byte) (i % 4 == 0 ? 4 : i % 4 == 1 ? 1 : i % 4 == 2 ? 3 : 0);
      byte[] body = message.toByteArray();
      byte[] seed = new byte[1 + body.length];
      seed[0] = kind;
      System.arraycopy(body, 0, seed, 1, body.length);
      seeds.add(seed);
    }
    return seeds;
  }
}
