package dev.damselfly.peer.proxy;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.authz.config.ConfigReader;
import dev.damselfly.authz.files.NamedFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// Programs that may use the proxy, by the SHA-256 of their tokens. Immutable and thread-safe.
///
/// ```yaml
/// proxy:
///   callers:
///     credentials: /var/lib/damselfly/peer-proxy/callers      # lines of NAME:sha256:HEX; 0600, in a directory of 0700
/// ```
///
/// A plain hash is enough because tokens are random: one with fewer than [#MIN_TOKEN] characters never passes, whatever the
/// file says. A slow hash would protect passwords that people think up, and let any stranger burn the host's time.
public final class ProxyCallers {
  static final int MIN_TOKEN = 32;
  static final int MAX_TOKEN = 256;
  static final int MAX_CALLERS = 256;
  private static final int MAX_BYTES = 64 << 10;
  private static final int MAX_PROBLEMS = 16;
  private static final Pattern NAME = Pattern.compile("[a-z0-9][a-z0-9._-]{0,63}");
  private static final String MARK = ":sha256:";

  private final Map<String, Sha256> tokens;

  private ProxyCallers(Map<String, Sha256> tokens) {
    this.tokens = Map.copyOf(tokens);
  }

  /// Reads the section and the file that it names. The value counts only when `finish` of the root does not throw.
  static ProxyCallers read(ConfigReader section) {
    Optional<Path> path = path(section);
    if (path.isEmpty()) {
      return new ProxyCallers(Map.of());
    }
    List<String> problems = new ArrayList<>();
    ProxyCallers callers = parse(content(path.get(), problems), problems);
    problems.stream().limit(MAX_PROBLEMS).forEach(problem -> section.problem("credentials", problem));
    return callers;
  }

  /// Reads the section alone. Knows nobody.
  static ProxyCallers unread(ConfigReader section) {
    path(section);
    return new ProxyCallers(Map.of());
  }

  private static Optional<Path> path(ConfigReader section) {
    Optional<Path> path = section.path("credentials");
    if (path.isEmpty() && !section.has("credentials")) {
      section.problem("credentials", "is required");
    }
    return path;
  }

  private static byte[] content(Path path, List<String> problems) {
    try {
      return NamedFile.secret(path, MAX_BYTES);
    } catch (InvalidValue unusable) {
      problems.add(unusable.rule());
      return new byte[0];
    }
  }

  /// Reads lines of `NAME:sha256:HEX`; empty ones and those that begin with `#` say nothing.
  ///
  /// @param problems gets each rule that is broken, with the number of the line
  static ProxyCallers parse(byte[] text, List<String> problems) {
    var tokens = new LinkedHashMap<String, Sha256>();
    var values = new HashSet<Sha256>();
    int number = 0;
    for (String line : new String(text, StandardCharsets.ISO_8859_1).split("\n", -1)) {
      number++;
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      int mark = line.indexOf(MARK);
      if (mark < 0 || !isName(line.substring(0, mark)) || !isHash(line.substring(mark + MARK.length()))) {
        problems.add("line " + number + " must be NAME:sha256:HEX, a name of [a-z0-9._-] and 64 lower-case hex digits");
        continue;
      }
      var hash = new Sha256(line.substring(mark + MARK.length()));
      if (tokens.putIfAbsent(line.substring(0, mark), hash) != null) {
        problems.add("line " + number + ": a name must not stand twice");
      } else if (!values.add(hash)) {
        problems.add("line " + number + ": two callers must not have one token");
      }
    }
    if (tokens.isEmpty() && problems.isEmpty()) {
      problems.add("the file names no caller");
    }
    if (tokens.size() > MAX_CALLERS) {
      problems.add("the file must name at most " + MAX_CALLERS + " callers");
    }
    return new ProxyCallers(tokens);
  }

  static boolean isName(String text) {
    return text.length() <= 64 && NAME.matcher(text).matches();
  }

  private static boolean isHash(String text) {
    try {
      return new Sha256(text).hex().equals(text);
    } catch (InvalidValue other) {
      return false;
    }
  }

  /// Whether all of these can be callers; of a file that was not read, or not understood, nobody knows.
  boolean mayBe(Set<String> names) {
    return tokens.isEmpty() || tokens.keySet().containsAll(names);
  }

  Set<String> names() {
    return tokens.keySet();
  }

  /// Whether the token is that caller's. Takes the same time for every name and token of the same length.
  boolean knows(ProxyCredential presented) {
    Sha256 known = tokens.get(presented.name());
    byte[] expected = known == null ? new byte[Sha256.BYTES] : known.bytes();
    return MessageDigest.isEqual(expected, Sha256.newDigest().digest(presented.token())) && known != null;
  }

  @Override
  public String toString() {
    return "ProxyCallers[" + tokens.size() + "]";
  }
}
