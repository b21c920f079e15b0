package dev.damselfly.conformance.reference;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;
import java.util.Set;

/// Reads from origins.
final class RefOrigin {
  private final HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Set<Fault> faults;

  RefOrigin(Set<Fault> faults) {
    this.faults = faults;
  }

  /// @throws SecurityException for a redirect
  long length(String url, Map<String, String> headers) throws IOException, InterruptedException {
    var answer = client.send(request(url, headers, "bytes=0-0"), HttpResponse.BodyHandlers.ofByteArray());
    if (answer.statusCode() / 100 == 3) {
      if (faults.contains(Fault.FOLLOWS_ANY_REDIRECT)) {
        throw new IOException("no route"); // as a fetch of that address would end
      }
      throw new SecurityException("redirect refused");
    }
    String range = answer.headers().firstValue("content-range").orElse("/0");
    return Long.parseLong(range.substring(range.indexOf('/') + 1));
  }

  byte[] read(String url, Map<String, String> headers, long from, int count) throws IOException, InterruptedException {
    var answer = client.send(request(url, headers, "bytes=" + from + "-" + (from + count - 1)), HttpResponse.BodyHandlers.ofByteArray());
    if (answer.statusCode() != 206 || answer.body().length != count) {
      throw new IOException("origin says " + answer.statusCode());
    }
    return answer.body();
  }

  private static HttpRequest request(String url, Map<String, String> headers, String range) {
    int fragment = url.indexOf('#');
    var request = HttpRequest.newBuilder(URI.create(fragment < 0 ? url : url.substring(0, fragment))).header("Range", range);
    headers.forEach(request::header);
    return request.build();
  }
}
