package dev.damselfly.api.rule;

import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Message;
import dev.damselfly.api.error.RequestFailure.Malformed;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/// Checks a whole message, nested messages included. Thread-safe.
public final class Rules {
  /// Messages inside messages.
  public static final int MAX_DEPTH = 16;

  private static final ConcurrentMap<Descriptor, MessageRules> COMPILED = new ConcurrentHashMap<>();

  private Rules() {}

  /// @throws Malformed for a required oneof without a member, else for the first field that breaks its rule or bound;
  ///     the path begins below the message, for example `host.ip` or `candidate_parents[2].id`
  /// @throws IllegalStateException when the schema carries a rule that this class does not know
  public static void check(Message message) {
    check(message, "", 0);
  }

  /// Compiles the rules of a type, so that a bad one shows at the start of a process.
  ///
  /// @throws IllegalStateException when the schema carries a rule that this class does not know
  public static void compile(Descriptor type) {
    of(type);
  }

  static void check(Message message, String prefix, int depth) {
    if (depth > MAX_DEPTH) {
      throw new Malformed(prefix, "at most " + MAX_DEPTH + " levels");
    }
    of(message.getDescriptorForType()).check(message, prefix, depth);
  }

  private static MessageRules of(Descriptor type) {
    return COMPILED.computeIfAbsent(type, MessageRules::compile);
  }
}
