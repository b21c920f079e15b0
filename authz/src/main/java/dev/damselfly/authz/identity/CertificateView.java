package dev.damselfly.authz.identity;

import dev.damselfly.api.error.InvalidValue;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// One certificate as its own strict reader sees it; knows nothing of paths or trust.
///
/// OIDs are hexadecimal text of their DER content: equality is all that is needed.
final class CertificateView {
  private static final int VERSION = 0xa0;
  private static final int EXTENSIONS = 0xa3;
  private static final int URI_NAME = 0x86;
  private static final byte[] V3 = {DerReader.INTEGER, 1, 2};

  private final byte[] der;
  private final String signatureOid;
  private final byte[] issuer;
  private final byte[] subject;
  private final Instant notBefore;
  private final Instant notAfter;
  private final SubjectKey key;
  private final Extensions extensions;

  private CertificateView(byte[] der) {
    this.der = der;
    var outer = new DerReader(der);
    var certificate = outer.enter(DerReader.SEQUENCE);
    outer.requireEnd();
    var tbs = certificate.enter(DerReader.SEQUENCE);
    byte[] outerAlgorithm = certificate.whole(DerReader.SEQUENCE);
    byte[] signature = certificate.content(DerReader.BIT_STRING);
    if (signature.length < 2 || signature[0] != 0) { // whole octets: other lengths would be a second spelling
      throw DerReader.malformed();
    }
    certificate.requireEnd();

    if (!Arrays.equals(tbs.enter(VERSION).rest(), V3)) {
      throw new InvalidValue("must be a version 3 certificate");
    }
    if (tbs.unsigned().length > 21) { // RFC 5280 4.1.2.2: at most 20 octets, and a zero before a high bit
      throw new InvalidValue("the serial number has at most 20 bytes");
    }
    byte[] innerAlgorithm = tbs.whole(DerReader.SEQUENCE);
    if (!Arrays.equals(innerAlgorithm, outerAlgorithm)) {
      throw new InvalidValue("the two signature algorithms must be equal");
    }
    this.signatureOid = hex(new DerReader(innerAlgorithm).enter(DerReader.SEQUENCE).content(DerReader.OID));
    this.issuer = tbs.whole(DerReader.SEQUENCE);
    var validity = tbs.enter(DerReader.SEQUENCE);
    this.notBefore = time(validity);
    this.notAfter = time(validity);
    validity.requireEnd();
    this.subject = tbs.whole(DerReader.SEQUENCE);
    this.key = SubjectKey.read(tbs.enter(DerReader.SEQUENCE));
    this.extensions = extensions(tbs);
    tbs.requireEnd();
  }

  /// @throws InvalidValue when the bytes are not exactly one certificate in DER
  static CertificateView parse(byte[] der) {
    return new CertificateView(der);
  }

  byte[] der() {
    return der;
  }

  String signatureOid() {
    return signatureOid;
  }

  boolean isIssuedBy(CertificateView other) {
    return Arrays.equals(issuer, other.subject);
  }

  boolean isSelfIssued() {
    return Arrays.equals(issuer, subject);
  }

  boolean hasEmptySubject() {
    return subject.length == 2;
  }

  Instant notBefore() {
    return notBefore;
  }

  Instant notAfter() {
    return notAfter;
  }

  boolean isValidAt(Instant now) {
    return !now.isBefore(notBefore) && !now.isAfter(notAfter);
  }

  SubjectKey key() {
    return key;
  }

  Extensions extensions() {
    return extensions;
  }

  /// What the extensions say. Each one is parsed to its end.
  ///
  /// @param uris URI names, undecoded
  /// @param keyUsage bits by number, first bit 0; absent without the extension
  /// @param critical OIDs of critical extensions
  /// @param maxBelow path length; negative when unlimited
  record Extensions(
      boolean repeated,
      Set<String> critical,
      List<String> uris,
      Optional<Integer> keyUsage,
      Optional<Set<String>> extendedKeyUsage,
      boolean ca,
      int maxBelow,
      Optional<byte[]> nameConstraints) {
    boolean usage(int bit) {
      return keyUsage.isPresent() && (keyUsage.get() >> bit & 1) == 1;
    }
  }

  private static Extensions extensions(DerReader tbs) {
    while (tbs.peek() == 0x81 || tbs.peek() == 0x82) {
      tbs.enterAny(); // unique identifiers: obsolete, without meaning
    }
    var found = new ExtensionReader();
    if (tbs.hasMore()) {
      var wrapper = tbs.enter(EXTENSIONS);
      var list = wrapper.enter(DerReader.SEQUENCE);
      wrapper.requireEnd();
      while (list.hasMore()) {
        found.take(list.enter(DerReader.SEQUENCE));
      }
    }
    return found.result();
  }

