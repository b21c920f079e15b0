package dev.damselfly.fuzz;

import dev.damselfly.peer.proxy.ProxyDesk;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.LastHttpContent;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.http.impl.io.DefaultHttpRequestParser;
import org.apache.hc.core5.http.impl.io.SessionInputBufferImpl;

/// Requests to the registry mirror. The head of a connection is read as two general decoders read it, or refused; what goes
/// on to a server is one request to a configured one, of a caller who may; the answer is one answer, and sends nobody's
/// password elsewhere.
///
/// The bytes after the head are what the registry says in its headers.
final class ProxyRequestFuzz implements Target {
  private static final int ROOM = 1 << 16;
  private static final Set<String> GO_ON = Set.of("authorization", "accept", "user-agent", "if-none-match");
  private static final int[] STATUSES = {200, 401, 304, 404, 403, 206, 500};
  private static final Pattern ANSWER =
      Pattern.compile("HTTP/1\\.1 [2-5][0-9][0-9] [ -~]*\r\n(?:[A-Za-z-]+: [ -~]*\r\n)*\r\n");
  private static final Pattern REALM = Pattern.compile("WWW-Authenticate: Bearer realm=\"([^\"]*)\"");

  private static final Set<String> PLACES =
      Set.of(ProxyDesk.HUB, ProxyDesk.OTHER, ProxyDesk.TOKENS, ProxyDesk.HUB + ":443", ProxyDesk.TOKENS + ":443");

  private static final Set<String> TO_SITES =
      Set.of(
          "authorization", "cookie", "accept", "accept-language", "cache-control", "pragma", "referer", "user-agent", "if-match",
          "if-modified-since", "if-none-match", "if-unmodified-since", "range", "if-range");
  private static final Pattern CALLERS = Pattern.compile("(?:#[^\n]*|[a-z0-9][a-z0-9._-]{0,63}:sha256:[0-9a-f]{64}|)");

  private final ProxyDesk desk = new ProxyDesk(event -> {});
  private final ProxyDesk guarded = ProxyDesk.guarded(event -> {});

  public static void fuzzerTestOneInput(byte[] input) {
    new ProxyRequestFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    requireCallers(input);
    var head = ProxyDesk.read(input);
    Accepted.note(head.isPresent());
    head.ifPresent(read -> compare(read, Arrays.copyOf(input, read.length())));
    int end = ProxyDesk.end(input);
    if (end == 0) {
      return;
    }
    String word = new String(input, end, input.length - end, StandardCharsets.ISO_8859_1);
    int status = STATUSES[input.length % STATUSES.length];
    var told = desk.answer(Arrays.copyOf(input, end), status, word);
    require(head.isPresent() || desk.asked().isEmpty(), "a refused request went on");
    require(head.isPresent() || !told.keepAlive(), "a connection went on after a refused request");
    desk.asked().forEach(ProxyRequestFuzz::requireOneRequest);
    boolean headOnly = head.isPresent() && head.get().method().equals("HEAD");
    requireOneAnswer(told, headOnly);
    requireOneAnswer(guarded.answer(Arrays.copyOf(input, end), status, word), headOnly);
    requireCaller(head);
  }

  /// What goes on from a proxy with callers is a caller's, or for the registry that is open to the host.
  private void requireCaller(Optional<ProxyDesk.Head> head) {
    Optional<String> shown = head.map(read -> read.headers().get("proxy-authorization"));
    boolean known = shown.filter(text -> text.length() > 6 && ("Basic " + text.substring(6)).equals(ProxyDesk.CALLER)).isPresent();
    for (ProxyDesk.Asked asked : guarded.asked()) {
      boolean open = shown.isEmpty() && asked.url().startsWith(ProxyDesk.OTHER) && head.orElseThrow().target().startsWith("/");
      require(known || open, "a stranger's request went on");
      if (asked.url().startsWith(ProxyDesk.FILES)) {
        require(TO_SITES.containsAll(asked.headers().keySet()), "a header went on that must not");
        requireReadable(asked, ProxyDesk.FILES);
      } else {
        requireOneRequest(asked);
      }
    }
  }

  /// A file of callers is accepted when each line is one by the rule, no name or hash stands twice, and somebody is named.
  private static void requireCallers(byte[] file) {
    var names = new HashSet<String>();
    var hashes = new HashSet<String>();
    boolean good = true;
    for (String line : new String(file, StandardCharsets.ISO_8859_1).split("\n", -1)) {
      good &= CALLERS.matcher(line).matches();
      if (!line.isEmpty() && line.charAt(0) != '#') {
        int colon = line.indexOf(':');
        good &= names.add(line.substring(0, Math.max(colon, 0))) && hashes.add(line.substring(colon + 1));
      }
    }
    boolean accepted = good && !names.isEmpty() && names.size() <= 256;
    require(ProxyDesk.callers(file).equals(accepted ? Optional.of(names) : Optional.empty()), "other callers than the file names");
  }

