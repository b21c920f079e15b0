package dev.damselfly.fuzz;

import com.google.protobuf.ByteString;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.Crc32Text;
import dev.damselfly.api.id.Digest;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.authz.audit.SignedHead;
import dev.damselfly.authz.egress.Cidr;
import dev.damselfly.authz.egress.IpLiteral;
import dev.damselfly.authz.identity.workload.WorkloadEndpoint;
import dev.damselfly.manager.address.HostName;
import dev.damselfly.manager.address.IpAddress;
import dev.damselfly.manager.document.TextPattern;
import dev.damselfly.manager.store.DatabaseLocation;
import dev.damselfly.scheduler.cluster.ClusterSettings;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/// Values that are written as one short text: the first byte chooses the kind. Accepted: printed and read again it is the
/// same value, and for canonical kinds the very same text. Refused: as an invalid value, nothing else.
final class TextValuesFuzz implements Target {
  private static final List<Kind> KINDS =
      List.of(
          new Kind(Digest.class, Digest::parse, Object::toString, true),
          new Kind(Crc32Text.class, Crc32Text::parse, Object::toString, true),
          new Kind(HostPort.class, HostPort::parse, Object::toString, true),
          new Kind(SignedHead.class, SignedHead::parse, Object::toString, true),
          new Kind(Cidr.class, Cidr::parse, Object::toString, false),
          new Kind(IpLiteral.class, IpLiteral::parse, value -> IpLiteral.text((java.net.InetAddress) value), false),
          new Kind(IpAddress.class, IpAddress::parse, Object::toString, false),
          new Kind(HostName.class, HostName::new, Object::toString, true),
          new Kind(TextPattern.class, TextPattern::parse, Object::toString, true),
          new Kind(WorkloadEndpoint.class, WorkloadEndpoint::parse, value -> "unix://" + ((WorkloadEndpoint) value).socket(), false),
          new Kind(
              DatabaseLocation.class,
              DatabaseLocation.Directory::parse,
              value -> ((DatabaseLocation.Directory) value).path().toString(),
              false),
          new Kind(
              ClusterSettings.class,
              text -> ClusterSettings.parse(ByteString.copyFromUtf8(text)),
              value -> {
                var settings = (ClusterSettings) value;
                return "{\"candidate_parent_limit\":%d,\"filter_parent_limit\":%d}".formatted(settings.candidateParents(), settings.sampledParents());
              },
              false));

  private static final List<String> TEXTS =
      List.of(
          "sha256:" + "a".repeat(64), "sha512:" + "0".repeat(128), "crc32:1", "4294967295", "crc32:00", "a:1", "[::1]:65535",
          "10.0.0.1:80", "127.0.0.0/8", "::/0", "fe80::/10", "::ffff:10.0.0.1", "0.0.0.0", "1.2.3.4", "host-1", "a.b-c.d",
          "^a.*b$", "(a|b)+", "unix:///run/spire/agent.sock",
          "unix:/" + "x".repeat(94), "unix:/" + "x".repeat(92), "/var/lib/damselfly", "{}", "{\"candidate_parent_limit\":20}", "1\u0000\u0000\u0000\uf7be\uf7be",
          "{\"filter_parent_limit\":1000,\"candidate_parent_limit\":1}", "", " ", "\u0000", "..", "/../x", "0x7f.1", "[", "%00");

  /// @param canonical an accepted text is the only one of its value
  private record Kind(Class<?> type, Function<String, Object> parse, Function<Object, String> print, boolean canonical) {}

  public static void fuzzerTestOneInput(byte[] input) {
    new TextValuesFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    if (input.length == 0) {
      return;
    }
    Kind kind = KINDS.get((input[0] & 0xff) % KINDS.size());
    String text = new String(input, 1, input.length - 1, StandardCharsets.UTF_8);
    Object value;
    try {
      value = kind.parse().apply(text);
    } catch (InvalidValue refused) {
      Accepted.no();
      return;
    }
    Accepted.yes();
    String printed = kind.print().apply(value);
    if (kind.canonical() && !printed.equals(text)) {
      throw new AssertionError(kind.type().getSimpleName() + " took a text that is not its own: " + text);
    }
    if (!kind.parse().apply(printed).equals(value)) {
      throw new AssertionError(kind.type().getSimpleName() + " does not come back from " + printed);
    }
  }

  @Override
  public String name() {
    return "text-values";
  }

  @Override
  public String oracle() {
    return "accepted: comes back from its own print, canonical kinds as the same text; refused: as an invalid value";
  }

  @Override
  public List<Class<?>> covers() {
    return KINDS.stream().<Class<?>>map(Kind::type).toList();
  }

  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    for (int kind = 0; kind < KINDS.size(); kind++) {
      for (String text : TEXTS) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        byte[] seed = new byte[1 + bytes.length];
        seed[0] = (byte) kind;
        System.arraycopy(bytes, 0, seed, 1, bytes.length);
        seeds.add(seed);
      }
    }
    return seeds;
  }
}
