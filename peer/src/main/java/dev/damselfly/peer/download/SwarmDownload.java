package dev.damselfly.peer.download;

import dev.damselfly.api.id.ByteRange;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Range;
import java.util.Optional;

/// The download as schedulers may see it: made from the tuple, so that headers and filtered query parameters, which
/// may be credentials, never leave the host.
final class SwarmDownload {
  private SwarmDownload() {}

  /// @param priorities fields that are neither secret nor part of the tuple
  /// @param hull absent: the whole content is wanted
  static Download of(TaskTuple tuple, Download priorities, Optional<ByteRange> hull) {
    var download =
        priorities.toBuilder()
            .setUrl(tuple.canonicalUrl().text())
            .addAllFilteredQueryParams(tuple.filteredQueryParams())
            .setTag(tuple.tag())
            .setApplication(tuple.application())
            .setEnableTaskIdBasedBlobDigest(
                tuple.form() == TaskTuple.Form.BLOB_DIGEST || tuple.form() == TaskTuple.Form.MANIFEST_DIGEST);
    tuple.pieceLength().ifPresent(download::setPieceLength);
    tuple.contentKey().ifPresent(download::setContentForCalculatingTaskId);
    hull.ifPresent(range -> download.setRange(Range.newBuilder().setStart(range.start()).setLength(range.length())));
    return download.build();
  }
}