  /// Two readers that were made for servers in general see the same request, and nothing else.
  private static void compare(ProxyDesk.Head ours, byte[] bytes) {
    var channel = new EmbeddedChannel(new HttpRequestDecoder(new HttpDecoderConfig().setMaxInitialLineLength(ROOM).setMaxHeaderSize(ROOM)));
    try {
      channel.writeInbound(Unpooled.wrappedBuffer(bytes));
      HttpRequest first = channel.readInbound();
      require(first != null && first.decoderResult().isSuccess(), "the first reader sees no request");
      require(first.method().name().equals(ours.method()) && same(ours.target(), first.uri()), "the first reader sees another request");
      require(joined(first.headers().entries().stream()).equals(ours.headers()), "the first reader sees other headers");
      Object end = channel.readInbound();
      require(end instanceof LastHttpContent last && last.content().readableBytes() == 0, "the first reader sees a body");
      require(channel.readInbound() == null, "the first reader sees two requests");
    } finally {
      channel.finishAndReleaseAll();
    }
    ClassicHttpRequest second = second(bytes);
    require(second.getMethod().equals(ours.method()), "the second reader sees another method");
    require(same(ours.target(), target(second)), "the second reader sees another target");
    var headers = Stream.of(second.getHeaders()).map(header -> Map.entry(header.getName(), String.valueOf(header.getValue())));
    require(joined(headers).equals(ours.headers()), "the second reader sees other headers");
  }

  private static ClassicHttpRequest second(byte[] bytes) {
    var in = new ByteArrayInputStream(bytes);
    var buffer = new SessionInputBufferImpl(ROOM);
    try {
      ClassicHttpRequest request = new DefaultHttpRequestParser(Http1Config.DEFAULT).parse(buffer, in);
      require(request != null, "the second reader sees no request");
      require(in.available() == 0 && !buffer.hasBufferedData(), "the second reader sees more than a head");
      return request;
    } catch (IOException | HttpException e) {
      throw new AssertionError("the second reader refuses", e);
    }
  }

  /// An empty query is as good as none.
  private static boolean same(String ours, String theirs) {
    return theirs.equals(ours) || theirs.equals(ours + "?");
  }

  private static String target(ClassicHttpRequest request) {
    return (request.getAuthority() == null ? "" : request.getScheme() + "://" + request.getAuthority()) + request.getPath();
  }

  private static Map<String, String> joined(Stream<? extends Map.Entry<String, String>> headers) {
    var all = new HashMap<String, String>();
    headers.forEach(header -> all.merge(header.getKey().toLowerCase(Locale.ROOT), header.getValue().strip(), (a, b) -> a + ", " + b));
    return all;
  }

  private static void requireOneRequest(ProxyDesk.Asked asked) {
    if (asked.url().contains("scope=repository%3A")) {
      requireTokenRequest(asked);
      return;
    }
    String origin = asked.url().startsWith(ProxyDesk.HUB + "/v2/") ? ProxyDesk.HUB : ProxyDesk.OTHER;
    require(asked.url().startsWith(origin + "/v2/"), "a request went to another place");
    String path = asked.url().substring(origin.length()).replaceAll("\\?.*", ""); // a query may hold anything, a tag may hold two dots
    require(!path.contains("//") && !path.contains("%") && asked.url().matches("[!-~]+"), "a path of two readings");
    require(GO_ON.containsAll(asked.headers().keySet()), "a header went on that must not");
    requireReadable(asked, origin);
  }

  private static void requireTokenRequest(ProxyDesk.Asked asked) {
    require(PLACES.contains(place(asked.url())), "credentials went to a strange place");
    require(asked.url().matches("[!-~]+") && asked.url().indexOf('#') < 0, "a place of two readings");
    require(Set.of("authorization", "accept").containsAll(asked.headers().keySet()), "a header went on that must not");
  }

  private static String place(String url) {
    return url.replaceFirst("(?i)^(https?://[^/?#]*).*$", "$1").toLowerCase(Locale.ROOT);
  }

