package dev.damselfly.scheduler.task;

/// States of a task, spelled as on the wire.
public enum TaskState {
  PENDING("Pending"),
  RUNNING("Running"),
  SUCCEEDED("Succeeded"),
  FAILED("Failed"),
  LEAVE("Leave");

  private final String wire;

  TaskState(String wire) {
    this.wire = wire;
  }

  public String wire() {
    return wire;
  }
}
