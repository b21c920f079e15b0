package dev.damselfly.peer.proxy;

import io.netty.buffer.ByteBuf;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/// The only reader of requests (RFC 9112 2 to 6, RFC 9110 5 and 7.2; S-PXY-2). Pure.
///
/// A general HTTP decoder repairs what it reads (folded lines, blanks, lone line feeds) before anybody can object, so this
/// one works on the octets. It refuses whatever two readers could understand in two ways, and every body: the mirror reads
/// only. Fuzzing compares it with two general decoders.
final class HeadParser {
  private static final String TOKEN_MARKS = "!#$%&'*+-.^_`|~";
  private static final String TARGET_MARKS = "-._~!$&'()*+,;=:@/?%[]";
  private static final String AUTHORITY_MARKS = "-._:[]";
  private static final int MAX_AUTHORITY = 255 + 6;
  private static final int MAX_METHOD = 16;

  /// May stand once at most: a second one would have a second meaning.
  private static final Set<String> SINGLE =
      Set.of(
          "host", "content-length", "content-type", "transfer-encoding", "authorization", "proxy-authorization", "expect",
          "range", "if-range", "if-modified-since", "if-unmodified-since", "user-agent", "referer", "date", "from",
          "max-forwards", "x-dragonfly-registry");

  /// What Connection may name. A header that it names would be lost on the way, which callers must not decide about.
  private static final Set<String> CONNECTION_OPTIONS = Set.of("close", "keep-alive", "te", "upgrade", "http2-settings");

  private final byte[] bytes;
  private final HeadLimits limits;
  private final Map<String, String> headers = new LinkedHashMap<>();
  private int at;
  private int lines;

  private HeadParser(byte[] bytes, HeadLimits limits) {
    this.bytes = bytes;
    this.limits = limits;
  }

  /// Length of the head that the readable bytes begin with; 0 while it is not complete. A line feed without its carriage
  /// return, and an empty first line, end a head too: [#parse] refuses it then.
  ///
  /// @param from readable bytes that were looked at before
  static int end(ByteBuf in, int from) {
    int start = in.readerIndex();
    int length = in.readableBytes();
    for (int i = from; i < length; i++) {
      if (in.getByte(start + i) != '\n') {
        continue;
      }
      boolean whole = i > 0 && in.getByte(start + i - 1) == '\r';
      boolean empty = i < 2 || in.getByte(start + i - 2) == '\n';
      if (!whole || empty) {
        return i + 1;
      }
    }
    return 0;
  }

  /// @param head everything up to and with the empty line, nothing after it
  /// @throws Refusal naming the rule
  static RequestHead parse(byte[] head, HeadLimits limits) {
    if (head.length > limits.head()) {
      throw tooLong(limits);
    }
    return new HeadParser(head, limits).read();
  }

  static Refusal tooLong(HeadLimits limits) {
    return new Refusal(431, Refusal.Code.UNSUPPORTED, "the request head has more than " + limits.head() + " bytes");
  }

  private RequestHead read() {
    String[] words = line(limits.target() + MAX_METHOD + 16, 414).split(" ", -1);
    if (words.length != 3 || !isToken(words[0]) || words[0].length() > MAX_METHOD) {
      throw Refusal.malformed("the request line must be a method, a target and a version with one blank between them");
    }
    if (!words[2].equals("HTTP/1.1")) {
      boolean other = words[2].matches("HTTP/[0-9]\\.[0-9]");
      throw new Refusal(other ? 505 : 400, Refusal.Code.UNSUPPORTED, "the version must be HTTP/1.1");
    }
    for (String line = line(limits.header(), 431); !line.isEmpty(); line = line(limits.header(), 431)) {
      header(line);
    }
    if (at != bytes.length) {
      throw Refusal.malformed("nothing may follow the empty line");
    }
    requireNoBody();
    return target(words[0], words[1]);
  }

  /// A line without its end.
  private String line(int most, int status) {
    int start = at;
    while (at < bytes.length && (bytes[at] == '\t' || (bytes[at] >= ' ' && bytes[at] < 0x7f))) {
      at++;
    }
    if (at + 1 >= bytes.length || bytes[at] != '\r' || bytes[at + 1] != '\n') {
      throw Refusal.malformed("lines must be printable ASCII and end with CR LF");
    }
    if (at - start > most) {
      throw new Refusal(status, Refusal.Code.UNSUPPORTED, "a line of the request head has more than " + most + " bytes");
    }
    String line = new String(bytes, start, at - start, StandardCharsets.US_ASCII);
    at += 2;
    return line;
  }

