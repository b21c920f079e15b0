package dev.damselfly.peer.proxy;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.Digest;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/// What a path of the OCI distribution API stands for. Whatever is not of that grammar is refused, so a path never needs
/// to be decoded or normalised.
sealed interface Route {
  /// Path at the registry, without a query.
  String path();

  /// For the audit log and for people.
  String subject();

  /// The question whether the API is there, and with which credentials.
  record Api() implements Route {
    @Override
    public String path() {
      return "/v2/";
    }

    @Override
    public String subject() {
      return "api";
    }
  }

  /// @param name of the repository
  record Blob(String name, Digest digest) implements Route {
    @Override
    public String path() {
      return "/v2/" + name + "/blobs/" + digest;
    }

    @Override
    public String subject() {
      return "blob:" + name + "@" + digest;
    }
  }

  /// @param reference a tag or a digest
  /// @param digest present when the reference is one
  record Manifest(String name, String reference, Optional<Digest> digest) implements Route {
    @Override
    public String path() {
      return "/v2/" + name + "/manifests/" + reference;
    }

    @Override
    public String subject() {
      return "manifest:" + name + (digest.isPresent() ? "@" : ":") + reference;
    }
  }

  /// @param what `tags/list` or `referrers/DIGEST`
  record Listing(String name, String what) implements Route {
    @Override
    public String path() {
      return "/v2/" + name + "/" + what;
    }

    @Override
    public String subject() {
      return "listing:" + name + "/" + what;
    }
  }

  /// Ours: a token to pull from the repository. What the registry is asked is where its tokens come from.
  record Token(String name) implements Route {
    @Override
    public String path() {
      return "/v2/";
    }

    @Override
    public String subject() {
      return "token:" + name;
    }
  }

  int MAX_NAME = 255;

  /// @throws Refusal 404 for a path that is not of the API
  static Route parse(String path) {
    if (path.equals("/v2/") || path.equals("/v2")) {
      return new Api();
    }
    if (path.startsWith("/v2/") && path.length() <= 1024) {
      int last = path.lastIndexOf('/');
      int mark = path.lastIndexOf('/', last - 1);
      if (mark > "/v2/".length()) {
        return parse(path.substring("/v2/".length(), mark), path.substring(mark + 1, last), path.substring(last + 1));
      }
    }
    throw unknown();
  }

  private static Route parse(String name, String kind, String reference) {
    if (name.length() > MAX_NAME || !Grammar.NAME.matcher(name).matches()) {
      throw unknown();
    }
    return switch (kind) {
      case "blobs" -> new Blob(name, digest(reference).orElseThrow(Route::unknown));
      case "manifests" -> {
        Optional<Digest> digest = digest(reference);
        if (digest.isEmpty() && !Grammar.TAG.matcher(reference).matches()) {
          throw unknown();
        }
        yield new Manifest(name, reference, digest);
      }
      case "tags" -> {
        if (!reference.equals("list")) {
          throw unknown();
        }
        yield new Listing(name, "tags/list");
      }
      case "token" -> {
        if (!reference.equals("pull")) {
          throw unknown();
        }
        yield new Token(name);
      }
      case "referrers" -> new Listing(name, "referrers/" + digest(reference).orElseThrow(Route::unknown));
      default -> throw unknown();
    };
  }

  private static Optional<Digest> digest(String text) {
    try {
      return Optional.of(Digest.parse(text));
    } catch (InvalidValue notADigest) {
      return Optional.empty();
    }
  }

  private static Refusal unknown() {
    return new Refusal(404, Refusal.Code.NAME_UNKNOWN, "the path must be one of the registry's API for reading");
  }

  /// Parameters of the API, decoded; others are refused.
  ///
  /// @throws Refusal for an unknown, repeated or malformed parameter
  static Map<String, String> parameters(String query) {
    var parameters = new LinkedHashMap<String, String>();
    if (query.isEmpty()) {
      return parameters;
    }
    for (String part : query.split("&", -1)) {
      int equals = part.indexOf('=');
      String name = equals < 0 ? part : part.substring(0, equals);
      String value = decoded(equals < 0 ? "" : part.substring(equals + 1));
      if (!Grammar.PARAMETERS.contains(name)
          || !Grammar.VALUE.matcher(value).matches()
          || parameters.put(name, value) != null) {
        throw Refusal.malformed("the query may hold ns, n, last and artifactType, each once");
      }
    }
    return parameters;
  }

  /// Once, and only for what is printable ASCII then.
  private static String decoded(String text) {
    var out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '%') {
        if (i + 2 >= text.length() || hex(text, i + 1) < 0 || hex(text, i + 2) < 0) {
          throw Refusal.malformed("a percent sign in the query must begin two hex digits");
        }
        c = (char) (hex(text, i + 1) << 4 | hex(text, i + 2));
        i += 2;
      }
      out.append(c);
    }
    return out.toString();
  }

  private static int hex(String text, int at) {
    return text.charAt(at) < 0x7f ? Character.digit(text.charAt(at), 16) : -1;
  }

  /// The query to ask the registry with; the name of a registry is none of its business.
  static String query(Map<String, String> parameters) {
    var out = new StringBuilder();
    parameters.forEach(
        (name, value) -> {
          if (!name.equals("ns")) {
            out.append(out.isEmpty() ? '?' : '&').append(name).append('=').append(value.replace("+", "%2B"));
          }
        });
    return out.toString();
  }

  /// The words of the API.
  final class Grammar {
    private static final String PART = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*+";
    private static final Pattern NAME = Pattern.compile(PART + "(?:/" + PART + ")*+");
    private static final Pattern TAG = Pattern.compile("[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}");
    private static final Set<String> PARAMETERS = Set.of("ns", "n", "last", "artifactType");

    /// Names, numbers, media types, authorities.
    private static final Pattern VALUE = Pattern.compile("[a-zA-Z0-9._/+:\\[\\]-]{1,255}");

    private Grammar() {}
  }
}
