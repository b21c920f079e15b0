package dev.damselfly.manager.scheduler;

import dev.damselfly.manager.cluster.ClusterId;

/// A registered scheduler.
///
/// @param active whether a stream of its owner lives
public record SchedulerRow(long id, ClusterId cluster, Registration said, boolean active) {}
