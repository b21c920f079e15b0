package dev.damselfly.api.ring;

import dev.damselfly.api.error.InvalidValue;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Immutable ring of members with 512 virtual nodes each (clients from 1.5.9). The owner of a key is the member whose
/// virtual node comes first at or after the hash of the key.
///
/// Two parties with the same names get the same owners, in whatever order they know the members.
public final class HashRing<T> {
  public static final int VIRTUAL_NODES = 512;
  public static final int MAX_MEMBERS = 1_000;
  private static final int MAX_NAME = 1 << 10;

  /// One member.
  ///
  /// @param name what places it: host name of a scheduler or seed, or `ip:port` when there is none
  public record Member<T>(String name, T value) {}

  private record Node<T>(long hash, Member<T> member) {}

  private final List<Node<T>> nodes;
  private final List<Member<T>> members;

  private HashRing(List<Node<T>> nodes, List<Member<T>> members) {
    this.nodes = nodes;
    this.members = members;
  }

  /// @param members in ascending order of their manager id: a later one replaces an earlier one of the same name
  /// @throws InvalidValue for more than 1000 members, or an empty or over-long name
  public static <T> HashRing<T> of(List<Member<T>> members) {
    if (members.size() > MAX_MEMBERS) {
      throw new InvalidValue("a ring has at most " + MAX_MEMBERS + " members");
    }
    Map<String, Member<T>> byName = new LinkedHashMap<>();
    for (Member<T> member : members) {
      if (member.name.isEmpty() || member.name.length() > MAX_NAME) {
        throw new InvalidValue("a member's name must have 1 to " + MAX_NAME + " characters");
      }
      byName.put(member.name, member);
    }
    return new HashRing<>(place(byName.values()), List.copyOf(byName.values()));
  }

  private static <T> List<Node<T>> place(Collection<Member<T>> members) {
    List<Node<T>> nodes = new ArrayList<>(members.size() * VIRTUAL_NODES);
    for (Member<T> member : members) {
      for (int index = 0; index < VIRTUAL_NODES; index++) {
        nodes.add(new Node<>(nodeHash(index, member.name), member));
      }
    }
    nodes.sort((a, b) -> Long.compareUnsigned(a.hash, b.hash));
    return nodes;
  }

  static long nodeHash(int index, String name) {
    byte[] text = name.getBytes(StandardCharsets.UTF_8);
    var input = ByteBuffer.allocate(Long.BYTES + text.length + 1).order(ByteOrder.LITTLE_ENDIAN);
    input.putLong(index).put(text).put((byte) 0xff);
    return SipHash24.hash(input.array());
  }

  static long keyHash(String key) {
    byte[] text = key.getBytes(StandardCharsets.UTF_8);
    byte[] input = Arrays.copyOf(text, text.length + 1);
    input[text.length] = (byte) 0xff;
    return SipHash24.hash(input);
  }

  /// Owner of a key, normally a whole task id; empty for an empty ring.
  public Optional<T> owner(String key) {
    return nodes.isEmpty() ? Optional.empty() : Optional.of(nodes.get(successor(keyHash(key))).member.value);
  }

  /// Hash of the virtual node that owns a key.
  long ownerHash(String key) {
    return nodes.get(successor(keyHash(key))).hash;
  }

  /// Index of the first node at or after the hash; the first node of all when there is none.
  private int successor(long hash) {
    int low = 0;
    int high = nodes.size();
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Long.compareUnsigned(nodes.get(middle).hash, hash) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low == nodes.size() ? 0 : low;
  }

  /// Members in the order given, one per name.
  public List<Member<T>> members() {
    return members;
  }
}
