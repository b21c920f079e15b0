package dev.damselfly.authz.block;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.url.UrlSpellings;
import dev.damselfly.authz.block.BlockRule.Kind;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/// Rules of one list; a download that any of them matches is refused. Immutable.
///
/// @param applications exact, 1 to 1024 bytes each
/// @param urls matched on [UrlSpellings]
/// @param tags exact, 1 to 1024 bytes each
/// @param priorities exact
public record BlockRules(List<String> applications, List<UrlPattern> urls, List<String> tags, List<Integer> priorities) {
  /// Rules of one kind (B-35).
  public static final int MAX_RULES = 256;
  /// Bytes of an application or a tag (B-26).
  public static final int MAX_TEXT = 1024;
  /// Instructions of all regular expressions together (B-35): bounds the time of a match.
  public static final int MAX_INSTRUCTIONS = 10_000;

  public static final BlockRules NONE = new BlockRules(List.of(), List.of(), List.of(), List.of());

  public BlockRules {
    requireCount(applications, "applications");
    requireCount(urls, "urls");
    requireCount(tags, "tags");
    requireCount(priorities, "priorities");
    applications.forEach(BlockRules::text);
    tags.forEach(BlockRules::text);
    if (urls.stream().mapToLong(UrlPattern::size).sum() > MAX_INSTRUCTIONS) {
      throw new InvalidValue("urls: the regular expressions of a list have at most 10000 instructions when compiled");
    }
    applications = List.copyOf(applications);
    urls = List.copyOf(urls);
    tags = List.copyOf(tags);
    priorities = List.copyOf(priorities);
  }

  private static void requireCount(List<?> rules, String key) {
    if (rules.size() > MAX_RULES) {
      throw new InvalidValue(key + ": a block list has at most 256 rules of one kind");
    }
  }

  /// An application or a tag, as it stands.
  public static String text(String text) {
    if (text.isEmpty() || text.length() > MAX_TEXT || text.getBytes(StandardCharsets.UTF_8).length > MAX_TEXT) {
      throw new InvalidValue("must have 1 to 1024 bytes");
    }
    return text;
  }

  public boolean isEmpty() {
    return equals(NONE);
  }

  /// The first rule that matches. Takes time in proportion to the length of the URL.
  public Optional<BlockRule> find(BlockQuestion asked) {
    return first(Kind.APPLICATIONS, applications.indexOf(asked.application()))
        .or(() -> first(Kind.TAGS, tags.indexOf(asked.tag())))
        .or(() -> first(Kind.PRIORITIES, priorities.indexOf(asked.priority())))
        .or(() -> first(Kind.URLS, urlRule(asked)));
  }

  private int urlRule(BlockQuestion asked) {
    if (urls.isEmpty()) {
      return -1;
    }
    List<String> spellings = UrlSpellings.of(asked.url());
    for (int i = 0; i < urls.size(); i++) {
      if (urls.get(i).matches(spellings)) {
        return i;
      }
    }
    return -1;
  }

  private static Optional<BlockRule> first(Kind kind, int index) {
    return index < 0 ? Optional.empty() : Optional.of(new BlockRule(kind, index));
  }
}
