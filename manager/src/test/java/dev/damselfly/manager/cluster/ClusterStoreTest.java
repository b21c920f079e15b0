package dev.damselfly.manager.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.authz.block.BlockList;
import dev.damselfly.authz.block.BlockRules;
import dev.damselfly.authz.block.UrlPattern;
import dev.damselfly.authz.egress.Cidr;
import dev.damselfly.authz.testing.ManualClock;
import dev.damselfly.manager.document.TextPattern;
import dev.damselfly.manager.fixture.TestCallers;
import dev.damselfly.manager.fixture.TestManager;
import dev.damselfly.manager.store.Database;
import dev.damselfly.manager.store.DatabaseLocation;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class ClusterStoreTest {
  private static final ClusterSpec FULL =
      new ClusterSpec(
          new ClusterName("full"),
          "all of it",
          true,
          new Scopes("i1|i2", "eu|de", List.of(Cidr.parse("10.0.0.0/8")), List.of(TextPattern.parse("^n[0-9]"))),
          new ClusterLimits(4, 20, 100, 3000),
          List.of(Cidr.parse("2001:db8::/32")),
          new ClusterBlocks(
              new BlockList(rules("p"), rules("d"), BlockRules.NONE, BlockRules.NONE, BlockRules.NONE),
              new BlockList(rules("s"), BlockRules.NONE, BlockRules.NONE, BlockRules.NONE, BlockRules.NONE)));

  private static BlockRules rules(String name) {
    return new BlockRules(List.of("a" + name), List.of(UrlPattern.parse("^https://" + name + "[.]")), List.of("t"), List.of(-1, 6));
  }

  @Test
  void declare_keepsEveryPartOfACluster() {
    try (var database = Database.open(new DatabaseLocation.Memory("clusterparts"))) {
      List<Cluster> clusters = new ClusterStore(database, ManualClock.somewhere()).declare(List.of(FULL));

      assertThat(clusters).singleElement().extracting(Cluster::spec).isEqualTo(FULL);
    }
  }

  @Test
  void declare_keepsNumbersOfNamesForGood() {
    try (var database = Database.open(new DatabaseLocation.Memory("clusternumbers"))) {
      var store = new ClusterStore(database, ManualClock.somewhere());
      var before = store.declare(List.of(TestManager.cluster("a"), TestManager.cluster("b")));

      var without = store.declare(List.of(TestManager.cluster("b")));
      var again = store.declare(List.of(TestManager.cluster("c"), TestManager.cluster("b"), TestManager.cluster("a")));

      assertThat(before).extracting(c -> c.id().value()).containsExactly(1L, 2L);
      assertThat(without).extracting(c -> c.name().value()).containsExactly("b");
      assertThat(again).extracting(c -> c.name().value()).containsExactly("a", "b", "c");
    }
  }

  @Test
  void documents_haveTheWireKeys() {
    assertThat(ClusterDocuments.config(ClusterLimits.DEFAULT))
        .isEqualTo("{\"candidate_parent_limit\":3,\"filter_parent_limit\":15}");
    assertThat(ClusterDocuments.clientConfig(TestManager.cluster("a"))).isEqualTo("{\"load_limit\":200}");
    assertThat(ClusterDocuments.clientConfig(FULL))
        .isEqualTo(
            "{\"load_limit\":100,\"block_list\":{\"task\":{\"download\":{\"applications\":[\"ap\"],\"urls\":[\"^https://p[.]\"],"
                + "\"tags\":[\"t\"],\"priorities\":[-1,6]}},\"persistent_task\":{\"download\":{\"applications\":[\"ad\"],"
                + "\"urls\":[\"^https://d[.]\"],\"tags\":[\"t\"],\"priorities\":[-1,6]}}}}");
    assertThat(ClusterDocuments.seedClientConfig(FULL))
        .isEqualTo(
            "{\"block_list\":{\"task\":{\"download\":{\"applications\":[\"as\"],\"urls\":[\"^https://s[.]\"],"
                + "\"tags\":[\"t\"],\"priorities\":[-1,6]}}}}");
    assertThat(ClusterDocuments.seedClientConfig(TestManager.cluster("a"))).isEqualTo("{}");
    assertThat(ClusterDocuments.seedConfig(ClusterLimits.DEFAULT)).isEqualTo("{\"load_limit\":2000}");
    assertThat(ClusterDocuments.scopes(Scopes.NONE)).isEqualTo("{}");
    assertThat(ClusterDocuments.scopes(FULL.scopes()))
        .isEqualTo(
            "{\"idc\":\"i1|i2\",\"location\":\"eu|de\",\"cidrs\":[\"10.0.0.0/8\"],\"hostnames\":[\"^n[0-9]\"]}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "null",
        "[]",
        "{\"candidate_parent_limit\":0}",
        "{\"candidate_parent_limit\":21}",
        "{\"filter_parent_limit\":9}",
        "{\"candidate_parent_limit\":\"3\"}",
        "{\"candidate_parent_limit\":3.0}",
        "{\"candidate_parent_limit\":3,\"candidate_parent_limit\":4}",
        "{\"candidateParentLimit\":3}",
        "{\"unknown\":1}",
        "{} {}"
      })
  void limits_refuseDocumentsThatAreNotExact(String config) {
    assertThatThrownBy(() -> ClusterDocuments.limits(config, "{}", "{}")).isInstanceOf(InvalidValue.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"cidrs\":[\"10.0.0.1/8\"]}",
        "{\"cidrs\":[null]}",
        "{\"cidrs\":\"10.0.0.0/8\"}",
        "{\"hostnames\":[\"(\"]}",
        "{\"hostnames\":[\"(?=a)\"]}",
        "{\"idc\":[\"a\"]}"
      })
  void scopes_refuseDocumentsThatAreNotExact(String scopes) {
    assertThatThrownBy(() -> ClusterDocuments.scopes(scopes)).isInstanceOf(InvalidValue.class);
  }

  @Test
  @Threat({"B-35", "F-49"})
  void pattern_isBoundedAndLinear() {
    assertThatThrownBy(() -> TextPattern.parse("a".repeat(1025))).isInstanceOf(InvalidValue.class);
    assertThat(TextPattern.parse("^(a+)+$").matches("a".repeat(50_000) + "!")).isFalse();
  }

  @Test
  @Threat({"S-MGR-9"})
  void requireOwn_refusesForeignAndUnknownClustersAlike() {
    try (var manager = new TestManager()) {
      var caller = TestCallers.peer("east", "node-1");

      var foreign = failure(() -> manager.clusters.requireOwn(caller, manager.west.id()));
      var unknown = failure(() -> manager.clusters.requireOwn(caller, new ClusterId(99)));
      var nowhere = failure(() -> manager.clusters.requireOwn(TestCallers.operator("o"), manager.east.id()));

      assertThat(foreign.reason()).isEqualTo(Reason.CALLER_NOT_ALLOWED);
      assertThat(foreign.safeText()).isEqualTo(unknown.safeText()).isEqualTo(nowhere.safeText());
      assertThat(manager.clusters.requireOwn(caller, manager.east.id())).isEqualTo(manager.east);
    }
  }

  @Test
  @Threat({"B-35"})
  void pattern_isRefusedBeforeItFillsTheMemory() {
    assertThatThrownBy(() -> TextPattern.parse("((((((((a?){9}){9}){9}){9}){9}){9}){9})")).isInstanceOf(InvalidValue.class);
  }

  private static Refused failure(Runnable call) {
    try {
      call.run();
    } catch (Refused e) {
      return e;
    }
    throw new AssertionError("was not refused");
  }
}
