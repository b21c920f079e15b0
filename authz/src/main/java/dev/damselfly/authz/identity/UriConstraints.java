package dev.damselfly.authz.identity;

import dev.damselfly.api.error.InvalidValue;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// URI part of a name-constraints extension (RFC 5280 4.2.1.10): which trust domains a signer may speak for.
///
/// @param permitted host names, or `.suffix` for every name below; no restriction when empty
/// @param onlyUris whether the extension names nothing but URIs
record UriConstraints(List<String> permitted, List<String> excluded, boolean onlyUris) {
  private static final int PERMITTED = 0xa0;
  private static final int EXCLUDED = 0xa1;
  private static final int URI_NAME = 0x86;

  /// @throws InvalidValue when any part cannot be read or would need rules that are not enforced
  static UriConstraints parse(byte[] der) {
    var outer = new DerReader(der);
    var trees = outer.enter(DerReader.SEQUENCE);
    outer.requireEnd();
    var permitted = new ArrayList<String>();
    var excluded = new ArrayList<String>();
    boolean onlyUris = true;
    if (!trees.hasMore()) {
      throw DerReader.malformed();
    }
    if (trees.peek() == PERMITTED) {
      onlyUris = read(trees.enter(PERMITTED), permitted);
    }
    if (trees.peek() == EXCLUDED) {
      onlyUris &= read(trees.enter(EXCLUDED), excluded);
    }
    trees.requireEnd();
    return new UriConstraints(List.copyOf(permitted), List.copyOf(excluded), onlyUris);
  }

  private static boolean read(DerReader subtrees, List<String> into) {
    boolean onlyUris = true;
    if (!subtrees.hasMore()) {
      throw DerReader.malformed();
    }
    while (subtrees.hasMore()) {
      var subtree = subtrees.enter(DerReader.SEQUENCE);
      boolean uri = subtree.peek() == URI_NAME;
      byte[] base = subtree.enterAny().rest();
      subtree.requireEnd(); // minimum and maximum have no meaning here (RFC 5280 4.2.1.10)
      if (uri) {
        into.add(host(base));
      }
      onlyUris &= uri;
    }
    return onlyUris;
  }

  private static String host(byte[] base) {
    String text = new String(base, StandardCharsets.ISO_8859_1).toLowerCase(Locale.ROOT);
    new TrustDomain(text); // same grammar; also refuses the empty name, whose meaning differs between readers
    return text;
  }

  boolean allow(TrustDomain domain) {
    return (permitted.isEmpty() || permitted.stream().anyMatch(rule -> matches(rule, domain)))
        && excluded.stream().noneMatch(rule -> matches(rule, domain));
  }

  private static boolean matches(String rule, TrustDomain domain) {
    return rule.startsWith(".") ? domain.name().endsWith(rule) : domain.name().equals(rule);
  }
}