  private static void requireReadable(ProxyDesk.Asked asked, String origin) {
    String path = asked.url().substring(origin.length()).replaceAll("\\?.*", "");
    require(path.startsWith("/") && !(path + "/").toLowerCase(Locale.ROOT).replace("%2e", ".").contains("/../"), "a path of two readings");
    var text = new StringBuilder(asked.method() + " " + asked.url().substring(origin.length()) + " HTTP/1.1\r\nhost: x\r\n");
    asked.headers().forEach((name, value) -> text.append(name).append(": ").append(value).append("\r\n"));
    byte[] bytes = text.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
    var again = ProxyDesk.read(bytes);
    require(again.isPresent() && again.get().length() == bytes.length, "what goes on is not one request");
  }

  private static void requireOneAnswer(ProxyDesk.Told told, boolean headOnly) {
    String head = new String(told.head(), StandardCharsets.ISO_8859_1);
    require(ANSWER.matcher(head).matches(), "no answer, or one that is not well-formed");
    require(!headOnly || told.body().length == 0, "a HEAD with a body");
    boolean empty = headOnly || head.startsWith("HTTP/1.1 304");
    require(empty || head.contains("\r\nContent-Length: " + told.body().length + "\r\n"), "a body of another length");
    var realm = REALM.matcher(head);
    if (realm.find()) {
      require(PLACES.contains(place(realm.group(1))), "callers are sent to a strange place");
    }
  }

  private static void require(boolean holds, String rule) {
    if (!holds) {
      throw new AssertionError(rule);
    }
  }

  @Override
  public String name() {
    return "proxy-request";
  }

  @Override
  public String oracle() {
    return "read as two other decoders read it; forwarded: a caller's one request to a configured server; one answer";
  }

  @Override
  public List<Class<?>> covers() {
    return ProxyDesk.readers();
  }

