package dev.damselfly.peer.proxy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.authz.config.ConfigProblems;
import dev.damselfly.authz.config.ConfigReader;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class ProxyConfigTest {
  private static Optional<ProxyConfig> read(String yaml) throws ConfigProblems {
    var reader = ConfigReader.parse(yaml.getBytes(StandardCharsets.UTF_8));
    var config =
        ProxyConfig.read(
            reader, text -> new InetSocketAddress(text.substring(0, text.indexOf(' ')), Integer.parseInt(text.substring(text.indexOf(' ') + 1))));
    reader.finish();
    return config;
  }

  @Test
  void mirror_isOffUnlessItStandsThere() throws ConfigProblems {
    assertThat(read("{}")).isEmpty();
  }

  @Test
  void values_areReadInOneSpelling() throws ConfigProblems {
    var config =
        read("proxy: {listen: 127.0.0.1 5, upstreams: [{name: docker.io, url: \"https://registry-1.docker.io/\", realms: [\"https://auth.docker.io:443\"], default: true}, {name: \"localhost:5000\", url: \"http://[::1]:5000\"}]}")
            .orElseThrow();

    assertThat(config.listen().getPort()).isEqualTo(5);
    assertThat(config.upstreams().get(0).url()).isEqualTo("https://registry-1.docker.io");
    assertThat(config.upstreams().get(0).realms()).containsExactly("https://auth.docker.io");
    assertThat(config.upstreams().get(0).standard()).isTrue();
    assertThat(config.upstreams().get(1).url()).isEqualTo("http://[::1]:5000");
  }

  @Test
  void problems_areReportedTogether() {
    assertThatThrownBy(
            () ->
                read(
                    """
                    proxy:
                      listen: 10.0.0.1 5
                      upstream: x
                      upstreams:
                        - {name: A, url: "https://a.test/path"}
                        - {name: b, url: "ftp://b.test", default: true}
                        - {name: b, url: "https://user@c.test", default: true}
                        - {name: d, url: "https://d.test", realms: ["http://d.test"], password: x}
                        - {url: "https://d.test"}
                        - {name: "e:", url: "https://e.test", this-host: true}
                      forward:
                        - {name: f, url: "https://f.test", swarm: ["/a", "/../", "/%2e/"], callers: [x]}
                    """))
        .isInstanceOfSatisfying(
            ConfigProblems.class,
            e ->
                assertThat(String.join("\n", e.problems()))
                    .contains("proxy.listen: must be a loopback address")
                    .contains("proxy.upstream: unknown key")
                    .contains("proxy.upstreams[0].name", "proxy.upstreams[0].url")
                    .contains("proxy.upstreams[1].url", "proxy.upstreams[2].url")
                    .contains("proxy.upstreams[3].realms: must be https", "proxy.upstreams[3].password: unknown key")
                    .contains("proxy.upstreams[4].name: is required")
                    .contains("proxy.upstreams[5].name", "proxy.upstreams[5].this-host: has no meaning without proxy.callers")
                    .contains("proxy.forward: is for a proxy with callers", "proxy.forward[0].callers")
                    .contains("proxy.forward[0].swarm[0]", "proxy.forward[0].swarm[1]", "proxy.forward[0].swarm[2]")
                    .contains("a name must not stand twice", "a url must not stand twice", "only one can be the default")
                    .doesNotContain("10.0.0.1", "user@"));
    assertThatThrownBy(() -> read("proxy: {}")).isInstanceOfSatisfying(
        ConfigProblems.class,
        e -> assertThat(e.problems()).contains("proxy.listen: is required", "proxy.upstreams: at least one is required"));
  }

  @Test
  void name_isAHost() throws ConfigProblems {
    for (String good : new String[] {"docker.io", "localhost:5000", "a-b.c_d".replace('_', '-'), "127.0.0.1:1", "[::1]:65535", "[2001:db8::1]", "xn--a.test"}) {
      assertThat(read("proxy: {listen: 127.0.0.1 5, upstreams: [{name: \"" + good + "\", url: \"https://a.test\"}]}")).as(good).isPresent();
    }
    for (String bad : new String[] {
      "a..b", ".a", "a.", "-a", "a-", "a.-b", "a_b", "A", "a:", "a:0", "a:01", "a:65536", "a:1:2", "::1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4",
      "[::1", "[::1]x", "[0::0::1]", "[::A]", "[::1%1]", "[1.2.3.4]:", "[1.2.3.4]", "a/b", "a b", "a.".repeat(126) + "ab", "x".repeat(64), ""
    }) {
      assertThatThrownBy(() -> read("proxy: {listen: 127.0.0.1 5, upstreams: [{name: \"" + bad + "\", url: \"https://a.test\"}]}"))
          .as(bad)
          .isInstanceOfSatisfying(ConfigProblems.class, e -> assertThat(e.problems()).singleElement().asString().contains("proxy.upstreams[0].name: must be a host"));
    }
  }
}
