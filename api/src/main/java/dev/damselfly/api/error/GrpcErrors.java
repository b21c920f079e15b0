package dev.damselfly.api.error;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import dev.damselfly.api.error.RequestFailure.Malformed;
import dev.damselfly.api.error.RequestFailure.OriginRefused;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.error.RequestFailure.RetryLater;
import io.grpc.Metadata;
import io.grpc.Status.Code;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/// The only class that makes a gRPC error from a failure, and reads one back.
public final class GrpcErrors {
  /// Domain of the ErrorInfo detail.
  public static final String DOMAIN = "damselfly.dev";

  private static final Metadata.Key<byte[]> DETAILS =
      Metadata.Key.of("grpc-status-details-bin", Metadata.BINARY_BYTE_MARSHALLER);

  private GrpcErrors() {}

  public static StatusRuntimeException toStatus(RequestFailure failure) {
    var status =
        Status.newBuilder()
            .setCode(failure.reason().code().value())
            .setMessage(failure.safeText())
            .addDetails(Any.pack(info(failure)));
    switch (failure) {
      case Malformed m -> status.addDetails(Any.pack(badField(m)));
      case RetryLater r -> status.addDetails(Any.pack(retry(r)));
      case Refused _, OriginRefused _ -> {}
    }
    return StatusProto.toStatusRuntimeException(status.build());
  }

  /// The form that the tools of the v2 API read on the local socket: an origin's refusal is INTERNAL, and its details are
  /// JSON text; everything else is a code and a text.
  public static StatusRuntimeException toToolStatus(RequestFailure failure) {
    if (failure instanceof OriginRefused origin && origin.status() > 0) {
      String answer = StatusLine.of(origin.status());
      var trailers = new Metadata();
      String details = "{\"message\":\"" + answer + "\",\"header\":{},\"status_code\":" + origin.status() + "}";
      trailers.put(DETAILS, details.getBytes(StandardCharsets.UTF_8));
      return Code.INTERNAL.toStatus().withDescription("backend error: " + answer).asRuntimeException(trailers);
    }
    return toolCode(failure.reason()).toStatus().withDescription(failure.safeText()).asRuntimeException();
  }

  private static Code toolCode(Reason reason) {
    return switch (reason) {
      case MALFORMED_FIELD, FORBIDDEN_FIELD -> Code.INVALID_ARGUMENT;
      case CALLER_NOT_ALLOWED, EGRESS_DENIED, BLOCK_LISTED -> Code.PERMISSION_DENIED;
      case LIMIT_EXCEEDED -> Code.RESOURCE_EXHAUSTED;
      case RANGE_UNSATISFIABLE -> Code.FAILED_PRECONDITION;
      case NOT_SERVED -> Code.UNIMPLEMENTED;
      case CANCELLED -> Code.CANCELLED;
      case TIMED_OUT -> Code.DEADLINE_EXCEEDED;
      default -> Code.INTERNAL;
    };
  }

  /// The reason a remote Damselfly process gave, if it was one.
  public static Optional<Reason> reasonOf(Throwable error) {
    var status =
        switch (error) {
          case StatusRuntimeException e -> StatusProto.fromStatusAndTrailers(e.getStatus(), e.getTrailers());
          case StatusException e -> StatusProto.fromStatusAndTrailers(e.getStatus(), e.getTrailers());
          default -> Status.getDefaultInstance();
        };
    for (Any detail : status.getDetailsList()) {
      try {
        if (detail.is(ErrorInfo.class)) {
          var info = detail.unpack(ErrorInfo.class);
          return DOMAIN.equals(info.getDomain()) ? named(info.getReason()) : Optional.empty();
        }
      } catch (com.google.protobuf.InvalidProtocolBufferException e) {
        return Optional.empty(); // not ours: an unreadable detail says nothing
      }
    }
    return Optional.empty();
  }

  private static Optional<Reason> named(String name) {
    for (Reason reason : Reason.values()) {
      if (reason.name().equals(name)) {
        return Optional.of(reason);
      }
    }
    return Optional.empty();
  }

  private static ErrorInfo info(RequestFailure failure) {
    var info = ErrorInfo.newBuilder().setDomain(DOMAIN).setReason(failure.reason().name());
    if (failure instanceof OriginRefused o) {
      info.putMetadata("origin_status", Integer.toString(o.status()));
    }
    return info.build();
  }

  private static BadRequest badField(Malformed m) {
    return BadRequest.newBuilder()
        .addFieldViolations(
            BadRequest.FieldViolation.newBuilder().setField(m.field()).setDescription(m.safeText()))
        .build();
  }

  private static RetryInfo retry(RetryLater r) {
    return RetryInfo.newBuilder()
        .setRetryDelay(
            Duration.newBuilder().setSeconds(r.after().getSeconds()).setNanos(r.after().getNano()))
        .build();
  }
}
