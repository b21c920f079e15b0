package dev.damselfly.peer.block;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.ByteString;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.error.RequestFailure.RetryLater;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.audit.AuditEvent.Decision;
import dev.damselfly.authz.block.BlockList;
import dev.damselfly.authz.block.BlockListDocument;
import dev.damselfly.authz.block.BlockRule;
import dev.damselfly.authz.files.FileName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The block list of this host's cluster, as the manager told it last. Thread-safe.
///
/// | what is known (S-BLK-3) | decision |
/// | --- | --- |
/// | a list that the manager told this process | by it, also while the manager is away or tells something unusable |
/// | none of those, but one that an earlier process of this host kept for the same cluster and kind of peer | by it |
/// | nothing | every download is refused |
public final class BlockLists implements BlockGate {
  private static final Logger LOG = LoggerFactory.getLogger(BlockLists.class);
  private static final Duration AGAIN = Duration.ofSeconds(5);

  private final LastGoodList kept;
  private final Audit audit;
  private volatile @Nullable Known known;
  private volatile Optional<String> trouble = Optional.of("the manager told no block list yet");

  @GuardedBy("this")
  private boolean durable;

  /// @param digest of the list as a document: names it in records
  private record Known(BlockList list, Sha256 digest) {
    static Known of(BlockList list) {
      byte[] text = BlockListDocument.write(list).toString().getBytes(StandardCharsets.UTF_8);
      return new Known(list, Sha256.of(Sha256.newDigest().digest(text)));
    }
  }

  private BlockLists(LastGoodList kept, Audit audit) {
    this.kept = kept;
    this.audit = audit;
  }

  /// Starts with what an earlier process kept, if it is there.
  ///
  /// @param directory is made when it is absent
  /// @param cluster that the host belongs to
  /// @param seed the host is a seed peer: those have a list of their own
  public static BlockLists open(Path directory, String cluster, boolean seed, Audit audit) {
    var lists = new BlockLists(new LastGoodList(directory, name(cluster, seed)), audit);
    lists.kept.load().ifPresent(list -> lists.known = Known.of(list));
    return lists;
  }

  /// Clusters are named by digest: not every name is one of a file.
  private static FileName name(String cluster, boolean seed) {
    byte[] octets = cluster.getBytes(StandardCharsets.UTF_8);
    return new FileName((seed ? "seed-" : "peer-") + Sha256.of(Sha256.newDigest().digest(octets)) + ".json");
  }

  /// Takes the document of the cluster. One that is not usable changes nothing but [#trouble].
  ///
  /// @param document `client_config`, or `seed_client_config` for a seed peer; empty when the manager has none to tell
  public synchronized void told(ByteString document) {
    if (document.isEmpty()) {
      trouble("the manager tells no block list");
      return;
    }
    try {
      accept(Known.of(BlockListDocument.parse(document.toByteArray())));
      trouble = Optional.empty();
    } catch (InvalidValue e) {
      LOG.warn("the manager's block list is not usable: {}", e.rule());
      trouble("the manager's block list is not usable; see the log");
    } catch (Audit.AuditUnavailable e) {
      LOG.error("the audit log takes no records", e);
      trouble("a new block list could not be recorded; see the log");
    }
  }

  private void trouble(String what) {
    trouble = Optional.of(what);
  }

  @GuardedBy("this")
  private void accept(Known fresh) {
    Known before = known;
    boolean same = before != null && before.digest().equals(fresh.digest());
    if (!same) {
      var detail = Map.of("before", before == null ? "none" : before.digest().hex(), "after", fresh.digest().hex());
      audit.record( // before it holds: without a record there is no change
          new AuditEvent(AuditAction.BLOCK_LIST_CHANGE, "manager", "", Decision.DONE, "", "remote", detail));
      known = fresh;
      durable = false;
    }
    if (!durable) {
      keep(fresh);
    }
  }

  /// A list that cannot be kept holds all the same, and the next answer tries again.
  @GuardedBy("this")
  private void keep(Known fresh) {
    try {
      kept.keep(fresh.list());
      durable = true;
    } catch (IOException e) {
      LOG.warn("the block list holds, but cannot be kept for the next start", e);
    }
  }

  /// What is wrong with the list, in words of ours; empty when the manager's last answer holds.
  public Optional<String> trouble() {
    return trouble;
  }

  @Override
  public void require(Attempt attempt) {
    Known now = known;
    if (now == null) {
      record(attempt, Reason.BLOCK_LIST_UNKNOWN, Map.of());
      throw new RetryLater(
          Reason.BLOCK_LIST_UNKNOWN, "manager: it told no usable block list yet, so nothing may be downloaded", AGAIN);
    }
    Optional<BlockRule> rule = now.list().taskDownload().find(attempt.asked());
    if (rule.isPresent()) {
      record(attempt, Reason.BLOCK_LISTED, Map.of("rule", rule.get().id(), "list", now.digest().hex()));
      throw new Refused(
          Reason.BLOCK_LISTED, "daemon: the block list of the cluster refuses this download (" + rule.get().kind().key() + ")");
    }
  }

  private void record(Attempt attempt, Reason reason, Map<String, String> detail) {
    audit.record(
        new AuditEvent(
            AuditAction.BLOCK_LIST_DENY,
            attempt.actor(),
            attempt.object(),
            Decision.DENY,
            reason.name(),
            attempt.source(),
            detail));
  }
}
