package dev.damselfly.authz.identity;

import java.math.BigInteger;
import java.util.Arrays;

/// Public key of a certificate, as far as the list of allowed keys needs it.
///
/// @param algorithm JCA name, `RSA`, `EC`, or empty for any other
/// @param allowed RSA of 2048 to 4096 bits, or EC on P-256, P-384 or P-521 by name (B-37)
record SubjectKey(String algorithm, boolean allowed) {
  private static final int RSA_MIN_BITS = 2048;
  private static final int RSA_MAX_BITS = 4096;
  private static final BigInteger RSA_MIN_EXPONENT = BigInteger.valueOf(65_537);

  static SubjectKey read(DerReader info) {
    var algorithm = info.enter(DerReader.SEQUENCE);
    byte[] key = info.content(DerReader.BIT_STRING);
    info.requireEnd();
    if (key.length < 2 || key[0] != 0) {
      throw DerReader.malformed();
    }
    return switch (CertificateView.hex(algorithm.content(DerReader.OID))) {
      case Oids.RSA -> new SubjectKey("RSA", isAllowedRsa(key));
      case Oids.EC -> new SubjectKey("EC", isNamedCurve(algorithm));
      default -> new SubjectKey("", false);
    };
  }

  private static boolean isNamedCurve(DerReader algorithm) {
    return algorithm.peek() == DerReader.OID
        && Oids.CURVES.contains(CertificateView.hex(algorithm.content(DerReader.OID)))
        && !algorithm.hasMore();
  }

  private static boolean isAllowedRsa(byte[] bitString) {
    byte[] der = Arrays.copyOfRange(bitString, 1, bitString.length);
    var outer = new DerReader(der);
    var key = outer.enter(DerReader.SEQUENCE);
    outer.requireEnd();
    byte[] modulus = key.unsigned();
    byte[] exponent = key.unsigned();
    key.requireEnd();
    if (modulus.length > RSA_MAX_BITS / 8 + 1 || exponent.length > 8) {
      return false; // decided before any arithmetic
    }
    int bits = new BigInteger(modulus).bitLength();
    var e = new BigInteger(exponent);
    return bits >= RSA_MIN_BITS && bits <= RSA_MAX_BITS && e.testBit(0) && e.compareTo(RSA_MIN_EXPONENT) >= 0;
  }
}
