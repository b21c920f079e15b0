package dev.damselfly.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.url.CanonicalUrl;
import dev.damselfly.authz.block.BlockList;
import dev.damselfly.authz.block.BlockListDocument;
import dev.damselfly.authz.block.BlockQuestion;
import dev.damselfly.authz.block.BlockRule;
import dev.damselfly.authz.block.BlockRules;
import dev.damselfly.authz.block.UrlPattern;
import dev.damselfly.authz.limits.PatternSize;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// Block lists: a document, then lines with a URL, an application, a tag and a priority.
///
/// A document is refused as an invalid value or comes back from its own print inside the bounds. Rules without any
/// metacharacter are compared with a search for their text. Other spellings of a URL get the same answer.
final class BlockListFuzz implements Target {
  private static final String META = "\\^$.|?*+()[]{}";
  private static final int MAX_QUESTIONS = 8;
  private static final Pattern PLAIN = Pattern.compile("https?://[a-z][a-z-]*(/[a-z0-9_-]+)*");

  public static void fuzzerTestOneInput(byte[] input) {
    new BlockListFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    String[] lines = TextTargets.text(input).split("\n", -1);
    BlockList list;
    try {
      list = BlockListDocument.parse(lines[0].getBytes(UTF_8));
    } catch (InvalidValue refused) {
      Accepted.no();
      return;
    }
    Accepted.yes();
    requireBounded(list);
    String again = "{\"block_list\":" + BlockListDocument.write(list) + "}";
    if (!BlockListDocument.parse(again.getBytes(UTF_8)).equals(list)) {
      throw new AssertionError("a list does not come back from its own print");
    }
    for (int i = 1; i < Math.min(lines.length, MAX_QUESTIONS + 1); i++) {
      String[] words = lines[i].split("\t", -1);
      ask(list.taskDownload(), words[0], word(words, 1), word(words, 2), number(word(words, 3)));
    }
  }

  private static String word(String[] words, int index) {
    return index < words.length ? words[index] : "";
  }

  private static int number(String text) {
    return text.matches("-?[0-9]{1,9}") ? Integer.parseInt(text) : 0;
  }

  private static void requireBounded(BlockList list) {
    for (BlockRules rules :
        List.of(list.taskDownload(), list.persistentDownload(), list.persistentUpload(), list.persistentCacheDownload(), list.persistentCacheUpload())) {
      long steps = rules.urls().stream().mapToLong(url -> com.google.re2j.Pattern.compile(url.toString()).programSize()).sum();
      boolean wide =
          steps > BlockRules.MAX_INSTRUCTIONS
              || rules.urls().size() > 256 || rules.tags().size() > 256 || rules.applications().size() > 256 || rules.priorities().size() > 256;
      if (wide) {
        throw new AssertionError("a list beyond its bounds was accepted");
      }
    }
  }

  private static void ask(BlockRules rules, String text, String application, String tag, int priority) {
    Optional<CanonicalUrl> parsed = parsed(text);
    if (parsed.isEmpty()) {
      return;
    }
    CanonicalUrl url = parsed.get();
    Optional<BlockRule> found = rules.find(new BlockQuestion(url, application, tag, priority));
    boolean named = rules.applications().contains(application) || rules.tags().contains(tag) || rules.priorities().contains(priority);
    if (named && found.isEmpty()) {
      throw new AssertionError("an exact rule was not found");
    }
    boolean literal = rules.urls().stream().allMatch(rule -> isLiteral(rule.toString()));
    if (PLAIN.matcher(text).matches() && literal && found.isPresent() != (named || hasAny(text, rules.urls()))) {
      throw new AssertionError("literal rules do not hold as a search for their text does");
    }
    for (String other : spellings(url)) {
      Optional<CanonicalUrl> same = parsed(other);
      if (same.isPresent() && rules.find(new BlockQuestion(same.get(), application, tag, priority)).isPresent() != found.isPresent()) {
        throw new AssertionError("another spelling of a URL gets another answer");
      }
    }
  }

  private static Optional<CanonicalUrl> parsed(String text) {
    try {
      return Optional.of(CanonicalUrl.parse(text));
    } catch (InvalidValue noUrl) {
      return Optional.empty();
    }
  }

  private static boolean isLiteral(String rule) {
    return rule.chars().noneMatch(c -> META.indexOf(c) >= 0 || c < ' ');
  }

  /// The model, for URLs that have one spelling only.
  private static boolean hasAny(String text, List<UrlPattern> rules) {
    String whole = text.indexOf('/', "https://".length()) < 0 ? text + "/" : text;
    return rules.stream().anyMatch(rule -> whole.contains(rule.toString()));
  }

