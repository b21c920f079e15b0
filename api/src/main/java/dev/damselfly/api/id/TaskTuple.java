package dev.damselfly.api.id;

import dev.damselfly.api.error.Field;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.RequestFailure.Malformed;
import dev.damselfly.api.url.CanonicalUrl;
import dev.damselfly.api.wire.common.v2.Download;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Everything that a standard task stands for. The task id is a name that strangers can make collide, as the wire
/// concatenates its parts; the [#fingerprint] of the tuple is what a resource is bound to.
///
/// @param form which wire rule gives the id
/// @param canonicalUrl also holds the URL as given and the filtered parameters
/// @param tag empty when absent
/// @param application empty when absent
/// @param revision of a model hub; empty when absent
/// @param pieceLength only when the request fixes it, 4..64 MiB
/// @param contentKey text that alone decides about the id; present exactly for [Form#CONTENT_KEY]
public record TaskTuple(
    Form form,
    CanonicalUrl canonicalUrl,
    String tag,
    String application,
    String revision,
    OptionalLong pieceLength,
    Optional<String> contentKey) {
  /// Bytes of a tag, application or revision (B-26).
  public static final int MAX_LABEL = 1 << 10;
  /// Bytes of a content key.
  public static final int MAX_CONTENT_KEY = 8 << 10;

  private static final String LABEL = "damselfly-task-tuple-v1";

  /// The rules by which the wire names a task; the first that applies wins.
  public enum Form {
    CONTENT_KEY,
    BLOB_DIGEST,
    MANIFEST_DIGEST,
    URL
  }

  public TaskTuple {
    requireText(tag, MAX_LABEL, "tag ");
    requireText(application, MAX_LABEL, "application ");
    requireText(revision, MAX_LABEL, "revision ");
    pieceLength.ifPresent(PieceLayout::requirePieceLength);
    if (contentKey.isPresent() != (form == Form.CONTENT_KEY)) {
      throw new InvalidValue("a content key belongs to the content key form, and only to it");
    }
    contentKey.ifPresent(TaskTuple::requireContentKey);
    switch (form) {
      case BLOB_DIGEST -> digestInUrl(canonicalUrl, RegistryUrl.Kind.BLOB);
      case MANIFEST_DIGEST -> digestInUrl(canonicalUrl, RegistryUrl.Kind.MANIFEST);
      case CONTENT_KEY, URL -> {}
    }
  }

  /// The tuple of a download request.
  ///
  /// @throws Malformed naming the field, for example `download.url`
  public static TaskTuple of(Download download) {
    List<String> filtered = download.getFilteredQueryParamsList();
    Field.parse("download.filtered_query_params", () -> CanonicalUrl.requireFilter(filtered));
    CanonicalUrl url = Field.parse("download.url", () -> CanonicalUrl.parse(download.getUrl(), filtered));
    String tag = label("download.tag", download.getTag());
    String application = label("download.application", download.getApplication());
    String revision = revision(download);
    OptionalLong pieceLength = pieceLength(download);
    Optional<String> contentKey =
        download.hasContentForCalculatingTaskId()
            ? Optional.of(contentKey(download.getContentForCalculatingTaskId()))
            : Optional.empty();
    Form form = form(download, contentKey.isPresent());
    return Field.parse(
        "download.url", () -> new TaskTuple(form, url, tag, application, revision, pieceLength, contentKey));
  }

  private static Form form(Download download, boolean contentKey) {
    if (contentKey) {
      return Form.CONTENT_KEY;
    }
    if (!download.getEnableTaskIdBasedBlobDigest()) {
      return Form.URL;
    }
    return RegistryUrl.find(download.getUrl())
        .map(
            registry ->
                switch (registry.kind()) {
                  case BLOB -> Form.BLOB_DIGEST; // also without a digest: then the request is refused
                  case MANIFEST -> registry.encoded().isPresent() ? Form.MANIFEST_DIGEST : Form.URL;
                })
        .orElse(Form.URL);
  }

  private static String label(String field, String text) {
    return Field.parse(
        field,
        () -> {
          requireText(text, MAX_LABEL, "");
          return text;
        });
  }

  private static String contentKey(String text) {
    return Field.parse(
        "download.content_for_calculating_task_id",
        () -> {
          requireContentKey(text);
          return text;
        });
  }

  private static String revision(Download download) {
    if (download.hasHuggingFace()) {
      return label("download.hugging_face.revision", download.getHuggingFace().getRevision());
    }
    if (download.hasModelScope()) {
      return label("download.model_scope.revision", download.getModelScope().getRevision());
    }
    return label("download.open_csg.revision", download.getOpenCsg().getRevision());
  }

  private static OptionalLong pieceLength(Download download) {
    if (!download.hasPieceLength()) {
      return OptionalLong.empty();
    }
    return Field.parse(
        "download.piece_length",
        () -> {
          PieceLayout.requirePieceLength(download.getPieceLength());
          return OptionalLong.of(download.getPieceLength());
        });
  }

  private static void requireContentKey(String key) {
    if (key.isEmpty()) {
      throw new InvalidValue("a content key must not be empty");
    }
    requireText(key, MAX_CONTENT_KEY, "a content key ");
  }

  private static void requireText(String text, int max, String what) {
    if (text.length() > max || text.getBytes(StandardCharsets.UTF_8).length > max) {
      throw new InvalidValue(what + "must have at most " + max + " bytes");
    }
  }

  /// Only SHA-256 fits a task id; an upper-case or longer digest has no place in the piece protocol.
  private static TaskId digestInUrl(CanonicalUrl url, RegistryUrl.Kind kind) {
    return RegistryUrl.find(url.given())
        .filter(registry -> registry.kind() == kind)
        .filter(registry -> registry.reference().startsWith("sha256:"))
        .flatMap(RegistryUrl::encoded)
        .map(TaskId::new)
        .orElseThrow(() -> new InvalidValue("must end in sha256: and 64 lower-case hex digits"));
  }

  /// The URL as it was given. May carry credentials: not for logs.
  public String url() {
    return canonicalUrl.given();
  }

  public List<String> filteredQueryParams() {
    return canonicalUrl.filtered();
  }

  /// The name of the task on the wire.
  public TaskId id() {
    return switch (form) {
      case CONTENT_KEY -> TaskIds.content(contentKey.orElseThrow());
      case BLOB_DIGEST -> digestInUrl(canonicalUrl, RegistryUrl.Kind.BLOB);
      case MANIFEST_DIGEST -> digestInUrl(canonicalUrl, RegistryUrl.Kind.MANIFEST);
      case URL ->
          TaskIds.url(new TaskIds.UrlInput(canonicalUrl.text(), tag, application, revision, pieceLength));
    };
  }

  /// SHA-256 over an unambiguous encoding of the whole tuple: equal only for equal resources.
  public Sha256 fingerprint() {
    MessageDigest digest = Sha256.newDigest();
    add(digest, LABEL);
    add(digest, form.name());
    add(digest, canonicalUrl.text());
    add(digest, tag);
    add(digest, application);
    add(digest, revision);
    add(digest, pieceLength.isPresent() ? Long.toString(pieceLength.getAsLong()) : "");
    add(digest, contentKey.orElse("")); // a present key is never empty
    return Sha256.of(digest.digest());
  }

  private static void add(MessageDigest digest, String text) {
    byte[] octets = text.getBytes(StandardCharsets.UTF_8);
    digest.update(ByteBuffer.allocate(Integer.BYTES).putInt(octets.length).array());
    digest.update(octets);
  }

  /// For people and logs: canonical, without user info, query and fragment.
  public String displayUrl() {
    return canonicalUrl.display();
  }

  /// Without query, user info and content key, which may be secrets.
  @Override
  public String toString() {
    return "TaskTuple[" + form + " " + displayUrl() + "]";
  }
}
