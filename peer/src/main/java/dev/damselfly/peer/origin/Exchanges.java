package dev.damselfly.peer.origin;

import dev.damselfly.api.error.Field;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.OriginRefused;
import dev.damselfly.api.error.RequestFailure.Refused;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.net.ssl.SSLException;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.config.ConnectionConfig;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.classic.CloseableHttpResponse;
import org.apache.hc.client5.http.impl.classic.MinimalHttpClient;
import org.apache.hc.client5.http.impl.io.ManagedHttpClientConnectionFactory;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManager;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.config.Http1Config;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.net.URIAuthority;
import org.apache.hc.core5.pool.PoolConcurrencyPolicy;
import org.apache.hc.core5.pool.PoolReusePolicy;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

/// Requests to origins up to the head of the answer: redirects, each of them a new egress decision; one more try after a
/// passing failure; a deadline. Thread-safe.
///
/// The HTTP client below does nothing by itself: no redirects, retries, cookies, authentication, decompression.
final class Exchanges implements AutoCloseable {
  /// B-33.
  static final int MAX_REDIRECTS = 5;

  private static final int MAX_LINE = 16 << 10;
  private static final int MAX_HEADERS = 100;
  private static final int MAX_EMPTY_LINES = 1;
  private static final int BUFFER = 64 << 10;
  private static final Duration BACK_OFF = Duration.ofMillis(200);
  private static final TimeValue MAX_AGE = TimeValue.ofMinutes(10);
  private static final TimeValue CHECK_AFTER = TimeValue.ofSeconds(1);
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
  private static final Set<Integer> PASSING = Set.of(502, 503, 504);
  private static final URI PLACEHOLDER = URI.create("/");

  private final OriginsConfig config;
  private final Waits waits;
  private final MinimalHttpClient client;
  private final RequestConfig requestConfig;

  Exchanges(OriginsConfig config, Egress egress, Waits waits) {
    this.config = config;
    this.waits = waits;
    var http1 =
        Http1Config.custom()
            .setMaxLineLength(MAX_LINE)
            .setMaxHeaderCount(MAX_HEADERS)
            .setMaxEmptyLineCount(MAX_EMPTY_LINES)
            .setBufferSize(BUFFER)
            .build();
    var pool =
        new PoolingHttpClientConnectionManager(
            new Connector(egress, new OriginTls(), config.connectTimeout()),
            PoolConcurrencyPolicy.STRICT,
            PoolReusePolicy.LIFO,
            MAX_AGE,
            ManagedHttpClientConnectionFactory.builder().http1Config(http1).build());
    pool.setDefaultMaxPerRoute(config.connectionsPerOrigin());
    pool.setMaxTotal(4 * config.connectionsPerOrigin());
    pool.setDefaultConnectionConfig(
        ConnectionConfig.custom().setValidateAfterInactivity(CHECK_AFTER).setTimeToLive(MAX_AGE).build());
    this.client = HttpClients.createMinimal(pool);
    this.requestConfig =
        RequestConfig.custom()
            .setConnectionRequestTimeout(Timeout.of(config.headTimeout()))
            .setResponseTimeout(Timeout.of(config.idleTimeout()))
            .build();
  }

  /// @param own headers that we add, named in lower case
  /// @throws dev.damselfly.api.error.RequestFailure.Malformed for a URL or header that must not be sent
  Answer send(String method, OriginRequest request, Map<String, String> own) {
    Target target = Field.parse("url", () -> Target.parse(request.url()));
    Map<String, String> callers = Field.parse("headers", () -> RequestHeaders.sendable(request.headers()));
    for (int hop = 0; hop <= MAX_REDIRECTS; hop++) {
      Answer answer = patiently(method, target, headers(callers, own));
      if (!REDIRECTS.contains(answer.status())) {
        return answer;
      }
      Target next = follow(target, answer);
      callers = next.place().equals(target.place()) ? callers : RequestHeaders.withoutCredentials(callers);
      target = next;
    }
    throw new OriginRefused(Reason.ORIGIN_FAILED, 0, "the origin redirects more than " + MAX_REDIRECTS + " times");
  }

