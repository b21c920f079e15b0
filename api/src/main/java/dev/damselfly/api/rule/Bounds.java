package dev.damselfly.api.rule;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.HostId;
import dev.damselfly.api.id.PeerId;
import dev.damselfly.api.id.PieceLayout;
import dev.damselfly.api.id.PieceNumber;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.api.url.CanonicalUrl;
import dev.damselfly.api.url.UrlText;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.function.Consumer;

/// Bounds that the schema does not carry (B-18..B-29), by the name of the field, which means the same thing in every
/// message. They hold for present, non-default values.
final class Bounds {
  /// Bytes of any text without a narrower bound.
  static final int MAX_TEXT = 8 << 10;
  static final int MAX_LABEL = 1 << 10;
  static final int MAX_MESSAGE = 4 << 10;
  static final int MAX_ITEMS = 100_000;
  static final int MAX_CERTIFICATES = 10;
  static final int MAX_CERTIFICATE = 64 << 10;

  private static final String OWN_PACKAGE = "damselfly.v1";

  private Bounds() {}

  static List<Check> of(FieldDescriptor field) {
    if (field.isMapField()) {
      return List.of();
    }
    return switch (field.getJavaType()) {
      case STRING -> List.of(text(field));
      case INT, LONG -> number(field);
      case DOUBLE -> List.of(new Check("finite", value -> Double.isFinite((double) value)));
      case MESSAGE -> time(field);
      case BYTE_STRING -> bytes(field);
      case FLOAT, BOOLEAN, ENUM -> List.of();
    };
  }

  private static Check text(FieldDescriptor field) {
    return switch (field.getName()) {
      case "task_id" -> value("64 lower-case hex digits", TaskId::new);
      case "host_id" -> hostId();
      case "peer_id", "parent_id", "parent_peer_id", "removed_peer_ids" -> peerId();
      case "id" -> id(field);
      case "url", "base_url", "endpoint" ->
          Check.text("url: at most 8 KiB, no control characters, no user info", Bounds::isUrl);
      case "tag", "application", "description", "revision" -> atMost(MAX_LABEL);
      case "filtered_query_params" -> atMost(CanonicalUrl.MAX_FILTERED_LENGTH);
      case "message" -> atMost(MAX_MESSAGE);
      default -> atMost(MAX_TEXT);
    };
  }

  private static Check id(FieldDescriptor field) {
    String type = field.getContainingType().getName();
    if (type.endsWith("Task")) {
      return value("64 lower-case hex digits", TaskId::new);
    }
    if (type.endsWith("Peer")) {
      return peerId();
    }
    return type.equals("Host") ? hostId() : atMost(MAX_TEXT);
  }

  private static Check hostId() {
    return value("host id: printable ASCII, at most 320 bytes", HostId::new);
  }

  private static Check peerId() {
    return value("peer id: printable ASCII, at most 512 bytes", PeerId::new);
  }

  private static Check value(String rule, Consumer<String> parse) {
    return Check.text(
        rule,
        text -> {
          try {
            parse.accept(text);
            return true;
          } catch (InvalidValue _) {
            return false;
          }
        });
  }

  private static boolean isUrl(String text) {
    try {
      UrlText.require(text);
      return !UrlText.hasUserInfo(text);
    } catch (InvalidValue _) {
      return false;
    }
  }

  private static Check atMost(int bytes) {
    return Check.text(
        "at most " + bytes + " bytes",
        text -> text.length() <= bytes && text.getBytes(StandardCharsets.UTF_8).length <= bytes);
  }

  private static List<Check> number(FieldDescriptor field) {
    return switch (field.getName()) {
      case "piece_number", "numbers", "interested_piece_numbers", "interested_cache_piece_numbers" ->
          pieceNumber(field);
      case "number" -> isPiece(field) ? pieceNumber(field) : List.of();
      case "content_length", "actual_content_length" -> upTo(field, PieceLayout.MAX_CONTENT, "at most 2^46");
      case "piece_count", "actual_piece_count" -> upTo(field, PieceNumber.MAX, "at most 2^20");
      case "piece_length", "actual_piece_length" -> upTo(field, PieceLayout.MAX_PIECE, "at most 64 MiB");
      case "offset" -> isPiece(field) ? upTo(field, PieceLayout.MAX_CONTENT, "at most 2^46") : List.of();
      case "length" -> isPiece(field) ? upTo(field, PieceLayout.MAX_PIECE, "at most 64 MiB") : List.of();
      default -> List.of();
    };
  }

  private static List<Check> pieceNumber(FieldDescriptor field) {
    return upTo(field, PieceNumber.MAX - 1, "below 2^20");
  }

  private static List<Check> upTo(FieldDescriptor field, long max, String rule) {
    return List.of(
        new Check(
            rule,
            value -> {
              long number = Numbers.widen(field, value);
              return number >= 0 && number <= max;
            }));
  }

  /// A message that describes one piece has both a number and a length.
  private static boolean isPiece(FieldDescriptor field) {
    var type = field.getContainingType();
    return type.findFieldByName("number") != null && type.findFieldByName("length") != null;
  }

  private static List<Check> time(FieldDescriptor field) {
    return switch (field.getMessageType().getFullName()) {
      case "google.protobuf.Duration" -> List.of(new Check("0 to 10,000 years, nanos in range", Times::isDuration));
      case "google.protobuf.Timestamp" -> List.of(new Check("1970 to 9999, nanos in range", Times::isTimestamp));
      default -> List.of();
    };
  }

  private static List<Check> bytes(FieldDescriptor field) {
    if (!field.getName().equals("certificate_chain")) {
      return List.of(); // the limit of the message is the limit of the field
    }
    return List.of(
        new Check(
            "at most " + MAX_CERTIFICATE + " bytes",
            value -> ((ByteString) value).size() <= MAX_CERTIFICATE));
  }

  /// Most items of a repeated field or entries of a map (B-20, B-24).
  static int maxItems(FieldDescriptor field) {
    if (field.isMapField()) {
      return HeaderBounds.MAX_ENTRIES;
    }
    boolean own = field.getFile().getPackage().equals(OWN_PACKAGE);
    return switch (field.getName()) {
      case "candidate_parents", "added" -> 20;
      case "ips" -> 100;
      case "urls" -> 1_000;
      case "pieces" -> own || isWholeTask(field) ? PieceNumber.MAX : 1_000;
      case "numbers", "held", "interested_piece_numbers", "interested_cache_piece_numbers" -> PieceNumber.MAX;
      case "filtered_query_params" -> CanonicalUrl.MAX_FILTERED;
      case "certificate_chain" -> MAX_CERTIFICATES;
      default -> MAX_ITEMS;
    };
  }

  /// The answer to a download names all its pieces.
  private static boolean isWholeTask(FieldDescriptor field) {
    return field.getContainingType().getName().endsWith("StartedResponse");
  }
}
