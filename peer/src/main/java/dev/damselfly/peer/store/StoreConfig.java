package dev.damselfly.peer.store;

import java.time.Duration;

/// Bounds of the store (B-47).
///
/// @param quotaBytes most bytes of content
/// @param highPercent eviction starts at this share of the quota
/// @param lowPercent and stops at this one
/// @param taskTtl a task that nobody used for this long is removed
public record StoreConfig(long quotaBytes, int highPercent, int lowPercent, Duration taskTtl) {}
