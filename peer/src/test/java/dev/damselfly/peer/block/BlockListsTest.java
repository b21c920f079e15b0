package dev.damselfly.peer.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.url.CanonicalUrl;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.block.BlockQuestion;
import dev.damselfly.authz.testing.MemoryAudit;
import dev.damselfly.peer.testing.BlockedBy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class BlockListsTest {
  private static final ByteString LIST = BlockedBy.TAGS.document();
  private static final BlockGate.Attempt TAGGED = attempt("nightly");
  private static final BlockGate.Attempt OTHER = attempt("");

  private final MemoryAudit audit = new MemoryAudit();
  private final Path directory;
  private BlockLists lists;

  BlockListsTest(@TempDir Path home) {
    directory = home.resolve("block-list");
    lists = open();
  }

  @BeforeEach
  void nothingIsKept() {
    assertThat(directory).doesNotExist();
  }

  private BlockLists open() {
    return BlockLists.open(directory, "east", false, audit);
  }

  private static BlockGate.Attempt attempt(String tag) {
    return new BlockGate.Attempt(
        new BlockQuestion(CanonicalUrl.parse("http://h/secret?token=x"), "", tag, 0), "uid:ann", "task:1", "local");
  }

  private RequestFailure refusal(BlockGate.Attempt attempt) {
    return catchThrowableOfType(RequestFailure.class, () -> lists.require(attempt));
  }

  private void assertHolds() {
    assertThat(refusal(TAGGED).reason()).isEqualTo(Reason.BLOCK_LISTED);
    assertThatCode(() -> lists.require(OTHER)).doesNotThrowAnyException();
  }

  private void assertNothingIsKnown() {
    assertThat(refusal(OTHER).reason()).isEqualTo(Reason.BLOCK_LIST_UNKNOWN);
    assertThat(refusal(TAGGED).reason()).isEqualTo(Reason.BLOCK_LIST_UNKNOWN);
  }

  @Test
  @Threat("S-BLK-3")
  void withoutAnyList_everyDownloadIsRefused() {
    assertNothingIsKnown();

    assertThat(lists.trouble()).isPresent();
    assertThat(audit.of(AuditAction.BLOCK_LIST_DENY)).extracting(event -> event.reason()).containsOnly("BLOCK_LIST_UNKNOWN");
  }

  @Test
  void listOfTheManager_decides() {
    lists.told(LIST);

    assertHolds();
    assertThat(lists.trouble()).isEmpty();
  }

  @Test
  void refusal_saysTheKindAndTheRecordTheRule() {
    lists.told(LIST);

    RequestFailure failure = refusal(TAGGED);

    assertThat(failure.safeText()).contains("block list", "(tags)").doesNotContain("nightly", "secret", "token");
    assertThat(audit.of(AuditAction.BLOCK_LIST_DENY))
        .singleElement()
        .satisfies(
            event -> {
              assertThat(event.actor()).isEqualTo("uid:ann");
              assertThat(event.object()).isEqualTo("task:1");
              assertThat(event.reason()).isEqualTo("BLOCK_LISTED");
              assertThat(event.detail()).containsEntry("rule", "tags[0]").hasEntrySatisfying("list", list -> assertThat(list).hasSize(64));
            });
    assertThat(audit.events().toString()).doesNotContain("nightly", "secret", "token");
  }

  @Test
  void newList_holdsAtOnceAndIsRecorded() {
    lists.told(LIST);
    lists.told(LIST);
    lists.told(BlockedBy.nothing());

    assertThatCode(() -> lists.require(TAGGED)).doesNotThrowAnyException();
    assertThat(audit.of(AuditAction.BLOCK_LIST_CHANGE)).hasSize(2);
    assertThat(audit.of(AuditAction.BLOCK_LIST_CHANGE).getFirst().detail()).containsEntry("before", "none");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "", "{", "{\"block_list\":{\"tasks\":{}}}", "{\"block_list\":{\"task\":{\"download\":{\"urls\":[\"(\"]}}}}",
        "{\"block_list\":{\"task\":{\"download\":{\"hosts\":[\"x\"]}}}}"
      })
  @Threat("S-BLK-3")
  void unusableList_leavesTheLastOne(String document) {
    lists.told(ByteString.copyFromUtf8(document));
    assertNothingIsKnown();
    lists.told(LIST);

    lists.told(ByteString.copyFromUtf8(document));

    assertHolds();
    assertThat(lists.trouble()).isPresent();
  }

  @Test
  @Threat("S-BLK-3")
  void lastList_outlivesTheProcess() {
    lists.told(LIST);

    lists = open();

    assertHolds();
    assertThat(lists.trouble()).isPresent();
  }

  @Test
  @Threat("S-BLK-3")
  void keptList_isForItsClusterAndKindOnly() {
    lists.told(LIST);

    lists = BlockLists.open(directory, "west", false, audit);
    assertNothingIsKnown();
    lists = BlockLists.open(directory, "east", true, audit);
    assertNothingIsKnown();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{\"block_list\":", "[]", "{\"block_list\":{\"task\":{\"download\":{\"urls\":[\"(\"]}}}}"})
  @Threat("S-BLK-3")
  void keptListThatIsDamaged_isNone(String text) throws IOException {
    lists.told(LIST);
    try (var files = Files.list(directory)) {
      Files.writeString(files.findFirst().orElseThrow(), text);
    }

    lists = open();

    assertNothingIsKnown();
  }

  @Test
  @Threat("S-BLK-3")
  void keptListThatIsALink_isNone() throws IOException {
    lists.told(LIST);
    Path file;
    try (var files = Files.list(directory)) {
      file = files.findFirst().orElseThrow();
    }
    Path elsewhere = Files.move(file, directory.resolveSibling("elsewhere"));
    Files.createSymbolicLink(file, elsewhere);

    lists = open();

    assertNothingIsKnown();
  }

  @Test
  void writeThatWasCut_isRepeated() throws IOException {
    lists.told(BlockedBy.nothing());
    Path kept;
    try (var files = Files.list(directory)) {
      kept = files.findFirst().orElseThrow();
    }
    Files.writeString(kept.resolveSibling(kept.getFileName() + ".new"), "{\"blo");

    lists.told(LIST);
    lists = open();

    assertHolds();
    try (var files = Files.list(directory)) {
      assertThat(files).containsExactly(kept);
    }
  }

  @Test
  void listThatCannotBeKept_holdsAndIsKeptLater() throws IOException {
    Files.writeString(directory, "in the way");
    lists.told(LIST);
    assertHolds();

    Files.delete(directory);
    lists.told(LIST);
    lists = open();

    assertHolds();
  }

  @Test
  void withoutARecord_nothingChanges() {
    lists.told(BlockedBy.nothing());
    audit.willFail(true);

    lists.told(LIST);

    audit.willFail(false);
    assertThatCode(() -> lists.require(TAGGED)).doesNotThrowAnyException();
    assertThat(lists.trouble()).isPresent();
    lists.told(LIST);
    assertHolds();
  }
}
