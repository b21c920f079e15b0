package dev.damselfly.api.error;

import io.grpc.Status.Code;

/// Every reason a caller can see. Wire contract: names are never reused or renamed.
public enum Reason {
  /// A field of the request breaks its rule.
  MALFORMED_FIELD(Code.INVALID_ARGUMENT),
  /// The request names a local path, switches protection off, or carries something this transport may not carry.
  FORBIDDEN_FIELD(Code.INVALID_ARGUMENT),
  TASK_UNKNOWN(Code.NOT_FOUND),
  HOST_UNKNOWN(Code.NOT_FOUND),
  PEER_UNKNOWN(Code.NOT_FOUND),
  SCHEDULER_UNKNOWN(Code.NOT_FOUND),
  CLUSTER_UNKNOWN(Code.NOT_FOUND),
  NOTHING_CONFIGURED(Code.NOT_FOUND),
  /// The identity may not call this, or not for this host, cluster or task.
  CALLER_NOT_ALLOWED(Code.PERMISSION_DENIED),
  /// The same id stands for another resource.
  ID_BOUND_ELSEWHERE(Code.ALREADY_EXISTS),
  /// The request does not fit the state of the stream or the task.
  WRONG_STATE(Code.FAILED_PRECONDITION),
  /// No parent and no way to the origin.
  NO_SOURCE(Code.FAILED_PRECONDITION),
  /// A bound of the limits table, or the caller's share of it.
  LIMIT_EXCEEDED(Code.RESOURCE_EXHAUSTED),
  /// The disk quota leaves no room.
  NO_SPACE(Code.RESOURCE_EXHAUSTED),
  /// The egress policy does not let us connect there.
  EGRESS_DENIED(Code.PERMISSION_DENIED),
  /// A block list of the cluster refuses this download.
  BLOCK_LISTED(Code.PERMISSION_DENIED),
  /// No block list is known yet, so nothing may be downloaded.
  BLOCK_LIST_UNKNOWN(Code.UNAVAILABLE),
  /// The origin answered with an error; its HTTP status stands beside.
  ORIGIN_FAILED(Code.UNAVAILABLE),
  /// The origin's content is not the one this task started with.
  ORIGIN_CHANGED(Code.ABORTED),
  /// Content does not have the digest that the caller asked for.
  DIGEST_MISMATCH(Code.DATA_LOSS),
  /// A range that the content does not have.
  RANGE_UNSATISFIABLE(Code.OUT_OF_RANGE),
  /// Something behind us is down.
  BACKEND_DOWN(Code.UNAVAILABLE),
  TIMED_OUT(Code.DEADLINE_EXCEEDED),
  CANCELLED(Code.CANCELLED),
  NOT_SERVED(Code.UNIMPLEMENTED),
  /// Our bug or a broken machine; the text is an incident id.
  INTERNAL(Code.INTERNAL);

  private final Code code;

  Reason(Code code) {
    this.code = code;
  }

  /// The gRPC code this reason travels as.
  public Code code() {
    return code;
  }
}
