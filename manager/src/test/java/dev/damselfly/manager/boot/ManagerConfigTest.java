package dev.damselfly.manager.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.block.BlockRules;
import dev.damselfly.authz.block.UrlPattern;
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
import org.junit.jupiter.params.provider.CsvSource;
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
  void read_takesBlockListsOfPeersAndSeeds() throws Exception {
    var config =
        read(
            """
            listen: 127.0.0.1:1
            database: /d
            clusters:
              - name: a
                block-list:
                  task:
                    download:
                      applications: [batch]
                      urls: ["^https?://files[.]example[.]org/private/"]
                      tags: [nightly]
                      priorities: [6, -1]
                  persistent-task:
                    upload: {tags: [u]}
                  persistent-cache-task:
                    download: {priorities: [0]}
                seed-block-list:
                  task: {download: {applications: [s]}}
            """);

    var peers = config.clusters().getFirst().blocks().peers();
    assertThat(peers.taskDownload())
        .isEqualTo(
            new BlockRules(
                List.of("batch"),
                List.of(UrlPattern.parse("^https?://files[.]example[.]org/private/")),
                List.of("nightly"),
                List.of(6, -1)));
    assertThat(peers.persistentUpload().tags()).containsExactly("u");
    assertThat(peers.persistentCacheDownload().priorities()).containsExactly(0);
    assertThat(config.clusters().getFirst().blocks().seeds().taskDownload().applications()).containsExactly("s");
  }

  /// Field and rule, never the value.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "task: {download: {urls: ['(SECRET']}}|block-list.task.download.urls[0]: must be a regular expression of RE2",
        "task: {download: {urls: ['SECRET(?=a)']}}|block-list.task.download.urls[0]: must be a regular expression of RE2",
        "task: {download: {urls: ['((SECRET{999}){999}){999}']}}|block-list.task.download.urls[0]: must not repeat more",
        "task: {download: {urls: ['']}}|block-list.task.download.urls[0]: a regular expression has 1 to 1024 characters",
        "task: {download: {applications: [a, '']}}|block-list.task.download.applications[1]: must have 1 to 1024 bytes",
        "task: {download: {tags: [[SECRET]]}}|block-list.task.download.tags[0]: must be a single value",
        "task: {download: {priorities: [2147483648]}}|block-list.task.download.priorities[0]: must be a whole number of 32 bits",
        "task: {download: {priorities: [SECRET]}}|block-list.task.download.priorities[0]: must be a whole number of 32 bits",
        "task: {download: {priorities: [1.0]}}|block-list.task.download.priorities[0]: must be a whole number of 32 bits",
        "task: {upload: {tags: [SECRET]}}|block-list.task.upload: unknown key",
        "persistent-task: {upload: {priorities: [1]}}|block-list.persistent-task.upload.priorities: unknown key",
        "task: {download: {hosts: [SECRET]}}|block-list.task.download.hosts: unknown key",
        "task: [SECRET]|block-list.task: must be a mapping"
      })
  void read_refusesRulesByFieldAndRule(String list, String problem) {
    String file = "listen: 127.0.0.1:1\ndatabase: /d\nclusters: [{name: a, block-list: {" + list + "}}]";

    assertThatThrownBy(() -> read(file))
        .isInstanceOf(ConfigProblems.class)
        .hasMessageContaining("clusters[0]." + problem)
        .hasMessageNotContaining("SECRET");
  }

  @Test
  @Threat({"B-35"})
  void read_boundsBlockLists() {
    var many = IntStream.range(0, 257).mapToObj(i -> "t" + i).toList();
    var large = IntStream.range(0, 250).mapToObj(i -> "t" + "x".repeat(50) + i).toList();
    var slow = IntStream.range(0, 11).mapToObj(i -> "'a{1000}" + i + "'").toList();

    assertRefused("tags", many.toString(), "block-list.task.download.tags: must be a list of at most 256");
    assertRefused("tags", large.toString(), "block-list: a block list has at most 12 KiB");
    assertRefused("urls", slow.toString(), "block-list.task.download: urls: the regular expressions of a list have at most 10000");
  }

  private static void assertRefused(String key, String values, String problem) {
    String file = "listen: 127.0.0.1:1\ndatabase: /d\nclusters: [{name: a, block-list: {task: {download: {" + key + ": " + values + "}}}}]";

    assertThatThrownBy(() -> read(file)).isInstanceOf(ConfigProblems.class).hasMessageContaining("clusters[0]." + problem);
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
