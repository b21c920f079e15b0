package dev.damselfly.peer.proxy;

import dev.damselfly.peer.origin.OriginRequest;
import dev.damselfly.peer.origin.Relay;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/// A token to pull from one repository, in exchange for the caller's own credentials, for callers that have no way off this
/// host. Used by one thread.
///
/// The caller names the repository alone. Where its credentials go, the registry says, and only to a place that the
/// configuration knows (S-PXY-4); there they go once, whatever that place answers.
final class TokenCall {
  private static final int MAX_BODY = 64 << 10;

  /// A query is added to it: nothing may come behind that, and nothing may end the line.
  private static final Pattern PLAIN = Pattern.compile("[!-\"$-~]+");

  private final Forwarder forwarder;
  private final Ledger ledger;

  TokenCall(Forwarder forwarder, Ledger ledger) {
    this.forwarder = forwarder;
    this.ledger = ledger;
  }

  /// @throws dev.damselfly.api.error.RequestFailure when registry, token service or egress refuse
  /// @throws Refusal 404 when the registry wants no token, 502 for a place that the configuration does not know
  /// @throws IOException when the caller is gone
  void run(Ask ask, String repository, Reply reply) throws IOException, InterruptedException {
    if (ask.head().isHead()) {
      throw new Refusal(405, Refusal.Code.UNSUPPORTED, "a token is asked for with GET");
    }
    Optional<String> credentials = ask.head().header("authorization");
    if (credentials.filter(value -> !value.regionMatches(true, 0, "Basic ", 0, "Basic ".length())).isPresent()) {
      throw Refusal.malformed("a token is given for Basic credentials, or for none");
    }
    String url = place(ask, repository);
    Map<String, String> headers = credentials.map(value -> Map.of("authorization", value)).orElse(Map.of());
    try (Relay relay = forwarder.once("GET", new OriginRequest(url, headers), Map.of("accept", "application/json"))) {
      if (relay.status() != 200) {
        refused(ask, relay.status(), reply);
        return;
      }
      byte[] body = WholeBody.read(relay, MAX_BODY, "token service");
      ledger.forwarded(ask, 200);
      reply.head(
          new ResponseHead(200).with("Content-Type", "application/json").with("Cache-Control", "no-store").with("Content-Length", body.length));
      reply.body(Unpooled.wrappedBuffer(body));
    }
  }

  private void refused(Ask ask, int status, Reply reply) throws IOException, InterruptedException {
    Refusal refusal = Errors.ofStatus(status, "the token service answered with the status " + status);
    ledger.forwarded(ask, status);
    Errors.send(reply, Errors.head(refusal, "backend"), refusal, true);
  }

  /// The registry is asked without the caller's credentials: it only has to say where it sends people.
  private String place(Ask ask, String repository) {
    List<String> challenges;
    try (Relay relay = forwarder.once("GET", new OriginRequest(ask.url(), Map.of()), Map.of())) {
      challenges = relay.status() == 401 ? relay.headers("www-authenticate") : List.of();
    }
    Challenge bearer =
        challenges.stream()
            .map(Challenge::parse)
            .flatMap(Optional::stream)
            .filter(Challenge::bearer)
            .findFirst()
            .orElseThrow(() -> new Refusal(404, Refusal.Code.UNSUPPORTED, "the registry wants no token"));
    String realm = bearer.parameters().getOrDefault("realm", "");
    if (!bearer.isSafeFor(ask.upstream()) || !PLAIN.matcher(realm).matches()) {
      throw Challenge.strange();
    }
    var url = new StringBuilder(realm).append(realm.indexOf('?') < 0 ? '?' : '&');
    Optional.ofNullable(bearer.parameters().get("service")).ifPresent(service -> url.append("service=").append(encoded(service)).append('&'));
    return url.append("scope=").append(encoded("repository:" + repository + ":pull")).toString();
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.US_ASCII);
  }
}