  /// The same, but a redirect is an answer like any other.
  Answer sendOnce(String method, OriginRequest request, Map<String, String> own) {
    Target target = Field.parse("url", () -> Target.parse(request.url()));
    Map<String, String> callers = Field.parse("headers", () -> RequestHeaders.sendable(request.headers()));
    return patiently(method, target, headers(callers, own));
  }

  private Map<String, String> headers(Map<String, String> callers, Map<String, String> own) {
    var headers = new LinkedHashMap<>(callers);
    headers.put("accept-encoding", "identity");
    headers.putIfAbsent("user-agent", config.userAgent());
    headers.putAll(own);
    return headers;
  }

  private static Target follow(Target from, Answer answer) {
    try (answer) {
      Target next = from.resolve(answer.header("location").orElse(""));
      if (from.place().secure() && !next.place().secure()) {
        throw new Refused(Reason.EGRESS_DENIED, "the origin redirects from https to http");
      }
      answer.finish();
      return next;
    } catch (InvalidValue e) {
      throw Refusals.broken(answer.status(), "a redirect to something that is no http or https URL");
    }
  }

  private Answer patiently(String method, Target target, Map<String, String> headers) {
    Duration pause = BACK_OFF;
    try {
      Answer answer = once(method, target, headers);
      var wanted = retryAfter(answer);
      if (wanted.isEmpty()) {
        return answer;
      }
      answer.finish();
      pause = wanted.get();
    } catch (IOException e) {
      if (e instanceof SSLException || e instanceof SocketTimeoutException || !isPassing(e)) {
        throw Refusals.from(e, 0);
      }
    }
    try {
      waits.pause(pause);
      return once(method, target, headers);
    } catch (IOException e) {
      throw Refusals.from(e, 0);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Refused(Reason.CANCELLED, "origin access was cancelled");
    }
  }

  /// A broken or refused connection; not one that spoke nonsense.
  private static boolean isPassing(IOException e) {
    return (e instanceof java.net.SocketException
            || e instanceof org.apache.hc.core5.http.NoHttpResponseException
            || e instanceof org.apache.hc.core5.http.ConnectionClosedException)
        && !Thread.currentThread().isInterrupted();
  }

  /// How long to wait before another try; absent when there shall be none.
  private Optional<Duration> retryAfter(Answer answer) {
    int status = answer.status();
    if (status != 429 && status < 500) {
      return Optional.empty();
    }
    var wanted = answer.header("retry-after").flatMap(Exchanges::seconds);
    if (wanted.isPresent()) {
      return wanted.filter(time -> time.compareTo(config.maxRetryAfter()) <= 0);
    }
    return PASSING.contains(status) ? Optional.of(BACK_OFF) : Optional.empty();
  }

  private static Optional<Duration> seconds(String text) {
    boolean number = !text.isEmpty() && text.length() <= 6 && text.chars().allMatch(c -> c >= '0' && c <= '9');
    return number ? Optional.of(Duration.ofSeconds(Long.parseLong(text))) : Optional.empty();
  }

  private Answer once(String method, Target target, Map<String, String> headers) throws IOException {
    var place = target.place();
    var request = new HttpUriRequestBase(method, PLACEHOLDER);
    request.setScheme(place.scheme());
    request.setAuthority(new URIAuthority(place.host(), isDefaultPort(place) ? -1 : place.port()));
    request.setPath(target.requestTarget());
    request.setConfig(requestConfig);
    headers.forEach(request::setHeader);
    var late = new AtomicBoolean();
    var alarm =
        waits.after(
            config.headTimeout(),
            () -> {
              late.set(true);
              request.cancel();
            });
    try {
      return new Answer(request, open(request, place));
    } catch (IOException e) {
      if (late.get()) {
        throw Refusals.late("did not answer in time");
      }
      throw e;
    } finally {
      alarm.close();
    }
  }

  @SuppressWarnings("deprecation") // the newer form wants a handler that has read the body when it returns
  private CloseableHttpResponse open(HttpUriRequestBase request, Place place) throws IOException {
    return client.execute(new HttpHost(place.scheme(), place.host(), place.port()), request);
  }

  private static boolean isDefaultPort(Place place) {
    return place.port() == (place.secure() ? 443 : 80);
  }

  @Override
  public void close() {
    client.close(CloseMode.IMMEDIATE);
  }
}
