package dev.damselfly.api.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.damselfly.api.Vectors;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.ring.HashRing.Member;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@NullMarked
class HashRingTest {
  static Stream<JsonNode> nodes() {
    return Stream.concat(Vectors.ids("scheduler_ring/vnodes"), Vectors.ids("sdk_seed_ring/vnodes"));
  }

  static Stream<JsonNode> keys() {
    return Stream.concat(Vectors.ids("scheduler_ring/keys"), Vectors.ids("sdk_seed_ring/keys"));
  }

  static Stream<JsonNode> owners() {
    return Vectors.ids("scheduler_ring/owners");
  }

  private static HashRing<String> ring(List<String> names) {
    return HashRing.of(names.stream().map(name -> new Member<>(name, name)).toList());
  }

  @Test
  void hash_equalsThePublishedReference() {
    byte[] input = new byte[15];
    for (int i = 0; i < input.length; i++) {
      input[i] = (byte) i;
    }

    assertThat(SipHash24.hash(0x0706050403020100L, 0x0f0e0d0c0b0a0908L, input)).isEqualTo(0xa129ca6149be45e5L);
  }

  @ParameterizedTest
  @MethodSource("nodes")
  void nodeHash_equalsTheVector(JsonNode row) {
    long hash = HashRing.nodeHash(row.get("index").asInt(), row.get("name").asText());

    assertThat(hash).isEqualTo(Long.parseUnsignedLong(row.get("hash").asText(), 16));
  }

  @ParameterizedTest
  @MethodSource("keys")
  void keyHash_equalsTheVector(JsonNode row) {
    long hash = HashRing.keyHash(row.get("key").asText());

    assertThat(hash).isEqualTo(Long.parseUnsignedLong(row.get("hash").asText(), 16));
  }

  @ParameterizedTest
  @MethodSource("owners")
  void owner_equalsTheVector(JsonNode row) {
    var ring = ring(Vectors.strings(row.get("ring")));
    String key = row.get("key").asText();

    assertThat(ring.owner(key)).contains(row.get("owner").asText());
    assertThat(ring.ownerHash(key)).isEqualTo(Long.parseUnsignedLong(row.get("vnode_hash").asText(), 16));
  }

  @Test
  void owner_doesNotDependOnTheOrderOfMembers() {
    var names = List.of("a", "b", "c", "d");
    var forward = ring(names);
    var backward = ring(names.reversed());

    for (int i = 0; i < 1000; i++) {
      assertThat(forward.owner("key" + i)).isEqualTo(backward.owner("key" + i));
    }
  }

  @Test
  void of_keepsTheLaterMemberOfOneName() {
    var ring = HashRing.of(List.of(new Member<>("a", 1), new Member<>("a", 2)));

    assertThat(ring.owner("key")).contains(2);
    assertThat(ring.members()).hasSize(1);
  }

  @Test
  void owner_isEmptyForAnEmptyRing() {
    assertThat(HashRing.of(List.of()).owner("key")).isEmpty();
  }

  @Test
  void of_boundsMembersAndNames() {
    assertThatThrownBy(() -> HashRing.of(Collections.nCopies(1001, new Member<>("a", 1))))
        .isInstanceOf(InvalidValue.class);
    assertThatThrownBy(() -> HashRing.of(List.of(new Member<>("", 1)))).isInstanceOf(InvalidValue.class);
  }
}
