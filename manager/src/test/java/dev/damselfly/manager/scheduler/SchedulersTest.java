package dev.damselfly.manager.scheduler;

import static dev.damselfly.manager.fixture.TestCallers.ADDRESS;
import static dev.damselfly.manager.fixture.TestCallers.at;
import static dev.damselfly.manager.fixture.TestCallers.peer;
import static dev.damselfly.manager.fixture.TestCallers.scheduler;
import static dev.damselfly.manager.fixture.TestCallers.seed;
import static dev.damselfly.manager.fixture.TestManager.registration;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.authz.audit.Audit.AuditUnavailable;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.manager.address.HostName;
import dev.damselfly.manager.address.IpAddress;
import dev.damselfly.manager.cluster.Locality;
import dev.damselfly.manager.fixture.TestManager;
import dev.damselfly.manager.member.Membership;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@NullMarked
class SchedulersTest {
  private static final Caller A = scheduler("east", "a");
  private static final Caller PEER = peer("east", "node-1");
  private static final Locality PLACE = new Locality(new HostName("node-1"), IpAddress.parse(ADDRESS), "", "");

  private final TestManager manager = new TestManager();

  @AfterEach
  void close() {
    manager.close();
  }

  private SchedulerRow register(Caller caller, String host, String ip) {
    return manager.schedulers.register(caller, manager.east.id(), registration(host, ip));
  }

  private List<SchedulerRow> all() {
    return manager.schedulers.all(PEER, manager.east.id()).stream().map(Advertised::scheduler).toList();
  }