  @Override
  public List<byte[]> seeds() {
    String host = "Host: 127.0.0.1:" + ProxyDesk.PORT + "~";
    String digest = "sha256:" + "0123456789abcdef".repeat(4);
    String caller = "Proxy-Authorization: " + ProxyDesk.CALLER + "~";
    var challenges =
        Stream.of(
                "Bearer realm=\"https://token.test/t\",service=\"s\",scope=\"a:b:pull\"", "bearer realm=\"https://hub.test/t\"", "Basic realm=\"x\"",
                "Basic realm=\"a\\\"b\"", "Basic realm=x", "Basic", "Bearer scope=\"a\"", "Bearer realm=\"https://evil.test/t\"",
                "Bearer realm=\"https://token.test/t\", error=\"invalid_token\"", "Bearer realm=\"http://token.test/t\"", "Digest realm=\"x\"",
                "Bearer realm=\"", "Bearer realm=\"a\" x", "Bearer realm=\"a\",realm=\"b\"", "Bearer realm=\"\u0001\"")
            .flatMap(word -> Stream.of(
                refused("GET /v2/lib/app/manifests/v1 HTTP/1.1~" + host, word),
                refused("GET /v2/lib/app/token/pull HTTP/1.1~" + host + "Authorization: Basic eA==~", word),
                refused("GET http://files.test/f HTTP/1.1~Host: files.test~" + caller, word)));
    return Stream.concat(challenges, Stream.of(
            "GET /v2/ HTTP/1.1~" + host + "~",
            "GET /healthy HTTP/1.1~" + host + "~",
            "GET /v2/ HTTP/1.1~" + host + "~Bearer realm=\"https://token.test/t\",service=\"s\",scope=\"a:b:pull\"",
            "GET /v2/ HTTP/1.1~" + host + "~Bearer realm=\"https://hub.test/t\"",
            "GET /v2/ HTTP/1.1~" + host + "~Bearer realm=\"https://hub.test/t\"    ",
            "GET /v2/ HTTP/1.1~" + host + "~Bearer realm=\"https://hub.test@evil.test/t\" ",
            "GET /v2/ HTTP/1.1~" + host + "~Bearer realm=\"https://token.test.evil.test\"",
            "GET /v2/ HTTP/1.1~" + host + "~Basic realm=\"x\"",
            "GET /v2/lib/app/manifests/v1?ns=hub.test HTTP/1.1~" + host + "Accept: a~Accept: b~Authorization: Basic eA==~~",
            "HEAD /v2/lib/app/manifests/" + digest + "?ns=other.test HTTP/1.1~" + host + "User-Agent: containerd/2.4.2~~",
            "GET /v2/lib/app/blobs/" + digest + " HTTP/1.1~" + host + "Range: bytes=5-~If-Range: \"" + digest + "\"~~",
            "GET /v2/lib/app/blobs/" + digest + " HTTP/1.1~" + host + "If-None-Match: \"" + digest + "\"~~",
            "HEAD /v2/lib/app/blobs/" + digest + " HTTP/1.1~" + host + "Connection: close~~",
            "GET /v2/lib/app/blobs/" + digest + " HTTP/1.1~" + host + "Range: bytes=99-~~",
            "GET /v2/lib/app/tags/list?n=10&last=v%2F1 HTTP/1.1~" + host + "~</v2/lib/app/tags/list?n=1>; rel=\"next\"",
            "GET /v2/lib/app/referrers/" + digest + "?artifactType=a%2Fb%2Bc HTTP/1.1~" + host + "~",
            "GET http://other.test/v2/ HTTP/1.1~Host: other.test~~",
            "GET http://other.test:1/v2/ HTTP/1.1~Host: other.test~~",
            "GET /v2/ HTTP/1.1~Host: hub.test~X-Dragonfly-Registry: http://other.test:5000~~",
            "GET /v2/ HTTP/1.1~" + host + "X-Dragonfly-Registry: http://other.test:5000/~X-Dragonfly-Output-Path: /etc/x~~",
            "GET /v2/ HTTP/1.1~" + host + "Content-Length: 0~~",
            "GET /v2/ HTTP/1.1~" + host + "Content-Length: 5~~hello",
            "GET /v2/ HTTP/1.1~" + host + "Transfer-Encoding: chunked~~0~~",
            "GET /v2/ HTTP/1.1~" + host + "Content-Length: 0~Transfer-Encoding: chunked~~",
            "GET /v2/ HTTP/1.1~" + host + "X: y~ folded~~",
            "GET /v2/ HTTP/1.1~" + host + "X : y~~",
            "GET /v2/ HTTP/1.1~" + host + "X:\t y\t z \t~Y:~~",
            "GET /v2/ HTTP/1.1\nHost: a\n\n",
            "GET /v2/ HTTP/1.1~" + host + host + "~",
            "GET /v2/../v2/ HTTP/1.1~" + host + "~",
            "GET /v2/%2e%2e/manifests/v1 HTTP/1.1~" + host + "~",
            "GET //v2/?a=b?c HTTP/1.1~" + host + "~",
            "GET / HTTP/1.0~~",
            "CONNECT hub.test:443 HTTP/1.1~Host: hub.test:443~~",
            "OPTIONS * HTTP/1.1~" + host + "~",
            "POST /v2/lib/app/blobs/uploads/ HTTP/1.1~" + host + "Content-Length: 0~~",
            "GET /v2/ HTTP/1.1~" + host + "Connection: keep-alive, Upgrade, HTTP2-Settings~Upgrade: h2c~~",
            "~~GET /v2/ HTTP/1.1~" + host + "~",
            "GET /v2/ HTTP/1.1~" + host + "~GET /v2/ HTTP/1.1~" + host + "~",
            "GET /v2/ HTTP/1.1~" + host + caller + "~",
            "GET /v2/ HTTP/1.1~" + host + caller.replace("Y2k6", "Y2o6") + "~",
            "GET /v2/?ns=other.test HTTP/1.1~" + host + "~",
            "GET /v2/?ns=other.test HTTP/1.1~" + host + "Proxy-Authorization: Basic eDp5~~",
            "GET http://files.test/f?x HTTP/1.1~Host: files.test~" + caller + "Cookie: a~~text/plain",
            "GET http://files.test/big/f HTTP/1.1~Host: files.test~" + caller + "Range: bytes=0-1~~\"tag\"",
            "GET http://files.test/f HTTP/1.1~Host: files.test~" + caller + "~" + ProxyDesk.FILES + "/g  ",
            "GET http://files.test/%2e%2e/f HTTP/1.1~Host: files.test~" + caller + "~",
            "GET /f HTTP/1.1~" + host + caller + "X-Dragonfly-Output-Path: /etc/x~~",
            "HEAD /f HTTP/1.1~" + host + caller + "Connection: te~TE: trailers~~",
            "# callers\nci:sha256:" + digest.substring(7) + "\nx:sha256:" + "0".repeat(64) + "\n",
            "ci:sha256:" + digest.substring(7) + "\nci:sha256:" + "0".repeat(64),
            "GET /v2/lib/app/manifests/v1 HTTP/1.1~" + host + "~" + digest,
            "GET /v2/lib/app/manifests/v1 HTTP/1.1~" + host + "~" + digest + "  "))
        .map(text -> text.replace("~", "\r\n").getBytes(StandardCharsets.ISO_8859_1))
        .toList();
  }

  /// The server says 401 and a word; its status follows from the length of the input.
  private static String refused(String head, String word) {
    String pad = "X-Pad: ";
    while ((head + pad + "~~" + word).replace("~", "\r\n").length() % STATUSES.length != 1) {
      pad += "a";
    }
    return head + pad + "~~" + word;
  }
}
