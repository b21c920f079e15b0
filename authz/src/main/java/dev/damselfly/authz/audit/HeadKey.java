package dev.damselfly.authz.audit;

import dev.damselfly.authz.files.FileName;
import dev.damselfly.authz.files.SafeDir;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Arrays;
import java.util.HexFormat;

/// The Ed25519 key that signs chain heads. It lives in a directory of its own, apart from the log, so that rights on the
/// log alone are not enough to compute a chain that verifies. Thread-safe; has no printable form.
public final class HeadKey {
  /// Algorithm name that stands beside each signature.
  static final String ALGORITHM = "Ed25519";

  private static final FileName PRIVATE = new FileName("audit-head.key");
  private static final FileName PUBLIC = new FileName("audit-head.pub");
  private static final int MAX_KEY = 1024;

  private final PrivateKey key;
  private final PublicKey publicKey;
  private final String id;

  private HeadKey(PrivateKey key, PublicKey publicKey) {
    this.key = key;
    this.publicKey = publicKey;
    this.id = idOf(publicKey);
  }

  /// Reads the key of the directory, or makes one at first use. Files are 0600, the directory 0700.
  ///
  /// @throws IOException when directory or files are open to others, or hold something else
  public static HeadKey openOrCreate(Path directory) throws IOException {
    try (SafeDir dir = SafeDir.openOrCreate(directory)) {
      if (!dir.exists(PRIVATE)) {
        return create(dir);
      }
      KeyFactory factory = KeyFactory.getInstance(ALGORITHM);
      PrivateKey key = factory.generatePrivate(new PKCS8EncodedKeySpec(read(dir, PRIVATE)));
      PublicKey publicKey = factory.generatePublic(new X509EncodedKeySpec(read(dir, PUBLIC)));
      var own = new HeadKey(key, publicKey);
      if (!verify(publicKey, own.sign(1, AuditRecord.GENESIS))) {
        throw new IOException("audit head key: private and public part do not belong together");
      }
      return own;
    } catch (GeneralSecurityException e) {
      throw new IOException("audit head key: the files do not hold an Ed25519 key", e);
    }
  }

  private static HeadKey create(SafeDir dir) throws IOException, GeneralSecurityException {
    KeyPair pair = KeyPairGenerator.getInstance(ALGORITHM).generateKeyPair();
    if (dir.exists(PUBLIC)) {
      dir.delete(PUBLIC); // left by a crash before the private part was there
    }
    write(dir, PUBLIC, pair.getPublic().getEncoded());
    byte[] secret = pair.getPrivate().getEncoded();
    write(dir, PRIVATE, secret);
    Arrays.fill(secret, (byte) 0);
    dir.sync();
    return new HeadKey(pair.getPrivate(), pair.getPublic());
  }

  /// First 16 hex digits of SHA-256 over the encoded public key.
  public static String idOf(PublicKey key) {
    return HexFormat.of().formatHex(AuditRecord.sha256().digest(key.getEncoded())).substring(0, 16);
  }

  public String id() {
    return id;
  }

  public PublicKey publicKey() {
    return publicKey;
  }

  SignedHead sign(long seq, String hash) {
    try {
      Signature signer = Signature.getInstance(ALGORITHM);
      signer.initSign(key);
      signer.update(SignedHead.signedBytes(seq, hash));
      return new SignedHead(seq, hash, id, HexFormat.of().formatHex(signer.sign()));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("an Ed25519 key that was just checked cannot sign", e);
    }
  }

  static boolean verify(PublicKey key, SignedHead head) {
    try {
      Signature check = Signature.getInstance(ALGORITHM);
      check.initVerify(key);
      check.update(SignedHead.signedBytes(head.seq(), head.hash()));
      return check.verify(HexFormat.of().parseHex(head.signature()));
    } catch (GeneralSecurityException e) {
      return false; // a signature of the wrong form proves nothing
    }
  }

  private static byte[] read(SafeDir dir, FileName name) throws IOException {
    try (FileChannel in = dir.read(name)) {
      if (in.size() > MAX_KEY) {
        throw new IOException("audit head key: a key file has at most " + MAX_KEY + " bytes");
      }
      ByteBuffer bytes = ByteBuffer.allocate((int) in.size());
      while (bytes.hasRemaining() && in.read(bytes) >= 0) {}
      return bytes.array();
    }
  }

  private static void write(SafeDir dir, FileName name, byte[] content) throws IOException {
    try (FileChannel out = dir.create(name)) {
      ByteBuffer bytes = ByteBuffer.wrap(content);
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      out.force(true);
    }
  }

  @Override
  public String toString() {
    return "HeadKey[" + id + "]";
  }
}
