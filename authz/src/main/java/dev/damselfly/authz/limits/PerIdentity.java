package dev.damselfly.authz.limits;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// One limiter per identity, never more than a fixed number of them (F-17). Thread-safe.
///
/// At the bound the one that was used longest ago and is idle makes room. When none is idle a new identity gets
/// nothing: those that are at work keep their limiter, so an attacker cannot reset one by naming many others.
///
/// @param <K> identity
/// @param <T> limiter
public final class PerIdentity<K, T> {
  /// How far down the list of the oldest a search for an idle one goes.
  private static final int SEARCH = 64;

  private final int capacity;
  private final Function<? super K, ? extends T> fresh;
  private final Predicate<? super T> idle;

  @GuardedBy("this")
  private final Map<K, T> byUse = new LinkedHashMap<>(16, 0.75f, true);

  /// @param capacity most identities at once
  /// @param fresh makes the limiter of a new identity; must not block
  /// @param idle whether a limiter can be forgotten without giving its identity anything
  public PerIdentity(int capacity, Function<? super K, ? extends T> fresh, Predicate<? super T> idle) {
    if (capacity < 1) {
      throw new IllegalArgumentException("capacity must be at least 1");
    }
    this.capacity = capacity;
    this.fresh = fresh;
    this.idle = idle;
  }

  /// Uses the limiter of the identity; absent when all places are taken by identities at work.
  ///
  /// @param begin makes the limiter busy, so that it stays; runs before it can make room, must not block
  public synchronized <R> Optional<R> use(K identity, Function<? super T, R> begin) {
    @Nullable T limiter = byUse.get(identity);
    if (limiter == null) {
      if (byUse.size() >= capacity && !evictOne()) {
        return Optional.empty();
      }
      limiter = fresh.apply(identity);
      byUse.put(identity, limiter);
    }
    return Optional.of(begin.apply(limiter));
  }

  public synchronized int size() {
    return byUse.size();
  }

  @GuardedBy("this")
  private boolean evictOne() {
    var oldest = byUse.entrySet().iterator();
    for (int i = 0; i < SEARCH && oldest.hasNext(); i++) {
      if (idle.test(oldest.next().getValue())) {
        oldest.remove();
        return true;
      }
    }
    return false;
  }
}
