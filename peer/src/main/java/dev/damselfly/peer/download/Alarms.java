package dev.damselfly.peer.download;

import dev.damselfly.peer.download.SessionEvent.What;
import dev.damselfly.peer.time.Timer;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Consumer;

/// Times that a session waits for, one of each kind. Confined to the session's thread.
final class Alarms {
  private final Timer timer;
  private final Consumer<SessionEvent> session;
  private final Map<What, Timer.Alarm> set = new EnumMap<>(What.class);

  Alarms(Timer timer, Consumer<SessionEvent> session) {
    this.timer = timer;
    this.session = session;
  }

  /// Sets the alarm unless it is set.
  void set(What what, Duration delay) {
    set.computeIfAbsent(what, w -> timer.after(delay, () -> session.accept(new SessionEvent.Due(w))));
  }

  /// The alarm's event was handled.
  void rang(What what) {
    set.remove(what);
  }

  void cancel(What what) {
    Timer.Alarm alarm = set.remove(what);
    if (alarm != null) {
      alarm.cancel();
    }
  }

  void cancelAll() {
    set.values().forEach(Timer.Alarm::cancel);
    set.clear();
  }

  long nanos() {
    return timer.nanos();
  }
}
