package dev.damselfly.manager.seed;

import static dev.damselfly.manager.fixture.TestCallers.ADDRESS;
import static dev.damselfly.manager.fixture.TestCallers.at;
import static dev.damselfly.manager.fixture.TestCallers.scheduler;
import static dev.damselfly.manager.fixture.TestCallers.seed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.manager.address.HostName;
import dev.damselfly.manager.address.IpAddress;
import dev.damselfly.manager.cluster.SeedClusterId;
import dev.damselfly.manager.fixture.TestManager;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@NullMarked
class SeedPeersTest {
  private static final Caller SEED = seed("east", "seed-a");
  private static final Caller SCHEDULER = scheduler("east", "a");
  private static final HostName HOST = new HostName("seed-a");

  private final TestManager manager = new TestManager();

  @AfterEach
  void close() {
    manager.close();
  }

  private SeedPeerRow register(Caller caller, String host, String ip) {
    return manager.seeds.register(caller, manager.east.seeds(), TestManager.seed(host, ip));
  }

  private static void assertRefused(Reason reason, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(Refused.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  @Test
  void register_makesTheRowActiveAtOnce() {
    var row = register(SEED, "seed-a", ADDRESS);

    assertThat(row.active()).isTrue();
    assertThat(manager.seeds.list(SCHEDULER)).containsExactly(row);
  }

  @Test
  void register_againRenewsTheRow() {
    var first = register(SEED, "seed-a", ADDRESS);

    assertThat(register(SEED, "seed-a", ADDRESS)).isEqualTo(first);
  }

  @Test
  void register_atAnotherAddressEndsTheOlderRow() {
    register(SEED, "seed-a", ADDRESS);

    var moved = register(at(SEED, "10.1.0.6"), "seed-a", "10.1.0.6");

    assertThat(manager.seeds.list(SCHEDULER)).containsExactly(moved);
  }

  @Test
  @Threat({"S-MGR-12"})
  void register_refusesOtherClustersHostsAndAddresses() {
    register(SEED, "seed-a", ADDRESS);

    assertRefused(Reason.CALLER_NOT_ALLOWED, () -> register(seed("west", "seed-a"), "seed-b", ADDRESS));
    assertRefused(Reason.CALLER_NOT_ALLOWED, () -> register(seed("east", "seed-b"), "SEED-A", ADDRESS));
    assertRefused(Reason.CALLER_NOT_ALLOWED, () -> register(SEED, "seed-a", "10.1.0.6"));
  }

  @Test
  @Threat({"S-MGR-9"})
  void lookups_stayInTheCallersCluster() {
    register(SEED, "seed-a", ADDRESS);
    var stranger = scheduler("west", "a");

    assertThat(manager.seeds.list(stranger)).isEmpty();
    assertRefused(
        Reason.CALLER_NOT_ALLOWED, () -> manager.seeds.find(stranger, manager.east.seeds(), HOST, Optional.empty()));
    assertRefused(
        Reason.CALLER_NOT_ALLOWED, () -> manager.seeds.find(SCHEDULER, new SeedClusterId(77), HOST, Optional.empty()));
  }

  @Test
  void find_takesTheAddressIntoAccount() {
    var old = register(SEED, "seed-a", ADDRESS);
    var moved = register(at(SEED, "10.1.0.6"), "seed-a", "10.1.0.6");

    var last = manager.seeds.find(SCHEDULER, manager.east.seeds(), HOST, Optional.empty());
    var byAddress =
        manager.seeds.find(SCHEDULER, manager.east.seeds(), HOST, Optional.of(IpAddress.parse(ADDRESS)));

    assertThat(last).isEqualTo(moved);
    assertThat(byAddress.id()).isEqualTo(old.id());
    assertRefused(
        Reason.HOST_UNKNOWN,
        () -> manager.seeds.find(SCHEDULER, manager.east.seeds(), new HostName("other"), Optional.empty()));
  }

  @Test
  @Threat({"S-MGR-12"})
  void delete_removesOwnRowsOnly() {
    register(SEED, "seed-a", ADDRESS);
    var other = seed("east", "seed-b");

    assertRefused(
        Reason.HOST_UNKNOWN, () -> manager.seeds.delete(other, manager.east.seeds(), HOST, Optional.empty()));
    assertThat(manager.seeds.list(SCHEDULER)).hasSize(1);
    manager.seeds.delete(SEED, manager.east.seeds(), HOST, Optional.empty());

    assertThat(manager.seeds.list(SCHEDULER)).isEmpty();
    assertRefused(
        Reason.HOST_UNKNOWN, () -> manager.seeds.delete(SEED, manager.east.seeds(), HOST, Optional.empty()));
  }
}
