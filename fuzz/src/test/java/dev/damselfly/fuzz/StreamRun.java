package dev.damselfly.fuzz;

import com.google.protobuf.Message;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.scheduler.boot.ServedScheduler;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Plays a script on streams of one method of the scheduler: two streams of different callers, and time.
final class StreamRun {
  /// Kinds of steps: a message on the first or the second stream, time (flags: units of 50 ms), the end of a stream.
  static final int FIRST = 0;
  static final int SECOND = 1;
  static final int TIME = 2;
  static final int END = 3;
  private static final int KINDS = 4;

  /// Flags of a message: put in the ids of the caller, the id of the task, a canary. The rest chooses the caller.
  static final int OWN = 1;
  static final int TASK = 2;
  static final int CANARY = 4;

  private static final int MAX_STEPS = 24;

  private final SchedulerBench bench;
  private final MethodDescriptor<?, ?> method;
  private final String download;
  private final Line[] lines = {new Line(1), new Line(2)};
  private boolean any;

  /// @param download where a registration carries its download; the part before the first dot is the registration
  StreamRun(SchedulerBench bench, MethodDescriptor<?, ?> method, String download) {
    this.bench = bench;
    this.method = method;
    this.download = download;
  }

  private static final class Line {
    private final int number;
    private @Nullable Dialogue dialogue;
    private Caller caller = People.TWO;
    private String task = "0".repeat(64);
    private boolean spoke;

    private Line(int number) {
      this.number = number;
    }
  }

  /// Whether any message got through.
  boolean any() {
    return any;
  }

  /// Plays all steps, then says goodbye on both streams: each has ended then.
  void play(byte[] input) {
    for (CallScript.Step step : CallScript.read(input, MAX_STEPS)) {
      switch (step.kind() % KINDS) {
        case FIRST -> say(lines[0], step);
        case SECOND -> say(lines[1], step);
        case TIME -> bench.served().timer.advance(Duration.ofMillis(50L * step.flags()));
        default -> end(lines[step.flags() & 1], step.has(2));
      }
      bench.requireBounded();
      Canary.requireSilentLogs();
    }
    for (Line line : lines) {
      end(line, false);
      if (line.dialogue != null) {
        line.dialogue.requireOver();
      }
    }
    Canary.requireSilentLogs();
  }

  private void say(Line line, CallScript.Step step) {
    Optional<Message> parsed = Ids.parse(method, step.bytes());
    if (parsed.isEmpty()) {
      return;
    }
    Dialogue dialogue = line.dialogue;
    if (dialogue == null || dialogue.isOver()) {
      if (line.number == 1) {
        line.caller = People.pick(step.flags() >> 3);
      }
      dialogue = new Dialogue(bench.as(line.caller), method, new Metadata());
      line.dialogue = dialogue;
      line.spoke = false;
    }
    Message message = prepared(line, parsed.get(), step);
    ServedScheduler.State before = bench.served().state();
    boolean through = dialogue.say(message);
    if (through) {
      any = true;
      Ids.requireOwnPeer(message, line.caller);
      requireMember(line.caller);
    } else if (!line.spoke && dialogue.isRefused() && !bench.served().state().equals(before)) {
      throw new AssertionError("a refused registration left something behind: " + dialogue.reason());
    }
    line.spoke = true;
  }

  private static void requireMember(Caller caller) {
    if (caller.cluster().filter(ServedScheduler.CLUSTER::equals).isEmpty()) {
      throw new AssertionError("a caller of another cluster got through");
    }
  }

  private Message prepared(Line line, Message message, CallScript.Step step) {
    Message result = message;
    Message registered = step.has(CANARY) ? Canary.put(result) : result;
    result = registered;
    Optional<Message> own = Optional.of(result).flatMap(this::downloadOf);
    if (own.isPresent()) {
      line.task = SchedulerBench.taskId(own.get());
    }
    String under = method.getFullMethodName().endsWith("/Join") ? "register." : "";
    if (step.has(OWN)) {
      result = Ids.with(result, under + "host_id", People.hostId(line.caller));
      result = Ids.with(result, under + "peer_id", People.peerId(line.caller, line.number));
    }
    return step.has(TASK) ? Ids.with(result, under + "task_id", line.task) : result;
  }

  private Optional<Message> downloadOf(Message message) {
    Message at = message;
    for (String part : download.split("\\.", -1)) {
      var field = at.getDescriptorForType().findFieldByName(part);
      if (field == null || !at.hasField(field)) {
        return Optional.empty();
      }
      at = (Message) at.getField(field);
    }
    return Optional.of(at);
  }

  private static void end(Line line, boolean abruptly) {
    Dialogue dialogue = line.dialogue;
    if (dialogue == null) {
      return;
    }
    if (abruptly) {
      dialogue.breakOff();
    } else {
      dialogue.halfClose();
    }
  }
}
