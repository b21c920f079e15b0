package dev.damselfly.fuzz;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.url.CanonicalUrl;
import dev.damselfly.authz.egress.EgressGate;
import dev.damselfly.authz.egress.EgressPolicy;
import dev.damselfly.authz.egress.Target;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

/// Canonical URLs and the egress decision: no spelling of a URL gets an address through the gate that the plain rules for
/// special addresses refuse; canonical text is stable.
final class UrlFuzz implements dev.damselfly.fuzz.Target {
  private static final EgressGate GATE = new EgressGate(EgressPolicy.publicInternet(), UrlFuzz::resolve, 16, event -> {});

  private static final byte[] NAT64 = {0, 0x64, (byte) 0xff, (byte) 0x9b, 0, 0, 0, 0, 0, 0, 0, 0};

  public static void fuzzerTestOneInput(byte[] input) {
    new UrlFuzz().run(input);
  }

  /// A script instead of DNS: what kind of address a name has is in its first letter.
  private static List<InetAddress> resolve(String host) throws UnknownHostException {
    return switch (host.isEmpty() ? ' ' : host.charAt(0)) {
      case 'l' -> List.of(InetAddress.getByAddress(new byte[] {127, 0, 0, 1}));
      case 'p' -> List.of(InetAddress.getByAddress(new byte[] {10, 0, 0, 1}));
      case 'm' ->
          List.of(
              InetAddress.getByAddress(new byte[] {93, 1, 1, 1}), InetAddress.getByAddress(new byte[] {(byte) 169, (byte) 254, (byte) 169, (byte) 254}));
      case 'n' -> throw new UnknownHostException(host);
      default -> List.of(InetAddress.getByAddress(new byte[] {93, 1, 1, 1}));
    };
  }

  @Override
  public void run(byte[] input) {
    String text = TextTargets.text(input);
    try {
      CanonicalUrl url = CanonicalUrl.parse(text, List.of("zz"));
      Accepted.yes();
      if (!CanonicalUrl.parse(url.text(), List.of("zz")).text().equals(url.text())) {
        throw new AssertionError("canonical text is not stable");
      }
    } catch (InvalidValue refused) {
      Accepted.no();
      return;
    }
    try {
      for (var checked : GATE.check(Target.parse(text), "fuzz")) {
        if (isSpecial(checked.address().getAddress().getAddress())) {
          throw new AssertionError("a special address passed the gate");
        }
      }
    } catch (InvalidValue | RequestFailure refused) {
      // one of the two refusals that the contract allows
    }
  }

  /// The model: written from the registries of special addresses, not from the gate.
  private static boolean isSpecial(byte[] a) {
    if (a.length == 16) {
      boolean global = (a[0] & 0xe0) == 0x20;
      boolean tunnelled = a[0] == 0x20 && (a[1] == 0x02 || a[1] == 0x01 && a[2] == 0 && a[3] == 0);
      boolean nat64 = java.util.Arrays.equals(a, 0, 12, NAT64, 0, 12);
      int at = nat64 ? 12 : tunnelled && a[1] == 0x02 ? 2 : -1;
      return at >= 0 ? isSpecial(java.util.Arrays.copyOfRange(a, at, at + 4)) : !global;
    }
    int first = a[0] & 0xff;
    int second = a[1] & 0xff;
    return first == 0 || first == 10 || first == 127 || first >= 224
        || first == 169 && second == 254 || first == 172 && (second & 0xf0) == 16 || first == 192 && second == 168
        || first == 100 && (second & 0xc0) == 64 || first == 198 && (second & 0xfe) == 18;
  }

  @Override
  public String name() {
    return "url-egress";
  }

  @Override
  public String oracle() {
    return "no special address passes the gate (independent model); canonical text is stable";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(CanonicalUrl.class, Target.class, EgressGate.class);
  }

  @Override
  public List<byte[]> seeds() {
    var texts = new ArrayList<String>();
    for (String host :
        List.of(
            "example.org", "local", "private", "mixed", "nothing", "127.0.0.1", "127.1", "2130706433", "0177.0.0.1", "0x7f.1", "[::1]",
            "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]", "[::6f00:1]", "[64:ff9b:1::6f00:1]", "@example.org", "[2002:7f00:1::]", "[fe80::1%25eth0]", "0", "localhost.", "a.b..c", "%31%32%37.0.0.1",
            "\uff11\uff12\uff17.0.0.1", "allowed@127.0.0.1", "10.0.0.1:080", "169.254.169.254", "xn--bcher-kva.example", "b\u00fccher.example")) {
      texts.add("http://" + host + "/x?b=2&a=1&zz=3#f");
    }
    texts.addAll(List.of("https://example.org", "HTTPS://Example.ORG:443/a/../b?x=%zz", "s3://Bucket/Key", "http:///x", "http://a:0/", "http://a:65536/"));
    return TextTargets.seeds(texts.toArray(String[]::new));
  }
}
