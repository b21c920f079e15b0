package dev.damselfly.fuzz;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.identity.SpiffeId;
import java.util.List;
import java.util.regex.Pattern;

/// SPIFFE IDs: accepted exactly when an independent grammar matches, and then spelled the same again.
final class SpiffeIdFuzz implements Target {
  private static final Pattern GRAMMAR =
      Pattern.compile("spiffe://[a-z0-9._-]{1,255}(/(?!\\.{1,2}(/|$))[a-zA-Z0-9._-]+)*");

  public static void fuzzerTestOneInput(byte[] input) {
    new SpiffeIdFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    String text = TextTargets.text(input);
    boolean expected = text.length() <= 2048 && GRAMMAR.matcher(text).matches();
    try {
      SpiffeId id = SpiffeId.parse(text);
      Accepted.yes();
      if (!expected || !id.toString().equals(text)) {
        throw new AssertionError("accepted what the grammar refuses, or spelled it otherwise");
      }
    } catch (InvalidValue refused) {
      Accepted.no();
      if (expected) {
        throw new AssertionError("refused what the grammar accepts: " + refused.rule());
      }
    }
  }

  @Override
  public String name() {
    return "spiffe-id";
  }

  @Override
  public String oracle() {
    return "accepted exactly when an independent grammar matches; round trip";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(SpiffeId.class, dev.damselfly.authz.identity.TrustDomain.class);
  }

  @Override
  public List<byte[]> seeds() {
    return TextTargets.seeds(
        "spiffe://a", "spiffe://example.org/damselfly/peer/east/host-1", "spiffe://example.org/damselfly/manager/m",
        "spiffe://example.org/", "spiffe://example.org//a", "spiffe://example.org/a/", "spiffe://example.org/./a",
        "spiffe://example.org/../a", "spiffe://example.org/a/..", "spiffe://Example.org/a", "SPIFFE://example.org/a",
        "spiffe://example.org:1/a", "spiffe://u@example.org/a", "spiffe://example.org/a?b", "spiffe://example.org/a#b",
        "spiffe://example.org/%61", "spiffe://1.2.3.4/a", "spiffe://[::1]/a", "spiffe:///a", "spiffe://", "", "http://a/b",
        "spiffe://a_b-c.d/E_f-G.h", "spiffe://example.org/a b", "spiffe://example.org/\u00e9", "spiffe://example.org/...",
        "spiffe://example.org/.a", "spiffe://example.org/a..b", "spiffe:/example.org/a", "spiffe://example.org\\a",
        "spiffe://" + "a".repeat(255) + "/x", "spiffe://" + "a".repeat(256) + "/x");
  }
}
