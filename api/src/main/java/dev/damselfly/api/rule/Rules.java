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
    check(message, Walk.begin(true));
  }

  /// Checks the bounds only. For what servers of other implementations answer: they do not keep the rules of the
  /// schema there (a SyncHost answer has no host id, the pieces of a download answer no cost).
  ///
  /// @throws Malformed for the first field that breaks its bound
  public static void checkBounds(Message message) {
    check(message, Walk.begin(false));
  }

  /// Compiles the rules of a type, so that a bad one shows at the start of a process.
  ///
  /// @throws IllegalStateException when the schema carries a rule that this class does not know
  public static void compile(Descriptor type) {
    of(type);
  }

  static void check(Message message, Walk walk) {
    if (walk.depth() > MAX_DEPTH) {
      throw new Malformed(walk.path(), "at most " + MAX_DEPTH + " levels");
    }
    of(message.getDescriptorForType()).check(message, walk);
  }

  private static MessageRules of(Descriptor type) {
    return COMPILED.computeIfAbsent(type, MessageRules::compile);
  }
}
