package dev.damselfly.authz.identity.workload;

import com.google.protobuf.ByteString;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.identity.BundleSet;
import dev.damselfly.authz.identity.CertificateList;
import dev.damselfly.authz.identity.IdentitySnapshot;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.identity.TrustDomain;
import dev.damselfly.authz.identity.Verdict;
import dev.damselfly.authz.identity.X509SvidVerifier;
import dev.damselfly.authz.identity.workload.UpdateRefused.Flaw;
import io.spiffe.workloadapi.grpc.Workload.X509SVID;
import io.spiffe.workloadapi.grpc.Workload.X509SVIDResponse;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Turns one response of the Workload API into a state that may be used, or says why not.
///
/// Pure. Nothing is merged with earlier state (Workload API 4.3).
///
/// @param wanted the identity to take when there are several; the first one otherwise (Workload API 8)
record UpdateReader(Optional<SpiffeId> wanted) {
  private static final int MAX_SVIDS = 64;
  private static final int MAX_HINT = 1024;
  private static final int MAX_KEY_BYTES = 16 * 1024;
  private static final int MAX_AUTHORITIES = 64; // B-39
  private static final int MAX_BUNDLE_BYTES = 1024 * 1024; // B-39
  private static final int MAX_DOMAINS = 256; // B-39
  private static final byte[] PROBE = "damselfly key check".getBytes(StandardCharsets.US_ASCII);

  IdentitySnapshot read(X509SVIDResponse response, Instant now, long generation) throws UpdateRefused {
    X509SVID svid = choose(response);
    SpiffeId id = id(svid);
    List<byte[]> chain = split(svid.getX509Svid(), X509SvidVerifier.MAX_CERTIFICATES, X509SvidVerifier.MAX_BYTES, Flaw.ENCODING);
    List<byte[]> own = bundle(svid.getBundle());
    requireProof(chain, id, new BundleSet(Map.of(id.trustDomain(), own)), now);
    X509Certificate leaf = leaf(chain);
    PrivateKey key = key(svid.getX509SvidKey(), leaf.getPublicKey());
    return new IdentitySnapshot(
        id,
        chain,
        key,
        leaf.getNotBefore().toInstant(),
        leaf.getNotAfter().toInstant(),
        bundles(id.trustDomain(), own, response.getFederatedBundlesMap()),
        generation);
  }

  private X509SVID choose(X509SVIDResponse response) throws UpdateRefused {
    List<X509SVID> svids = response.getSvidsList();
    if (svids.isEmpty()) {
      throw new UpdateRefused(Flaw.EMPTY, "");
    }
    if (svids.size() > MAX_SVIDS) {
      throw new UpdateRefused(Flaw.LIMIT, "SVIDs");
    }
    for (X509SVID svid : svids) {
      requireFilled(svid);
    }
    if (wanted.isEmpty()) {
      return svids.getFirst();
    }
    String text = wanted.get().toString();
    return svids.stream()
        .filter(svid -> svid.getSpiffeId().equals(text))
        .findFirst()
        .orElseThrow(() -> new UpdateRefused(Flaw.WANTED_ABSENT, ""));
  }

  private static void requireFilled(X509SVID svid) throws UpdateRefused {
    if (svid.getSpiffeId().isEmpty()
        || svid.getX509Svid().isEmpty()
        || svid.getX509SvidKey().isEmpty()
        || svid.getBundle().isEmpty()) {
      throw new UpdateRefused(Flaw.FIELD_MISSING, "");
    }
    if (svid.getHint().length() > MAX_HINT) {
      throw new UpdateRefused(Flaw.LIMIT, "hint");
    }
  }

  private static SpiffeId id(X509SVID svid) throws UpdateRefused {
    try {
      return SpiffeId.parse(svid.getSpiffeId());
    } catch (InvalidValue e) {
      throw new UpdateRefused(Flaw.ENCODING, e.rule());
    }
  }