  private static final class ExtensionReader {
    private final Set<String> seen = new HashSet<>();
    private final Set<String> critical = new HashSet<>();
    private final List<String> uris = new ArrayList<>();
    private boolean repeated;
    private Optional<Integer> keyUsage = Optional.empty();
    private Optional<Set<String>> extendedKeyUsage = Optional.empty();
    private boolean ca;
    private int maxBelow = -1;
    private Optional<byte[]> nameConstraints = Optional.empty();

    void take(DerReader extension) {
      String oid = hex(extension.content(DerReader.OID));
      if (extension.trueOrAbsent()) {
        critical.add(oid);
      }
      byte[] value = extension.content(DerReader.OCTET_STRING);
      extension.requireEnd();
      if (!seen.add(oid)) {
        repeated = true;
        return;
      }
      switch (oid) {
        case Oids.SUBJECT_ALT_NAME -> names(value);
        case Oids.KEY_USAGE -> keyUsage = Optional.of(bits(value));
        case Oids.EXTENDED_KEY_USAGE -> extendedKeyUsage = Optional.of(oids(value));
        case Oids.BASIC_CONSTRAINTS -> constraints(value);
        case Oids.NAME_CONSTRAINTS -> nameConstraints = Optional.of(value);
        default -> {} // not critical, or reported as such
      }
    }

    Extensions result() {
      return new Extensions(
          repeated,
          Set.copyOf(critical),
          List.copyOf(uris),
          keyUsage,
          extendedKeyUsage,
          ca,
          maxBelow,
          nameConstraints);
    }

    private void names(byte[] value) {
      var list = only(value, DerReader.SEQUENCE);
      if (!list.hasMore()) {
        throw DerReader.malformed();
      }
      while (list.hasMore()) {
        boolean uri = list.peek() == URI_NAME;
        byte[] name = list.enterAny().rest();
        if (uri) {
          uris.add(new String(name, StandardCharsets.ISO_8859_1)); // no byte is lost; the id grammar refuses the rest
        }
      }
    }

    private void constraints(byte[] value) {
      var content = only(value, DerReader.SEQUENCE);
      ca = content.trueOrAbsent();
      if (content.hasMore()) {
        byte[] length = content.unsigned();
        if (!ca || length.length > 2) {
          throw DerReader.malformed();
        }
        maxBelow = length.length == 1 ? length[0] : (length[0] & 0xff) << 8 | length[1] & 0xff;
      }
      content.requireEnd();
    }

    private static int bits(byte[] value) {
      byte[] content = only(value, DerReader.BIT_STRING).rest();
      if (content.length < 2 || content.length > 3 || content[0] < 0 || content[0] > 7) {
        throw DerReader.malformed();
      }
      int last = content[content.length - 1] & 0xff;
      if (Integer.numberOfTrailingZeros(last) != content[0]) {
        throw DerReader.malformed(); // a named bit list ends with its last set bit
      }
      int bits = 0;
      for (int bit = 0; bit < 8 * (content.length - 1); bit++) {
        bits |= (content[1 + bit / 8] >> 7 - bit % 8 & 1) << bit;
      }
      return bits;
    }

    private static Set<String> oids(byte[] value) {
      var list = only(value, DerReader.SEQUENCE);
      var oids = new HashSet<String>();
      while (list.hasMore()) {
        oids.add(hex(list.content(DerReader.OID)));
      }
      return oids;
    }

    private static DerReader only(byte[] value, int tag) {
      var reader = new DerReader(value);
      var content = reader.enter(tag);
      reader.requireEnd();
      return content;
    }
  }

  static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  private static Instant time(DerReader validity) {
    int tag = validity.peek();
    byte[] text = validity.enterAny().rest();
    boolean utc = tag == DerReader.UTC_TIME && text.length == 13;
    if (!utc && !(tag == DerReader.GENERALIZED_TIME && text.length == 15) || text[text.length - 1] != 'Z') {
      throw DerReader.malformed();
    }
    int year = utc ? digits(text, 0, 2) : digits(text, 0, 4);
    int at = utc ? 2 : 4;
    if (utc) {
      year += year < 50 ? 2000 : 1900;
    }
    try {
      return LocalDateTime.of(
              year,
              digits(text, at, 2),
              digits(text, at + 2, 2),
              digits(text, at + 4, 2),
              digits(text, at + 6, 2),
              digits(text, at + 8, 2))
          .toInstant(ZoneOffset.UTC);
    } catch (DateTimeException e) {
      throw DerReader.malformed();
    }
  }

  private static int digits(byte[] text, int from, int count) {
    int value = 0;
    for (int i = from; i < from + count; i++) {
      if (text[i] < '0' || text[i] > '9') {
        throw DerReader.malformed();
      }
      value = value * 10 + (text[i] - '0');
    }
    return value;
  }
}
