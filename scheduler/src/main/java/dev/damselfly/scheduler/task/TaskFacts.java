package dev.damselfly.scheduler.task;

import dev.damselfly.api.id.Sha256;
import dev.damselfly.api.wire.common.v2.Download;
import java.util.List;
import java.util.Optional;

/// What a task id stands for; fixed by the first registration. Holds no request headers and no credentials (S-SCH-5).
///
/// @param fingerprint of the whole tuple: another one under the same id is another resource (S-SCH-3)
public record TaskFacts(
    Sha256 fingerprint,
    String url,
    Optional<String> digest,
    Optional<String> tag,
    Optional<String> application,
    dev.damselfly.api.wire.common.v2.TaskType type,
    List<String> filteredQueryParams) {
  public TaskFacts {
    filteredQueryParams = List.copyOf(filteredQueryParams);
  }

  static TaskFacts of(Download download, Sha256 fingerprint) {
    return new TaskFacts(
        fingerprint,
        download.getUrl(),
        download.hasDigest() ? Optional.of(download.getDigest()) : Optional.empty(),
        download.hasTag() ? Optional.of(download.getTag()) : Optional.empty(),
        download.hasApplication() ? Optional.of(download.getApplication()) : Optional.empty(),
        download.getType(),
        download.getFilteredQueryParamsList());
  }
}
