package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;

import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.url.DefaultFilter;
import dev.damselfly.api.wire.common.v2.Download;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// The task ids that an unmodified upstream client computes are ours: each download is of a URL of its own, and what the
/// client registers at a scheduler is compared with what we make of the same request.
@NullMarked
@Tag("real")
@Timeout(400)
class UpstreamTaskIdsTest {
  private static final int AT_ONCE = 4;
  private static final long PIECE = 8 << 20;

  private static final List<String> PATHS =
      List.of("a", "A.b-c_d~e", "a%20b", "x/../y", "x/./y", "x/%2e%2E/y", "//double", "%7Etilde", "%c3%a4", "a;p=1", "a+b", "a=b&c", "%41");
  private static final List<String> QUERIES =
      List.of(
          "", "?", "?a=1", "?b=2&a=1", "?b=2&a=1&Expires=9", "?flag", "?a=2&a=1&B=3", "?q=a~b*c", "?X-Amz-Date=1&k=v", "?x-amz-date=1",
          "?ns=docker.io&a=1", "?a=1;b=2", "?a=1;x&b=2", "?a=%2B%20+", "?=v&a=1", "?a=%zz", "?a=1%2", "?k=%E4%B8%AD", "?a=%FF",
          "?x=1#frag", "?&&a=1&", "?a=b=c", "?Signature=s", "?%61=1&b=2");

  private Path home = Path.of("/nowhere");

  /// One download as the user asks for it.
  ///
  /// @param filtered empty for the default list
  private record Ask(String url, List<String> filtered, String tag, String application, long pieceLength, String key) {
    List<String> flags() {
      var flags = new ArrayList<String>();
      filtered.forEach(name -> flags.add("--filtered-query-param=" + name));
      add(flags, "--tag=", tag);
      add(flags, "--application=", application);
      add(flags, "--content-for-calculating-task-id=", key);
      add(flags, "--piece-length=", pieceLength == 0 ? "" : (pieceLength >> 20) + "mib");
      flags.add("--scheduling-policy=always");
      return flags;
    }

    private static void add(List<String> flags, String name, String value) {
      if (!value.isEmpty()) {
        flags.add(name + value);
      }
    }

    /// What of the URL is its own, however the tool writes the rest.
    String mark() {
      var number = Pattern.compile("/ids/[a-z0-9]+/?").matcher(url);
      return number.find() ? number.group() : url;
    }

    Download download() {
      var download =
          Download.newBuilder()
              .setUrl(url)
              .setTag(tag)
              .setApplication(application)
              .addAllFilteredQueryParams(filtered.isEmpty() ? DefaultFilter.NAMES : filtered);
      if (pieceLength > 0) {
        download.setPieceLength(pieceLength);
      }
      if (!key.isEmpty()) {
        download.setContentForCalculatingTaskId(key);
      }
      return download.build();
    }
  }

  @BeforeEach
  void makeHome() throws IOException {
    Dfdaemon.require();
    home = Files.createTempDirectory("df");
  }

  @AfterEach
  void clean() throws IOException {
    Homes.delete(home);
  }

  /// Each with a number of its own in the path, so that none is in the client's cache.
  private static List<Ask> asks(Nginx origin) {
    var asks = new ArrayList<Ask>();
    for (String path : PATHS) {
      for (String query : QUERIES) {
        if (asks.size() % 2 == 0 || path.equals("a")) { // about half of all pairs; each path and each query several times
          asks.add(ask(origin, asks.size(), path + query, List.of(), "", ""));
        } else {
          asks.add(ask(origin, asks.size(), path + query, List.of("a", "k"), "", ""));
        }
      }
    }
    for (String tag : List.of("", "t", "a tag", "ä", "tt")) {
      for (String application : List.of("", "app", "tapp")) {
        for (List<String> filtered : List.of(List.<String>of(), List.of("zz"), List.of("a", "b"))) {
          asks.add(ask(origin, asks.size(), "l?b=1&a=2&c=3", filtered, tag, application));
        }
      }
    }
    String url = origin.url("/ids/");
    asks.add(new Ask(url + "p1", List.of(), "", "", PIECE, ""));
    asks.add(new Ask(url + "p2?a=1", List.of(), "t", "app", 2 * PIECE, ""));
    asks.add(new Ask(url + "k1", List.of(), "", "", 0, "a key of the content"));
    asks.add(new Ask(url + "k2", List.of(), "t", "app", PIECE, "another"));
    asks.add(new Ask("HTTP://127.0.0.1:" + origin.port() + "/ids/h1", List.of(), "", "", 0, ""));
    asks.add(new Ask("http://user:word@127.0.0.1:" + origin.port() + "/ids/h2", List.of(), "", "", 0, ""));
    asks.add(new Ask("http://127.1:" + origin.port() + "/ids/h3", List.of(), "", "", 0, ""));
    asks.add(new Ask("http://0x7f.0.0.1:" + origin.port() + "/ids/h4?b=1&a=1", List.of(), "", "", 0, ""));
    return asks;
  }

