package dev.damselfly.scheduler.host;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.SpiffeId;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class HostsTest {
  private static final Instant NOW = Instant.parse("2026-11-25T00:00:00Z");

  private final Hosts hosts = new Hosts(3);

  private static Caller caller(String name, Role role) {
    String kind = role == Role.SEED_PEER ? "seed-peer" : "peer";
    return new Caller(
        SpiffeId.parse("spiffe://test/damselfly/" + kind + "/1/" + name),
        role,
        Optional.of("1"),
        name,
        Instant.MAX,
        new InetSocketAddress("127.0.0.1", 4000));
  }

  private static Host.Announced said(String ip, Instant at) {
    var message = dev.damselfly.api.wire.common.v2.Host.newBuilder().setIp(ip).build();
    return new Host.Announced(message, Duration.ofMinutes(5), at);
  }

  private Optional<Host> announce(String name, String id) {
    return hosts.announce(caller(name, Role.PEER), id, said("10.0.0.1", NOW));
  }

  private static void refused(Reason reason, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(Refused.class, failure -> assertThat(failure.reason()).isEqualTo(reason));
  }

  @Test
  void secondAnnouncement_refreshesTheSameHost() {
    announce("a", "1");
    Host first = hosts.find("1").orElseThrow();

    var replaced = hosts.announce(caller("a", Role.PEER), "1", said("10.0.0.2", NOW.plusSeconds(60)));

    assertThat(replaced).isEmpty();
    assertThat(hosts.find("1")).containsSame(first);
    assertThat(first.ip()).isEqualTo("10.0.0.2");
    assertThat(first.createdAt()).isEqualTo(NOW);
  }

  @Test
  @Threat("S-SCH-1")
  void hostIdOfAnother_isRefusedAndKeepsItsOwner() {
    announce("a", "1");

    refused(Reason.ID_BOUND_ELSEWHERE, () -> announce("b", "1"));
    refused(Reason.CALLER_NOT_ALLOWED, () -> hosts.requireOwned("1", caller("b", Role.PEER)));
    refused(Reason.HOST_UNKNOWN, () -> hosts.requireOwned("2", caller("b", Role.PEER)));

    assertThat(hosts.requireOwned("1", caller("a", Role.PEER)).owner()).isEqualTo(caller("a", Role.PEER).id());
  }

  @Test
  @Threat("S-SCH-1")
  void seedFlag_comesFromTheRole() {
    hosts.announce(caller("a", Role.PEER), "1", said("10.0.0.1", NOW));
    hosts.announce(caller("b", Role.SEED_PEER), "2", said("10.0.0.1", NOW));

    assertThat(hosts.find("1").orElseThrow().isSeed()).isFalse();
    assertThat(hosts.find("2").orElseThrow().isSeed()).isTrue();
  }

  @Test
  void hosts_areAtMostTheBoundAndOnePerIdentity() {
    announce("a", "1");
    announce("b", "2");
    announce("c", "3");

    refused(Reason.LIMIT_EXCEEDED, () -> announce("d", "4"));
    var replaced = announce("a", "5"); // its own place

    assertThat(replaced).map(Host::id).contains("1");
    assertThat(hosts.all()).extracting(Host::id).containsExactlyInAnyOrder("2", "3", "5");
  }

  private static Caller legacy(String address) {
    return new Caller(
        SpiffeId.parse("spiffe://test/damselfly/legacy/" + address),
        Role.LEGACY,
        Optional.of("1"),
        address,
        Instant.MAX,
        new InetSocketAddress(address, 4000));
  }

  @Test
  @Threat("S-LEG-4")
  void hostWithAnIdentity_takesItsIdBack() {
    var table = new Hosts(4);
    table.announce(legacy("10.0.0.1"), "1", said("10.0.0.1", NOW));

    assertThat(table.reclaim(legacy("10.0.0.2"), "1")).isEmpty();
    assertThat(table.reclaim(caller("a", Role.PEER), "1")).map(Host::isLegacy).contains(true);
    table.announce(caller("a", Role.PEER), "1", said("10.0.0.1", NOW));

    assertThat(table.reclaim(caller("b", Role.PEER), "1")).isEmpty();
    refused(Reason.ID_BOUND_ELSEWHERE, () -> table.announce(legacy("10.0.0.1"), "1", said("10.0.0.1", NOW)));
  }

  @Test
  @Threat("S-LEG-3")
  void hostsWithoutIdentity_areFewPerAddress_andAtMostHalf() {
    var table = new Hosts(100);
    for (int i = 0; i < Hosts.LEGACY_PER_ADDRESS; i++) {
      table.announce(legacy("10.0.0.1"), "a" + i, said("10.0.0.1", NOW));
    }

    refused(Reason.LIMIT_EXCEEDED, () -> table.announce(legacy("10.0.0.1"), "b", said("10.0.0.1", NOW)));
    table.remove(table.find("a0").orElseThrow());
    table.announce(legacy("10.0.0.1"), "b", said("10.0.0.1", NOW));

    var small = new Hosts(2);
    small.announce(legacy("10.0.0.1"), "1", said("10.0.0.1", NOW));
    refused(Reason.LIMIT_EXCEEDED, () -> small.announce(legacy("10.0.0.2"), "2", said("10.0.0.2", NOW)));
    assertThat(small.announce(caller("a", Role.PEER), "2", said("10.0.0.1", NOW))).isEmpty();
  }

  @Test
  void silence_isMoreThanTwoIntervals() {
    announce("a", "1");
    Host host = hosts.find("1").orElseThrow();

    assertThat(host.isSilent(NOW.plus(Duration.ofMinutes(10)))).isFalse();
    assertThat(host.isSilent(NOW.plus(Duration.ofMinutes(10)).plusMillis(1))).isTrue();
  }

  /// Against two plain maps.
  @Property(tries = 300)
  void hosts_equalTheNaiveModel(@ForAll @Size(max = 60) List<@IntRange(max = 149) Integer> steps) {
    var model = new HashMap<String, String>(); // host id to name
    var table = new Hosts(3);
    for (int step : steps) {
      String name = "n" + step % 5;
      String id = "h" + step / 5 % 6;
      if (step < 120) {
        announceBoth(table, model, name, id);
      } else if (model.containsKey(id)) {
        table.remove(table.find(id).orElseThrow());
        model.remove(id);
      }
      var owners = new HashMap<String, String>();
      table.all().forEach(host -> owners.put(host.id(), host.owner().toString().replaceAll(".*/", "")));
      assertThat(owners).isEqualTo(model);
    }
  }

  private static void announceBoth(Hosts table, Map<String, String> model, String name, String id) {
    boolean foreign = model.containsKey(id) && !name.equals(model.get(id));
    boolean full = !model.containsValue(name) && !model.containsKey(id) && model.size() >= 3;
    boolean accepted;
    try {
      table.announce(caller(name, Role.PEER), id, said("10.0.0.1", NOW));
      accepted = true;
    } catch (Refused _) {
      accepted = false;
    }
    assertThat(accepted).isEqualTo(!foreign && !full);
    if (accepted) {
      model.values().removeIf(name::equals);
      model.put(id, name);
    }
  }
}
