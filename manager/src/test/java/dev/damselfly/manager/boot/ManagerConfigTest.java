package dev.damselfly.manager.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.config.ConfigProblems;
import dev.damselfly.authz.config.ConfigReader;
import dev.damselfly.authz.egress.Cidr;
import dev.damselfly.manager.address.IpAddress;
import dev.damselfly.manager.application.ApplicationSpec.Priority;
import dev.damselfly.manager.application.ApplicationSpec.UrlPriority;
import dev.damselfly.manager.application.ApplicationSpec;
import dev.damselfly.manager.cluster.ClusterLimits;
import dev.damselfly.manager.cluster.ClusterName;
import dev.damselfly.manager.cluster.ClusterSpec;
import dev.damselfly.manager.cluster.Scopes;
import dev.damselfly.manager.document.TextPattern;
import dev.damselfly.manager.fixture.TestManager;
import dev.damselfly.manager.store.DatabaseLocation;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class ManagerConfigTest {
  private static final String SHORTEST =
      """
      listen: 127.0.0.1:65003
      database: /var/lib/damselfly/manager
      clusters:
        - name: cluster-1
      """;

  private static ManagerConfig read(String yaml) throws ConfigProblems {
    var reader = ConfigReader.parse(yaml.getBytes(StandardCharsets.UTF_8));
    var config = ManagerConfig.read(reader);
    reader.finish();
    return config;
  }

  @Test
  void read_takesDefaultsForWhatIsNotSaid() throws Exception {
    var config = read(SHORTEST);

    var cluster =
        new ClusterSpec(
            new ClusterName("cluster-1"), "", false, Scopes.NONE, new ClusterLimits(3, 15, 200, 2000), List.of());
    assertThat(config)
        .isEqualTo(
            new ManagerConfig(
                new InetSocketAddress(IpAddress.parse("127.0.0.1").value(), 65003),
                new DatabaseLocation.Directory(Path.of("/var/lib/damselfly/manager")),
                List.of(cluster),
                List.of()));
  }

  @Test
  void read_takesEveryKey() throws Exception {
    var config =
        read(
            """
            listen: "[::1]:0"
            database: /srv/m
            clusters:
              - name: a
                bio: first
                default: true
                candidate-parent-limit: 4
                filter-parent-limit: 20
                load-limit: 100
                seed-load-limit: 3000
                member-networks: [10.2.0.0/16]
                scopes:
                  idc: i1|i2
                  location: eu|de
                  cidrs: [10.9.0.0/16]
                  hostnames: ["^n[0-9]"]
              - name: b
            applications:
              - name: app
                url: https://app.example/
                bio: about
                priority:
                  value: 3
                  urls:
                    - regex: "[.]iso$"
                      value: 5
            """);

    assertThat(config.clusters().getFirst())
        .isEqualTo(
            new ClusterSpec(
                new ClusterName("a"),
                "first",
                true,
                new Scopes("i1|i2", "eu|de", List.of(Cidr.parse("10.9.0.0/16")), List.of(TextPattern.parse("^n[0-9]"))),
                new ClusterLimits(4, 20, 100, 3000),
                List.of(Cidr.parse("10.2.0.0/16"))));
    assertThat(config.applications())
        .containsExactly(
            new ApplicationSpec(
                "app",
                "https://app.example/",
                "about",
                new Priority(3, List.of(new UrlPriority(TextPattern.parse("[.]iso$"), 5)))));
    assertThat(config.listen()).isEqualTo(new InetSocketAddress(IpAddress.parse("::1").value(), 0));
  }

  @Test
  void read_reportsAllProblemsTogether() {
    assertThatThrownBy(
            () ->
                read(
                    """
                    listen: localhost:65003
                    database: relative
                    secret: x
                    clusters:
                      - name: a/b
                        candidate-parent-limit: 21
                        member-networks: [10.0.0.1/8]
                        scopes: {hostnames: ["("]}
                    applications:
                      - name: app
                        url: none
                    """))
        .isInstanceOfSatisfying(
            ConfigProblems.class,
            e ->
                assertThat(e.problems())
                    .extracting(problem -> problem.substring(0, problem.indexOf(": ")))
                    .containsExactlyInAnyOrder(
                        "listen",
                        "database",
                        "secret",
                        "clusters[0].name",
                        "clusters[0].candidate-parent-limit",
                        "clusters[0].member-networks[0]",
                        "clusters[0].scopes.hostnames[0]",
                        "applications[0].name"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "clusters: []",
        "clusters: [{name: a}, {name: a}]",
        "clusters: [{name: a, default: true}, {name: b, default: true}]",
        "clusters: [{name: ..}]",
        "clusters: [{name: a, memory: true}]",
        "clusters: [{name: a, load-limit: 2001}]"
      })
  void read_refusesClustersThatDoNotFit(String clusters) {
    assertThatThrownBy(() -> read("listen: 127.0.0.1:1\ndatabase: /d\n" + clusters)).isInstanceOf(ConfigProblems.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "127.0.0.1", ":1", "127.0.0.1:65536", "127.0.0.1:01", "::1:1", "[127.0.0.1]:1", "[]:1", "127.0.0.1:"
      })
  void read_refusesAddressesThatAreNotExact(String listen) {
    assertThatThrownBy(() -> read(SHORTEST.replace("127.0.0.1:65003", "\"" + listen + "\"")))
        .hasMessageStartingWith("listen: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/d;INIT=x", "/d/../e", "relative", "/a b", "mem:x", "/d?x", "/d\\0", "~/d"})
  void read_refusesDatabasePathsThatCouldBecomeSettings(String path) {
    assertThatThrownBy(() -> read(SHORTEST.replace("/var/lib/damselfly/manager", "\"" + path + "\"")))
        .hasMessageStartingWith("database: ");
  }

  @Test
  void config_refusesScopesThatWouldFillAnswers() {
    var patterns = IntStream.range(0, 64).mapToObj(i -> TextPattern.parse("a".repeat(200) + i)).toList();
    var base = TestManager.cluster("a");

    assertThatThrownBy(
            () ->
                new ClusterSpec(
                    base.name(), "", false, new Scopes("", "", List.of(), patterns), base.limits(), List.of()))
        .isInstanceOf(InvalidValue.class);
  }
}
