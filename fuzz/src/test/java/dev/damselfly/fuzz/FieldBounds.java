package dev.damselfly.fuzz;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.regex.Pattern;

/// The input bounds of the API beside its rules, by the name of a field (wire API, "input bounds"). Part of [Constraints].
final class FieldBounds {
  static final Pattern URI = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:[^\\x00-\\x1f\\x7f]*");
  static final Pattern HOSTNAME =
      Pattern.compile("([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\\.?");
  static final Pattern DIGEST =
      Pattern.compile(
          "(md5:[a-fA-F0-9]{32}|sha1:[a-fA-F0-9]{40}|sha256:[a-fA-F0-9]{64}|sha512:[a-fA-F0-9]{128}"
              + "|blake3:[a-fA-F0-9]{64}|crc32:[a-fA-F0-9]+)");
  private static final Pattern TASK_ID = Pattern.compile("[0-9a-f]{64}");
  private static final Pattern HOST_ID = Pattern.compile("[!-~]{1,320}");
  private static final Pattern PEER_ID = Pattern.compile("[!-~]{1,512}");
  private static final Pattern USER_INFO = Pattern.compile("[^:/?#]*://[^/?#]*@.*", Pattern.DOTALL);
  private static final Pattern TOKEN = Pattern.compile("[!#$%&'*+.^_`|~0-9A-Za-z-]+");
  private static final Pattern VALUE = Pattern.compile("[\\t\\x20-\\x7e\\x80-\\uffff]*");
  private static final BigInteger CONTENT = BigInteger.ONE.shiftLeft(46);
  private static final BigInteger PIECES = BigInteger.ONE.shiftLeft(20);
  private static final BigInteger PIECE = BigInteger.ONE.shiftLeft(26);
  private static final int URL_BYTES = 8 << 10;
  private static final int LABEL_BYTES = 1 << 10;
  private static final int HEADERS = 64;
  private static final int HEADER_BYTES = 16 << 10;

  private FieldBounds() {}

  static int items(FieldDescriptor field) {
    if (field.isMapField()) {
      return HEADERS;
    }
    return switch (field.getName()) {
      case "candidate_parents" -> 20;
      case "ips" -> 100;
      case "urls" -> 1000;
      case "pieces" -> field.getFullName().startsWith("damselfly.v1.") ? PIECES.intValue() : 1000;
      case "interested_piece_numbers", "held", "numbers" -> PIECES.intValue();
      default -> Integer.MAX_VALUE;
    };
  }

  /// @param value present, and not the default
  static void require(FieldDescriptor field, Object value, String path) {
    switch (value) {
      case String text -> text(field, text, path);
      case Integer number -> number(field, number, path);
      case Long number -> number(field, number, path);
      case Double number -> Constraints.hold(Double.isFinite(number), path, "finite");
      case Message time -> time(time, path);
      default -> {}
    }
  }

  private static void text(FieldDescriptor field, String text, String path) {
    int bytes = text.getBytes(StandardCharsets.UTF_8).length;
    boolean holds =
        switch (field.getName()) {
          case "task_id" -> TASK_ID.matcher(text).matches();
          case "host_id" -> HOST_ID.matcher(text).matches();
          case "peer_id", "parent_id", "parent_peer_id" -> PEER_ID.matcher(text).matches();
          case "url", "base_url" -> bytes <= URL_BYTES && URI.matcher(text).matches() && !USER_INFO.matcher(text).matches();
          case "tag", "application", "description" -> bytes <= LABEL_BYTES;
          default -> bytes <= URL_BYTES;
        };
    Constraints.hold(holds, path, "bound of " + field.getName());
  }

  private static void number(FieldDescriptor field, Object value, String path) {
    BigInteger number = unsigned(field, value);
    boolean ofPiece = field.getContainingType().getName().endsWith("Piece");
    boolean holds =
        switch (field.getName()) {
          case "piece_number", "numbers", "interested_piece_numbers" -> number.compareTo(PIECES) < 0;
          case "number" -> !ofPiece || number.compareTo(PIECES) < 0;
          case "length" -> !ofPiece || number.compareTo(PIECE) <= 0;
          case "offset" -> !ofPiece || number.compareTo(CONTENT) <= 0;
          case "content_length", "actual_content_length" -> number.compareTo(CONTENT) <= 0;
          case "piece_count", "actual_piece_count" -> number.compareTo(PIECES) <= 0;
          case "piece_length", "actual_piece_length" -> number.compareTo(PIECE) <= 0;
          default -> true;
        };
    Constraints.hold(holds, path, "bound of " + field.getName());
  }

  private static void time(Message value, String path) {
    String type = value.getDescriptorForType().getFullName();
    if (type.equals("google.protobuf.Duration") || type.equals("google.protobuf.Timestamp")) {
      int nanos = (int) part(value, 2);
      Constraints.hold((long) part(value, 1) >= 0 && nanos >= 0 && nanos <= 999_999_999, path, "time");
    }
  }

  static Object part(Message message, int number) {
    return message.getField(message.getDescriptorForType().findFieldByNumber(number));
  }

  static void headers(Collection<?> entries, String path) {
    int bytes = 0;
    for (Object entry : entries) {
      String name = (String) part((Message) entry, 1);
      String value = (String) part((Message) entry, 2);
      bytes += name.getBytes(StandardCharsets.UTF_8).length + value.getBytes(StandardCharsets.UTF_8).length;
      Constraints.hold(TOKEN.matcher(name).matches(), path, "token as name");
      Constraints.hold(VALUE.matcher(value).matches(), path, "no control characters");
    }
    Constraints.hold(bytes <= HEADER_BYTES, path, "16 KiB of headers");
  }

  static BigInteger unsigned(FieldDescriptor field, Object value) {
    return switch (field.getType()) {
      case UINT32, FIXED32 -> BigInteger.valueOf(Integer.toUnsignedLong((int) value));
      case UINT64, FIXED64 -> new BigInteger(Long.toUnsignedString((long) value));
      default -> BigInteger.valueOf(((Number) value).longValue());
    };
  }
}