  private static Ask ask(Nginx origin, int number, String rest, List<String> filtered, String tag, String application) {
    return new Ask(origin.url("/ids/" + number + "/" + rest), filtered, tag, application, 0, "");
  }

  @Test
  void idsOfTheRealClient_areOurs() throws Exception {
    try (var origin = Nginx.start(home.resolve("n"), "location /ids/ { try_files /tiny =404; } location /v2/ { try_files /tiny =404; }");
        var legacy = LegacyCluster.start(home, List.of(), false);
        var client = legacy.daemon("u1", Map.of())) {
      Files.writeString(origin.file("tiny"), "tiny");
      List<Ask> asks = asks(origin);
      assertThat(asks).hasSizeGreaterThan(300);
      long began = System.nanoTime();

      fetchAll(client, asks);
      List<Download> proxied = fetchThroughTheProxy(origin, client);

      for (Ask ask : asks) {
        assertIsOurs(legacy, ask.download(), ask.mark());
      }
      for (Download download : proxied) {
        assertIsOurs(legacy, download, download.getUrl());
      }
      System.out.printf(
          "%d task ids of the real client are ours, after %d ms%n", asks.size() + proxied.size(), (System.nanoTime() - began) / 1_000_000);
    }
  }

  private void fetchAll(Dfdaemon client, List<Ask> asks) throws Exception {
    var tasks = new ArrayList<Callable<Command.Result>>();
    for (Ask ask : asks) {
      Path file = home.resolve("out-" + tasks.size());
      tasks.add(() -> Command.await(client.get(ask.url(), file, ask.flags().toArray(String[]::new))));
    }
    try (var few = Executors.newFixedThreadPool(AT_ONCE)) {
      List<Future<Command.Result>> results = few.invokeAll(tasks);
      for (int i = 0; i < results.size(); i++) {
        Command.Result result = results.get(i).get();
        assertThat(result.code()).as("%s: %s", asks.get(i), result.all()).isZero();
      }
    }
  }

  /// Blobs and manifests of a registry: by digest, and by tag.
  private static List<Download> fetchThroughTheProxy(Nginx origin, Dfdaemon client) throws IOException {
    var random = new Random(20261126);
    var downloads = new ArrayList<Download>();
    for (int i = 0; i < 24; i++) {
      byte[] digest = new byte[32];
      random.nextBytes(digest);
      String by = i % 4 == 3 ? "tag-" + i : "sha256:" + HexFormat.of().formatHex(digest);
      String url = origin.url("/v2/lib/app-" + i + (i % 4 == 0 ? "/blobs/" : "/manifests/") + by + (i % 3 == 0 ? "?ns=docker.io" : ""));
      String tag = i % 5 == 0 ? "t" + i : "";
      var headers = new ArrayList<>(List.of("X-Dragonfly-Use-P2P: true", "X-Dragonfly-Scheduling-Policy: always"));
      if (!tag.isEmpty()) {
        headers.add("X-Dragonfly-Tag: " + tag);
      }
      String answer = client.proxied(url, headers.toArray(String[]::new));
      assertThat(answer).as(url).startsWith("HTTP/1.1 200").endsWith("tiny");
      var download =
          Download.newBuilder()
              .setUrl(url)
              .setTag(tag)
              .addAllFilteredQueryParams(DefaultFilter.NAMES)
              .setEnableTaskIdBasedBlobDigest(true)
              .build();
      assertThat(answer.toLowerCase(java.util.Locale.ROOT)).contains("x-dragonfly-task-id: " + TaskTuple.of(download).id().value());
      downloads.add(download);
    }
    return downloads;
  }

  private static void assertIsOurs(LegacyCluster legacy, Download download, String mark) throws InterruptedException {
    Wiretap.Announcement seen =
        legacy
            .tap()
            .await(
                "a registration of " + download.getUrl(),
                one ->
                    one.said().getFirst().getRegisterPeerRequest().getDownload().getUrl().contains(mark)
                        && one.endNanos().isPresent());
    Download said = seen.said().getFirst().getRegisterPeerRequest().getDownload();
    assertThat(said.getFilteredQueryParamsList()).isEqualTo(download.getFilteredQueryParamsList());
    assertThat(seen.task()).as(download.getUrl()).isEqualTo(TaskTuple.of(download).id().value());
    boolean secret = download.getUrl().contains("@"); // a user's word in it is a credential: the client stays alone with it
    assertThat(seen.heard().isEmpty()).as("what the scheduler made of %s", download.getUrl()).isEqualTo(secret);
  }
}
