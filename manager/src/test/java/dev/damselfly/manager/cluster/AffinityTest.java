package dev.damselfly.manager.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.damselfly.authz.egress.Cidr;
import dev.damselfly.manager.address.HostName;
import dev.damselfly.manager.address.IpAddress;
import dev.damselfly.manager.document.TextPattern;
import java.util.List;
import org.assertj.core.data.Offset;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class AffinityTest {
  private static final Offset<Double> EXACT = within(1e-9);
  private static final Locality PEER =
      new Locality(new HostName("node-7.lab"), IpAddress.parse("10.9.1.2"), "idc-2", "eu|de|be|r1|s4");

  @Test
  void score_addsCidrAndIdc() {
    var scopes = new Scopes("idc-1|idc-2", "", List.of(Cidr.parse("10.9.0.0/16")), List.of());

    assertThat(Affinity.score(spec("a", scopes, false), PEER)).isCloseTo(0.55, EXACT);
  }

  @Test
  void score_addsHostnameAndPartOfTheLocation() {
    var scopes = new Scopes("", "eu|de|hh", List.of(), List.of(TextPattern.parse("^node-[0-9]+")));

    assertThat(Affinity.score(spec("a", scopes, false), PEER)).isCloseTo(0.356, EXACT);
  }

  @Test
  void score_ofNothingIsTheDefaultAlone() {
    assertThat(Affinity.score(spec("a", Scopes.NONE, true), PEER)).isCloseTo(0.01, EXACT);
    assertThat(Affinity.score(spec("a", Scopes.NONE, false), PEER)).isZero();
  }

  @Test
  void score_ofEverythingIsOne() {
    var scopes =
        new Scopes("IDC-2", "EU|de|be|r1|s4", List.of(Cidr.parse("10.9.1.2/32")), List.of(TextPattern.parse("lab$")));

    assertThat(Affinity.score(spec("a", scopes, true), PEER)).isCloseTo(1.0, EXACT);
  }

  @Test
  void location_countsLeadingElementsOnlyAndAtMostFive() {
    assertThat(location("xx|de|be|r1|s4", "eu|de|be|r1|s4")).isZero();
    assertThat(location("a|b|c|d|e|f", "a|b|c|d|e|g")).isCloseTo(0.14, EXACT);
    assertThat(location("eu", "eu|de")).isCloseTo(0.14 * 0.2, EXACT);
    assertThat(location("", "eu")).isZero();
  }

  private static double location(String scope, String location) {
    var scopes = new Scopes("", scope, List.of(), List.of());
    return Affinity.score(
        spec("a", scopes, false), new Locality(PEER.host(), PEER.ip(), "", location));
  }

  @Test
  void ranked_putsTheBestFirstAndTiesById() {
    var near = new Scopes("", "", List.of(Cidr.parse("10.0.0.0/8")), List.of());
    var first = cluster(1, spec("first", Scopes.NONE, false));
    var second = cluster(2, spec("second", Scopes.NONE, false));
    var standard = cluster(3, spec("standard", Scopes.NONE, true));
    var best = cluster(4, spec("best", near, false));

    var ranked = Affinity.ranked(List.of(second, standard, best, first), PEER);

    assertThat(ranked).containsExactly(best, standard, first, second);
  }

  private static Cluster cluster(long id, ClusterSpec spec) {
    return new Cluster(new ClusterId(id), new SeedClusterId(id), spec);
  }

  private static ClusterSpec spec(String name, Scopes scopes, boolean isDefault) {
    return new ClusterSpec(new ClusterName(name), "", isDefault, scopes, ClusterLimits.DEFAULT, List.of());
  }
}
