package dev.damselfly.scheduler.seed;

import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.scheduler.task.TaskKey;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.NullMarked;

/// Keeps triggers instead of calling anybody.
@NullMarked
public final class FakeSeeds implements Seeds {
  private boolean available;
  private final List<Triggered> triggered = new ArrayList<>();

  public record Triggered(TaskKey task, Download download) {}

  public void available(boolean now) {
    available = now;
  }

  public List<Triggered> triggered() {
    return triggered;
  }

  @Override
  public boolean isAvailable() {
    return available;
  }

  @Override
  public boolean trigger(TaskKey task, Download download) {
    var message = PublicDownload.of(download);
    if (!available || message.isEmpty()) {
      return false;
    }
    triggered.add(new Triggered(task, message.get()));
    return true;
  }
}