  private void header(String line) {
    int colon = line.indexOf(':');
    if (colon <= 0 || !isToken(line.substring(0, colon))) {
      throw Refusal.malformed("a header must be a name, a colon and a value on one line, without blanks before the colon");
    }
    String name = line.substring(0, colon).toLowerCase(Locale.ROOT);
    String value = stripped(line, colon + 1);
    String before = headers.get(name);
    if (before != null && SINGLE.contains(name)) {
      throw Refusal.malformed("the header " + name + " must not stand twice");
    }
    headers.put(name, before == null ? value : before + ", " + value);
    if (++lines > limits.headers()) {
      throw new Refusal(431, Refusal.Code.UNSUPPORTED, "more than " + limits.headers() + " headers");
    }
  }

  private static String stripped(String line, int from) {
    int start = from;
    int end = line.length();
    while (start < end && isBlank(line.charAt(start))) {
      start++;
    }
    while (end > start && isBlank(line.charAt(end - 1))) {
      end--;
    }
    return line.substring(start, end);
  }

  private static boolean isBlank(char c) {
    return c == ' ' || c == '\t';
  }

  private void requireNoBody() {
    if (headers.containsKey("transfer-encoding")) {
      throw Refusal.malformed("transfer-encoding is not taken: requests have no body here");
    }
    if (!headers.getOrDefault("content-length", "0").equals("0")) {
      throw Refusal.malformed("content-length must be 0: requests have no body here");
    }
    if (headers.containsKey("expect")) {
      throw new Refusal(417, Refusal.Code.UNSUPPORTED, "expect is not taken: requests have no body here");
    }
  }

  private RequestHead target(String method, String target) {
    String authority = headers.getOrDefault("host", "");
    if (authority.isEmpty() || !isAuthority(authority)) {
      throw Refusal.malformed("host must stand once and be a name or address with an optional port");
    }
    boolean absolute = !target.startsWith("/");
    String rest = absolute ? afterAuthority(method, target, authority) : target;
    requireTarget(rest);
    int query = rest.indexOf('?');
    return new RequestHead(
        method,
        authority,
        absolute,
        query < 0 ? rest : rest.substring(0, query),
        query < 0 ? "" : rest.substring(query + 1),
        headers,
        keepAlive());
  }

  private static String afterAuthority(String method, String target, String authority) {
    String start = "http://" + authority + "/";
    if (target.startsWith(start)) {
      return target.substring(start.length() - 1);
    }
    if (method.equals("CONNECT")) {
      throw new Refusal(405, Refusal.Code.UNSUPPORTED, "tunnels are not served");
    }
    throw Refusal.malformed("the target must be a path, or an http URL whose authority is that of host");
  }

  private void requireTarget(String target) {
    if (target.length() > limits.target()) {
      throw new Refusal(414, Refusal.Code.UNSUPPORTED, "the target has more than " + limits.target() + " bytes");
    }
    if (target.startsWith("//") || !consistsOf(target, TARGET_MARKS)) { // two slashes can be read as the start of an authority
      throw Refusal.malformed("the target must consist of the characters of a URL, without a fragment, and begin with one slash");
    }
  }

  private boolean keepAlive() {
    List<String> options =
        Stream.of(headers.getOrDefault("connection", "").split(",", -1))
            .map(option -> option.strip().toLowerCase(Locale.ROOT))
            .filter(option -> !option.isEmpty())
            .toList();
    if (!CONNECTION_OPTIONS.containsAll(options)) {
      throw Refusal.malformed("connection must not name other headers");
    }
    return !options.contains("close");
  }

  private static boolean isAuthority(String text) {
    return text.length() <= MAX_AUTHORITY && consistsOf(text, AUTHORITY_MARKS);
  }

  private static boolean isToken(String text) {
    return !text.isEmpty() && consistsOf(text, TOKEN_MARKS);
  }

  private static boolean consistsOf(String text, String marks) {
    return text.chars()
        .allMatch(c -> (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || marks.indexOf(c) >= 0);
  }
}
