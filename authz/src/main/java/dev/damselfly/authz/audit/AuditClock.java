package dev.damselfly.authz.audit;

import java.time.Instant;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/// Wall and monotonic time for records; two, because wall time can jump.
///
/// @param source name of the wall clock, for the record
public record AuditClock(InstantSource wall, LongSupplier nanos, String source) {
  public static AuditClock system() {
    return new AuditClock(InstantSource.system(), System::nanoTime, "system");
  }

  long wallNanos() {
    Instant now = wall.instant();
    return Math.addExact(Math.multiplyExact(now.getEpochSecond(), TimeUnit.SECONDS.toNanos(1)), now.getNano());
  }
}