  private static void assertRefused(Reason reason, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(Refused.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  @Test
  void register_makesAnInactiveRowAndRecordsIt() {
    var row = register(A, "scheduler-a", ADDRESS);

    assertThat(row.active()).isFalse();
    assertThat(all()).containsExactly(row);
    assertThat(manager.audit.events()).extracting(e -> e.action()).containsExactly(AuditAction.PEER_JOIN);
  }

  @Test
  void register_withAnotherPortRenewsTheRowAndKeepsItsState() {
    var first = register(A, "scheduler-a", ADDRESS);
    manager.live.begin(A.id(), manager.place("scheduler-a", ADDRESS));
    var moved =
        new Registration(
            first.said().host(), first.said().ip(), 9002, "i", "l", Features.DEFAULT, KeepAliveInterval.DEFAULT);

    var second = manager.schedulers.register(A, manager.east.id(), moved);

    assertThat(second).isEqualTo(new SchedulerRow(first.id(), first.cluster(), moved, true));
    assertThat(all()).hasSize(1);
  }

  @Test
  void register_atAnotherAddressEndsTheOlderRow() {
    register(A, "scheduler-a", ADDRESS);
    var stream = manager.live.begin(A.id(), manager.place("scheduler-a", ADDRESS));

    register(at(A, "10.1.0.6"), "scheduler-a", "10.1.0.6");

    assertThat(all()).extracting(SchedulerRow::active).containsExactly(false, false);
    assertRefused(Reason.WRONG_STATE, stream::beat);
  }

  @Test
  @Threat({"S-MGR-12"})
  void register_refusesTheHostNameOfAnotherIdentityInAnySpelling() {
    register(A, "scheduler-a", ADDRESS);
    var other = scheduler("east", "b");

    assertRefused(Reason.CALLER_NOT_ALLOWED, () -> register(other, "scheduler-a", ADDRESS));
    assertRefused(Reason.CALLER_NOT_ALLOWED, () -> register(at(other, "10.1.0.9"), "scheduler-a", "10.1.0.9"));
    assertRefused(Reason.CALLER_NOT_ALLOWED, () -> register(other, "Scheduler-A.", ADDRESS));
    assertThat(all()).hasSize(1);
  }

  @Test
  @Threat({"S-MGR-12"})
  void register_byManyAtOnceHasOneWinner() throws Exception {
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Callable<Boolean>> rivals =
          IntStream.range(0, 8).<Callable<Boolean>>mapToObj(i -> () -> wins(scheduler("east", "rival-" + i))).toList();

      long winners = 0;
      for (Future<Boolean> rival : threads.invokeAll(rivals, 30, TimeUnit.SECONDS)) {
        winners += rival.get() ? 1 : 0;
      }

      assertThat(winners).isEqualTo(1);
      assertThat(all()).hasSize(1);
    }
  }

  private boolean wins(Caller rival) {
    try {
      register(rival, "scheduler-a", ADDRESS);
      return true;
    } catch (Refused e) {
      return false;
    }
  }

  @Test
  @Threat({"S-MGR-9", "S-MGR-12"})
  void register_refusesAnotherCluster() {
    assertRefused(Reason.CALLER_NOT_ALLOWED, () -> register(scheduler("west", "a"), "scheduler-a", ADDRESS));
    assertThat(all()).isEmpty();
  }

  @Test
  void register_takesTheSameHostNameInAnotherCluster() {
    register(A, "scheduler-a", ADDRESS);
    var west = scheduler("west", "a");

    var row = manager.schedulers.register(west, manager.west.id(), registration("scheduler-a", ADDRESS));

    assertThat(row.cluster()).isEqualTo(manager.west.id());
    assertThat(all()).hasSize(1);
  }

  @Test
  @Threat({"S-MGR-12"})
  void register_refusesAnAddressThatIsNotTheCallers() {
    assertRefused(Reason.CALLER_NOT_ALLOWED, () -> register(A, "scheduler-a", "10.1.0.6"));
    assertRefused(Reason.CALLER_NOT_ALLOWED, () -> register(at(A, "0.0.0.0"), "scheduler-a", "0.0.0.0"));
  }

  @Test
  void register_takesAnAddressInANetworkOfTheCluster() {
    assertThat(register(A, "scheduler-a", "10.2.7.7").said().ip()).isEqualTo(IpAddress.parse("10.2.7.7"));
  }

  @Test
  void register_isBoundedPerIdentity() {
    for (int i = 0; i < Membership.MAX_PER_IDENTITY; i++) {
      register(A, "scheduler-" + i, ADDRESS);
    }

    assertRefused(Reason.LIMIT_EXCEEDED, () -> register(A, "one-too-many", ADDRESS));
    assertThat(register(A, "scheduler-0", ADDRESS).id()).isEqualTo(1);
  }

  @Test
  void register_isBoundedPerCluster() {
    for (int i = 0; i < 128; i++) {
      register(scheduler("east", "s" + i), "host-" + i, ADDRESS);
    }

    assertRefused(Reason.LIMIT_EXCEEDED, () -> register(A, "one-too-many", ADDRESS));
  }

  @Test
  @Threat("S-MGR-7")
  void register_withoutAnAuditRecordLeavesNoRow() {
    manager.audit.willFail(true);

    assertThatThrownBy(() -> register(A, "scheduler-a", ADDRESS)).isInstanceOf(AuditUnavailable.class);
    assertThat(all()).isEmpty();
  }

  @Test
  void find_givesTheRowRegisteredLastWithClusterAndSeeds() {
    register(A, "scheduler-a", ADDRESS);
    var last = register(at(A, "10.1.0.6"), "scheduler-a", "10.1.0.6");
    var seed = seed("east", "seed-a");
    var seedRow = manager.seeds.register(seed, manager.east.seeds(), TestManager.seed("seed-a", ADDRESS));

    var found = manager.schedulers.find(A, manager.east.id(), new HostName("scheduler-a"));

    assertThat(found).isEqualTo(new Advertised(last, manager.east, List.of(seedRow)));
  }

  @Test
  @Threat({"S-MGR-12"})
  void find_tellsNobodyAboutAnothersRow() {
    register(A, "scheduler-a", ADDRESS);
    var host = new HostName("scheduler-a");

    assertRefused(
        Reason.SCHEDULER_UNKNOWN, () -> manager.schedulers.find(scheduler("east", "b"), manager.east.id(), host));
    assertRefused(
        Reason.CALLER_NOT_ALLOWED, () -> manager.schedulers.find(scheduler("west", "a"), manager.east.id(), host));
    assertRefused(
        Reason.SCHEDULER_UNKNOWN, () -> manager.schedulers.find(A, manager.east.id(), new HostName("scheduler-b")));
  }

  @Test
  @Threat({"S-MGR-9"})
  void lists_nameOnlyTheCallersCluster() {
    register(A, "scheduler-a", ADDRESS);
    manager.live.begin(A.id(), manager.place("scheduler-a", ADDRESS));
    var stranger = peer("west", "node-1");
    var nobody = peer("nowhere", "node-1");

    assertRefused(Reason.CALLER_NOT_ALLOWED, () -> manager.schedulers.all(stranger, manager.east.id()));
    assertThat(manager.schedulers.suited(stranger, PLACE)).isEmpty();
    assertThat(manager.schedulers.suited(nobody, PLACE)).isEmpty();
    assertThat(manager.schedulers.suited(PEER, PLACE)).hasSize(1);
  }

  @Test
  void suited_givesActiveSchedulersThatSchedule() {
    register(A, "idle", ADDRESS);
    manager.schedulers.register(
        A, manager.east.id(), registration("preheater", ADDRESS, new Features(List.of("preheat"))));
    manager.live.begin(A.id(), manager.place("preheater", ADDRESS));

    var fallback = manager.schedulers.suited(PEER, PLACE);
    register(A, "busy", ADDRESS);
    manager.live.begin(A.id(), manager.place("busy", ADDRESS));
    var found = manager.schedulers.suited(PEER, PLACE);

    assertThat(fallback).extracting(a -> a.scheduler().said().host().value()).containsExactly("preheater");
    assertThat(found).extracting(a -> a.scheduler().said().host().value()).containsExactly("busy");
  }

  @Test
  void features_refuseWhatIsNoName() {
    for (var names : List.of(List.of(""), List.of("a", "a"), List.of("A"), List.of("a".repeat(33)), List.of("a b"))) {
      assertThatThrownBy(() -> new Features(names)).hasMessageContaining("at most 16 different names");
    }
  }

  @Test
  void interval_isReadFromTheDocumentOfTheWire() {
    assertThat(interval("{\"manager_keep_alive_interval\":5000000000}")).isEqualTo(KeepAliveInterval.DEFAULT);
    assertThat(interval("")).isEqualTo(KeepAliveInterval.DEFAULT);
    for (String bad :
        List.of(
            "{\"manager_keep_alive_interval\":0}",
            "{\"manager_keep_alive_interval\":-5000000000}",
            "{\"manager_keep_alive_interval\":9223372036854775807}",
            "{\"manager_keep_alive_interval\":92233720368547758080}",
            "{\"manager_keep_alive_interval\":\"5s\"}",
            "{\"other\":1}",
            "{",
            " ".repeat(20_000))) {
      assertThatThrownBy(() -> interval(bad)).isNotInstanceOf(RequestFailure.class).hasNoCause();
    }
  }

  private static KeepAliveInterval interval(String json) {
    return KeepAliveInterval.read(json.getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }
}
