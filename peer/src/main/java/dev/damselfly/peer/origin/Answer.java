package dev.damselfly.peer.origin;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.OriginRefused;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Stream;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.impl.classic.CloseableHttpResponse;
import org.apache.hc.core5.http.HttpEntity;
import org.jspecify.annotations.Nullable;

/// The head of a response, with its body still on the connection. Closing drops the connection unless the body was read.
final class Answer implements AutoCloseable {
  private static final int SMALL_BODY = 8 << 10;

  private final HttpUriRequestBase request;
  private final CloseableHttpResponse response;

  Answer(HttpUriRequestBase request, CloseableHttpResponse response) {
    this.request = request;
    this.response = response;
  }

  int status() {
    return response.getCode();
  }

  /// @throws OriginRefused when the header stands there twice: which one would be right?
  Optional<String> header(String name) {
    if (response.countHeaders(name) > 1) {
      throw new OriginRefused(Reason.ORIGIN_FAILED, status(), "the origin sent the header " + name + " twice");
    }
    var header = response.getFirstHeader(name);
    return header == null ? Optional.empty() : Optional.ofNullable(header.getValue());
  }

  /// Every value of the header, in order.
  List<String> headers(String name) {
    return Stream.of(response.getHeaders(name)).map(header -> header.getValue() == null ? "" : header.getValue()).toList();
  }

  /// Bytes of the body, as announced.
  OptionalLong length() {
    HttpEntity entity = response.getEntity();
    if (entity == null) {
      return OptionalLong.of(0);
    }
    return entity.getContentLength() < 0 ? OptionalLong.empty() : OptionalLong.of(entity.getContentLength());
  }

  InputStream body() throws IOException {
    HttpEntity entity = response.getEntity();
    @Nullable InputStream body = entity == null ? null : entity.getContent();
    return body == null ? InputStream.nullInputStream() : body;
  }

  /// Closes, and keeps the connection when the rest of the body is small.
  void finish() {
    if (length().isPresent() && length().getAsLong() <= SMALL_BODY) {
      try {
        body().skipNBytes(length().getAsLong());
        if (body().read() >= 0) {
          throw new IOException("the body is longer than announced");
        }
      } catch (IOException e) {
        close(); // only the connection is lost
        return;
      }
    }
    close();
  }

  @Override
  public void close() {
    request.cancel(); // closing alone would read the body to its end; does nothing once it was read
    try {
      response.close();
    } catch (IOException e) {
      System.getLogger(Answer.class.getName()).log(System.Logger.Level.DEBUG, "a connection to an origin did not close");
    }
  }
}