  private static List<byte[]> split(ByteString bytes, int maxCertificates, int maxBytes, Flaw flaw) throws UpdateRefused {
    if (bytes.size() > maxBytes) {
      throw new UpdateRefused(Flaw.LIMIT, "certificates");
    }
    try {
      return CertificateList.split(bytes.toByteArray(), maxCertificates, maxBytes);
    } catch (InvalidValue e) {
      throw new UpdateRefused(flaw, e.rule());
    }
  }

  private static void requireProof(List<byte[]> chain, SpiffeId stated, BundleSet own, Instant now) throws UpdateRefused {
    switch (X509SvidVerifier.verify(chain, own, now)) {
      case Verdict.Refused refused -> throw new UpdateRefused(Flaw.CHAIN, refused.reasons().toString());
      case Verdict.Accepted accepted when !accepted.id().equals(stated) -> throw new UpdateRefused(Flaw.ID_MISMATCH, "");
      case Verdict.Accepted _ -> {}
    }
  }

  private static X509Certificate leaf(List<byte[]> chain) throws UpdateRefused {
    try {
      return (X509Certificate)
          CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(chain.getFirst()));
    } catch (GeneralSecurityException e) {
      throw new UpdateRefused(Flaw.ENCODING, "certificate");
    }
  }

  private static PrivateKey key(ByteString pkcs8, PublicKey certified) throws UpdateRefused {
    if (pkcs8.size() > MAX_KEY_BYTES) {
      throw new UpdateRefused(Flaw.LIMIT, "key");
    }
    byte[] encoded = pkcs8.toByteArray();
    try {
      PrivateKey key = KeyFactory.getInstance(certified.getAlgorithm()).generatePrivate(new PKCS8EncodedKeySpec(encoded));
      requirePair(key, certified);
      return key;
    } catch (GeneralSecurityException e) {
      throw new UpdateRefused(Flaw.ENCODING, "key"); // without its cause, which could describe the key
    } finally {
      Arrays.fill(encoded, (byte) 0);
    }
  }

  private static void requirePair(PrivateKey key, PublicKey certified) throws UpdateRefused {
    try {
      var signer = Signature.getInstance(key.getAlgorithm().equals("EC") ? "SHA256withECDSA" : "SHA256withRSA");
      signer.initSign(key);
      signer.update(PROBE);
      byte[] signature = signer.sign();
      signer.initVerify(certified);
      signer.update(PROBE);
      if (!signer.verify(signature)) {
        throw new UpdateRefused(Flaw.KEY_MISMATCH, "");
      }
    } catch (GeneralSecurityException e) {
      throw new UpdateRefused(Flaw.KEY_MISMATCH, ""); // another curve or size
    }
  }

  private static BundleSet bundles(TrustDomain own, List<byte[]> authorities, Map<String, ByteString> federated)
      throws UpdateRefused {
    if (federated.size() >= MAX_DOMAINS) {
      throw new UpdateRefused(Flaw.LIMIT, "domains");
    }
    var all = new HashMap<TrustDomain, List<byte[]>>();
    all.put(own, authorities);
    for (var entry : federated.entrySet()) {
      if (all.put(domain(entry.getKey()), bundle(entry.getValue())) != null) {
        throw new UpdateRefused(Flaw.DOMAIN, "the own or the same domain again");
      }
    }
    return new BundleSet(all);
  }

  private static TrustDomain domain(String key) throws UpdateRefused {
    try {
      var id = SpiffeId.parse(key);
      if (!id.path().isEmpty()) {
        throw new UpdateRefused(Flaw.DOMAIN, "a trust domain has no path");
      }
      return id.trustDomain();
    } catch (InvalidValue e) {
      throw new UpdateRefused(Flaw.DOMAIN, e.rule());
    }
  }

  private static List<byte[]> bundle(ByteString bytes) throws UpdateRefused {
    return split(bytes, MAX_AUTHORITIES, MAX_BUNDLE_BYTES, Flaw.BUNDLE);
  }
}
