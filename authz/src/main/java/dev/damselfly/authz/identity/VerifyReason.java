package dev.damselfly.authz.identity;

/// Why a peer's certificate chain is refused. Names go to the audit log, never to the peer.
public enum VerifyReason {
  /// More certificates or bytes than B-37 allows, or none at all.
  LIMIT,
  /// Not DER, or not a version 3 certificate.
  DER,
  /// The same extension stands twice.
  DUPLICATE_EXTENSION,
  /// A critical extension that this verifier does not process.
  CRITICAL_EXTENSION,
  /// Key type, size or curve outside the list.
  WEAK_KEY,
  /// Signature algorithm outside the list.
  WEAK_SIGNATURE,
  /// Not exactly one URI name (X3).
  URI_SAN_COUNT,
  /// The URI name is no canonical SPIFFE ID (X5).
  ID_SYNTAX,
  /// The id has no path: it names the trust domain itself (X6).
  ROOT_PATH,
  /// No authorities for the id's own trust domain (X2).
  NO_BUNDLE,
  /// The leaf is a certificate authority (X7).
  LEAF_IS_CA,
  /// The leaf may sign certificates or revocation lists (X8).
  LEAF_SIGNS,
  /// Key usage is absent or not critical (X11).
  KEY_USAGE,
  /// The leaf may not sign handshakes (X12).
  NO_DIGITAL_SIGNATURE,
  /// Extended key usage without both server and client authentication (X13).
  EXTENDED_KEY_USAGE,
  /// Empty subject and a name extension that is not critical (X17).
  SAN_NOT_CRITICAL,
  /// No valid path from the leaf to an authority of the bundle (X1).
  PATH,
  /// A certificate above the leaf that may not sign certificates (X14).
  SIGNER_PROFILE,
  /// The id of a signing certificate has a path or is not one SPIFFE ID (X15).
  SIGNER_ID,
  /// An intermediate of another trust domain (X16).
  SIGNER_DOMAIN,
  /// The name constraints of a signer exclude the id, or cannot be read (X18).
  NAME_CONSTRAINTS,
  /// More intermediates than a signer allows below it (X19).
  PATH_LENGTH,
  /// A certificate of the path is expired or not yet valid (X10).
  TIME,
  /// The role template does not know the identity.
  NO_ROLE,
  /// A valid identity, but not the one that must be at this end.
  NOT_EXPECTED
}
