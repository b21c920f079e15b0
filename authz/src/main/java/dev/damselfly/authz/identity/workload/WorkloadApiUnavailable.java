package dev.damselfly.authz.identity.workload;

/// No identity could be had from the Workload API; the process must not start.
public final class WorkloadApiUnavailable extends Exception {
  private static final long serialVersionUID = 1L;

  WorkloadApiUnavailable(String why) {
    super(why);
  }
}
