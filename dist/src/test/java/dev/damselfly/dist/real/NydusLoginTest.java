package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.assurance.Threat;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Base64;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Nydus images of a registry that wants tokens, which come through the mirror for the user's own credentials.
@NullMarked
@Tag("real")
@Timeout(300)
class NydusLoginTest {
  private static final String CONTENT = "for alice alone";

  private static final Deque<AutoCloseable> STARTED = new ArrayDeque<>();

  private static Path home = Path.of("/nowhere");
  private static TokenRegistry registry;
  private static Cluster cluster;

  @BeforeAll
  static void start() throws Exception {
    home = Files.createTempDirectory("df");
    Registry store = Registry.start(home.resolve("store"));
    STARTED.push(store);
    NydusImages.publish(store, "lib/private", new TreeMap<>(Map.of("file", CONTENT.getBytes(StandardCharsets.US_ASCII))));
    registry = TokenRegistry.start(home.resolve("registry"), home.resolve("store/data"));
    STARTED.push(registry);
    Map<String, String> settings = Map.of("p1", settings(", realms: [\"" + registry.realm() + "\"]"), "p2", settings(""));
    cluster = Cluster.start(home, Cluster.Plan.of(List.of("p1", "p2")).withSettings(settings));
    STARTED.push(cluster);
  }

  private static String settings(String realms) {
    return Cluster.Plan.LOOPBACK
        + ", proxy: {listen: \"127.0.0.1:0\", upstreams: [{name: private.test, url: \"%s\"%s}]}".formatted(registry.url(), realms);
  }

  @AfterAll
  static void stop() throws Exception {
    while (!STARTED.isEmpty()) {
      STARTED.pop().close();
    }
    Homes.delete(home);
  }

  private static String word(String password) {
    return Base64.getEncoder().encodeToString((Registry.USER + ":" + password).getBytes(StandardCharsets.US_ASCII));
  }

  private static Path auths(String name, String password) throws IOException {
    String entry = "{\"auth\":\"" + word(password) + "\"}";
    return Files.writeString(home.resolve(name + ".json"), "{\"auths\":{\"private.test\":" + entry + "}}");
  }

  private static Command.Result cat(String cache, String node, String... more) throws Exception {
    var words = Stream.of("nydus", "cat", "private.test/lib/private:v1", "/file", "--mirror", "http://127.0.0.1:" + cluster.mirrorPort(node));
    return new Command(home, Map.of("DAMSELFLY_HOME", home.resolve("cli-" + cache).toString()))
        .run(Stream.concat(words, Arrays.stream(more)).toArray(String[]::new));
  }

  @Test
  @Threat({"S-NYD-5", "S-PXY-4", "S-PXY-10"})
  void privateImage_isRead_withATokenForTheUsersCredentials() throws Exception {
    int before = registry.asked().size();

    Command.Result read = cat("alice", "p1", "--authfile", auths("alice", Registry.PASSWORD).toString());

    assertThat(read.code()).as(read.all() + cluster.log("p1")).isZero();
    assertThat(read.out()).isEqualTo(CONTENT);
    List<String> asked = registry.asked();
    assertThat(asked.subList(before, asked.size())).containsExactly("service=registry+of+the+test&scope=repository:lib/private:pull");
    assertThat(cluster.audited("p1")).contains("private.test/token:lib/private");
    requireNoSecretIn(read.err() + cluster.log("p1") + cluster.audited("p1"));
  }

  @Test
  @Threat("S-NYD-5")
  void otherCredentials_andNone_areRefused() throws Exception {
    Command.Result wrong = cat("wrong", "p1", "--authfile", auths("wrong", "not-her-password").toString());
    Command.Result none = cat("none", "p1", "--authfile", Files.writeString(home.resolve("none.json"), "{}").toString());

    for (Command.Result refused : List.of(wrong, none)) {
      assertThat(refused.code()).as(refused.all()).isEqualTo(3);
      assertThat(refused.out()).isEmpty();
      assertThat(refused.err()).contains("--authfile");
    }
    assertThat(wrong.all() + cluster.log("p1") + cluster.audited("p1")).doesNotContain("not-her-password", word("not-her-password"));
  }

  @Test
  @Threat({"S-NYD-5", "S-PXY-4"})
  void tokenServiceThatTheConfigurationDoesNotName_getsNoCredentials() throws Exception {
    int before = registry.asked().size();

    Command.Result refused = cat("stranger", "p2", "--authfile", auths("stranger", Registry.PASSWORD).toString());

    assertThat(refused.code()).as(refused.all()).isNotZero();
    assertThat(refused.err()).contains("proxy.upstreams.realms");
    assertThat(registry.asked()).hasSize(before);
    requireNoSecretIn(refused.all() + cluster.log("p2") + cluster.audited("p2"));
  }

  private static void requireNoSecretIn(String text) {
    assertThat(text).doesNotContain(Registry.PASSWORD, word(Registry.PASSWORD));
    assertThat(registry.given()).noneMatch(text::contains);
  }
}
