package dev.damselfly.fuzz;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.PrototypeMarshaller;
import java.util.Optional;

/// Messages from bytes, and ids put right in them: random bytes never meet a host id, a peer id and a task id at once, so
/// that nothing behind the first check would be reached.
final class Ids {
  private Ids() {}

  /// The request that the bytes spell; absent when they spell none.
  static Optional<Message> parse(MethodDescriptor<?, ?> method, byte[] bytes) {
    var marshaller = (PrototypeMarshaller<?>) method.getRequestMarshaller();
    var prototype = (Message) marshaller.getMessagePrototype();
    if (prototype == null) {
      throw new IllegalStateException("every request of ours is a protobuf message");
    }
    try {
      return Optional.of(prototype.getParserForType().parseFrom(bytes));
    } catch (InvalidProtocolBufferException e) {
      return Optional.empty();
    }
  }

  /// Sets a text field by its dotted name when the messages on the way are set.
  static Message with(Message message, String path, Object value) {
    int dot = path.indexOf('.');
    FieldDescriptor field = message.getDescriptorForType().findFieldByName(dot < 0 ? path : path.substring(0, dot));
    if (field == null || field.isRepeated()) {
      return message;
    }
    if (dot < 0) {
      return message.toBuilder().setField(field, value).build();
    }
    if (!message.hasField(field)) {
      return message;
    }
    Message nested = with((Message) message.getField(field), path.substring(dot + 1), value);
    return message.toBuilder().setField(field, nested).build();
  }

  /// The text of a field; empty when there is no such field or it is not set.
  static String text(Message message, String path) {
    int dot = path.indexOf('.');
    FieldDescriptor field = message.getDescriptorForType().findFieldByName(dot < 0 ? path : path.substring(0, dot));
    if (field == null || field.isRepeated() || (field.hasPresence() && !message.hasField(field))) {
      return "";
    }
    Object value = message.getField(field);
    return dot < 0 ? String.valueOf(value) : text((Message) value, path.substring(dot + 1));
  }

  /// The message as the caller itself would say it.
  static Message own(Message message, Caller caller) {
    String ip = caller.remote().getAddress().getHostAddress();
    Message own = with(message, "host_id", People.hostId(caller));
    own = with(own, "host.id", People.hostId(caller));
    own = with(own, "host.hostname", caller.name());
    own = with(own, "host.ip", ip);
    return with(own, "host.type", caller.role() == Role.SEED_PEER ? 1 : 0);
  }

  /// @throws AssertionError when an accepted message speaks for a host that is not the caller's
  static void requireOwn(Message accepted, Caller caller) {
    for (String path : new String[] {"host_id", "host.id", "register.host_id"}) {
      if (names(accepted, path) && !text(accepted, path).equals(People.hostId(caller))) {
        throw new AssertionError("accepted with the host id of another: " + path);
      }
    }
  }

  /// @throws AssertionError when an accepted message speaks for a peer of another host
  static void requireOwnPeer(Message accepted, Caller caller) {
    requireOwn(accepted, caller);
    for (String path : new String[] {"peer_id", "register.peer_id"}) {
      if (names(accepted, path) && !text(accepted, path).startsWith(plain(People.hostId(caller)) + "-")) {
        throw new AssertionError("accepted with the peer id of another: " + path);
      }
    }
  }

  private static String plain(String hostId) {
    return hostId.endsWith("-seed") ? hostId.substring(0, hostId.length() - "-seed".length()) : hostId;
  }

  private static boolean names(Message message, String path) {
    int dot = path.indexOf('.');
    FieldDescriptor field = message.getDescriptorForType().findFieldByName(dot < 0 ? path : path.substring(0, dot));
    if (field == null || field.isRepeated()) {
      return false;
    }
    return dot < 0 || (message.hasField(field) && names((Message) message.getField(field), path.substring(dot + 1)));
  }
}
