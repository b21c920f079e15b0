package dev.damselfly.scheduler.task;

/// A peer of a task.
public record PeerKey(TaskKey task, String peerId) {}
