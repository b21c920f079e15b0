package dev.damselfly.authz.identity;

import java.util.Set;

/// Object identifiers that the verifier compares with: hexadecimal text of the DER content.
final class Oids {
  static final String SUBJECT_ALT_NAME = "551d11";
  static final String BASIC_CONSTRAINTS = "551d13";
  static final String NAME_CONSTRAINTS = "551d1e";
  static final String KEY_USAGE = "551d0f";
  static final String EXTENDED_KEY_USAGE = "551d25";

  static final String SERVER_AUTH = "2b06010505070301";
  static final String CLIENT_AUTH = "2b06010505070302";

  static final String RSA = "2a864886f70d010101";
  static final String EC = "2a8648ce3d0201";
  static final Set<String> CURVES = Set.of("2a8648ce3d030107", "2b81040022", "2b81040023"); // P-256, P-384, P-521

  /// RSA PKCS #1 and ECDSA with SHA-256, SHA-384 and SHA-512.
  static final Set<String> SIGNATURES =
      Set.of(
          "2a864886f70d01010b",
          "2a864886f70d01010c",
          "2a864886f70d01010d",
          "2a8648ce3d040302",
          "2a8648ce3d040303",
          "2a8648ce3d040304");

  private Oids() {}
}
