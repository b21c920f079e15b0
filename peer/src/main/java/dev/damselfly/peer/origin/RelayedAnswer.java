package dev.damselfly.peer.origin;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// An answer over HTTP.
final class RelayedAnswer implements Relay {
  private final Answer answer;
  private final OriginsConfig config;
  private final Waits waits;
  private boolean opened;

  RelayedAnswer(Answer answer, OriginsConfig config, Waits waits) {
    this.answer = answer;
    this.config = config;
    this.waits = waits;
  }

  @Override
  public int status() {
    return answer.status();
  }

  @Override
  public Optional<String> header(String name) {
    return answer.header(name);
  }

  @Override
  public List<String> headers(String name) {
    return answer.headers(name);
  }

  /// From the header itself: the body of an answer to HEAD has no length of its own.
  @Override
  public OptionalLong length() {
    var text = header("content-length").filter(t -> !t.isEmpty() && t.length() <= 18 && t.chars().allMatch(c -> c >= '0' && c <= '9'));
    return text.isPresent() ? OptionalLong.of(Long.parseLong(text.get())) : OptionalLong.empty();
  }

  @Override
  public OriginBody body() {
    opened = true;
    try {
      return new PinnedBody(answer, answer.length(), config, waits);
    } catch (IOException e) {
      throw Refusals.from(e, answer.status());
    }
  }

  @Override
  public void close() {
    if (opened) {
      answer.close();
    } else {
      answer.finish();
    }
  }
}
