package dev.damselfly.authz.identity;

import dev.damselfly.api.error.InvalidValue;
import java.util.ArrayList;
import java.util.List;

/// Certificates written one after the other, as the Workload API sends chains and bundles.
public final class CertificateList {
  private CertificateList() {}

  /// Splits without a gap and without a rest; looks into no certificate.
  ///
  /// @throws InvalidValue when there is none, too much, or something else between
  public static List<byte[]> split(byte[] concatenated, int maxCertificates, int maxBytes) {
    if (concatenated.length == 0 || concatenated.length > maxBytes) {
      throw new InvalidValue("must have 1 to " + maxBytes + " bytes");
    }
    var reader = new DerReader(concatenated);
    var certificates = new ArrayList<byte[]>();
    while (reader.hasMore()) {
      if (certificates.size() == maxCertificates) {
        throw new InvalidValue("must have at most " + maxCertificates + " certificates");
      }
      certificates.add(reader.whole(DerReader.SEQUENCE));
    }
    return List.copyOf(certificates);
  }
}