  /// The same resource, written otherwise: letters escaped, user info, port, dot of the host, dot segments, fragment.
  private static List<String> spellings(CanonicalUrl url) {
    if (!url.scheme().matches("https?") || url.host().contains(":") || url.host().endsWith(".") || url.port().isEmpty()) {
      return List.of();
    }
    String query = url.query().isEmpty() ? "" : "?" + url.query();
    String server = url.host() + ":" + url.port().getAsInt();
    String path = url.path();
    var all = new ArrayList<String>();
    all.add(url.scheme().toUpperCase(java.util.Locale.ROOT) + "://" + server + path + query);
    all.add(url.scheme() + "://user:word@" + server + path + query + "#x");
    all.add(url.scheme() + "://" + server + "/a/.." + path + query);
    all.add(url.scheme() + "://" + server + escaped(path) + query);
    if (!url.host().chars().allMatch(c -> c == '.' || Character.isDigit(c))) {
      all.add(url.scheme() + "://" + url.host() + ".:" + url.port().getAsInt() + path + query);
    }
    return all;
  }

  /// Each third letter as an escape, none inside of another.
  private static String escaped(String path) {
    var out = new StringBuilder();
    for (int i = 0; i < path.length(); i++) {
      char c = path.charAt(i);
      boolean letter = c >= 'a' && c <= 'z';
      boolean inside = i > 0 && path.charAt(i - 1) == '%' || i > 1 && path.charAt(i - 2) == '%';
      out.append(letter && !inside && i % 3 == 1 ? "%" + Integer.toHexString(c) : String.valueOf(c));
    }
    return out.toString();
  }

  @Override
  public String name() {
    return "block-list";
  }

  @Override
  public String oracle() {
    return "accepted: inside the bounds, comes back from its print, finds literal rules as a plain search does, every spelling alike";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(BlockListDocument.class, UrlPattern.class, BlockRules.class, PatternSize.class);
  }

  private static String list(String rules) {
    return "{\"load_limit\":200,\"block_list\":{\"task\":{\"download\":{" + rules + "}}}}";
  }

  @Override
  public List<byte[]> seeds() {
    String all =
        list("\"applications\":[\"batch\"],\"urls\":[\"/secret/\",\"^https?://files[.]example[.]org/\"],\"tags\":[\"nightly\"],\"priorities\":[6,-1]");
    var texts = new ArrayList<String>();
    for (String url :
        List.of(
            "http://h/secret/f", "http://h/%73ecret/f", "http://h/secret%2Ff", "http://h//secret//f", "http://h/a/../secret/f",
            "HTTP://FILES.EXAMPLE.ORG./f", "https://u:p@files.example.org:443/f", "http://[::ffff:10.0.0.5]/f", "http://0x7f.1/f",
            "https://b\u00fccher.example/f?a=b%20c&d#e", "http://h/plain", "http://h/secret/plain", "https://host", "s3://bucket/secret/f")) {
      texts.add(all + "\n" + url + "\n" + url + "\tbatch\n" + url + "\t\tnightly\n" + url + "\t\t\t6");
      texts.add(list("\"urls\":[\"/secret/\"]") + "\n" + url);
    }
    texts.add(list("\"urls\":[\"plain\"]") + "\nhttp://h/plain\nhttp://h/other");
    texts.add("{}");
    texts.add("{\"block_list\":null}\nhttp://h/f");
    texts.add("{\"block_list\":{}}");
    texts.add("{\"block_list\":{\"persistent_task\":{\"download\":{\"tags\":[\"a\"]},\"upload\":{\"applications\":[\"b\"]}}}}");
    texts.add("{\"block_list\":{\"persistent_cache_task\":{\"download\":{\"priorities\":[0]},\"upload\":{\"urls\":[\"c\"]}}}}");
    texts.add("{\"block_list\":{\"persistent_task\":{\"upload\":{\"priorities\":[1]}}}}");
    texts.add("{\"block_list\":{\"tasks\":{}}}");
    texts.add("{\"block_list\":{\"task\":{\"download\":{\"hosts\":[\"a\"]}}}}");
    for (String pattern :
        List.of("(", "(?=a)", "(a+)+$", "((a{100}){100}){100}", "(a{1000})\\\\Q\\\\E{1000}", "a{1000}", "[[:alpha:]]+", "\\\\p{Greek}", "(?i)SECRET", "a**", "x{2}{3}", "")) {
      texts.add(list("\"urls\":[\"" + pattern + "\"]") + "\nhttp://h/" + "a".repeat(200) + "\nhttp://h/secret/");
    }
    return TextTargets.seeds(texts.toArray(String[]::new));
  }
}
