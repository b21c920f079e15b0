package dev.damselfly.api.error;

import java.time.Duration;

/// A request ends and its caller may know why. No stack trace: strangers can trigger it.
public abstract sealed class RequestFailure extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final Reason reason;

  private RequestFailure(Reason reason, String safeText) {
    super(safeText, null, false, false);
    this.reason = reason;
  }

  public final Reason reason() {
    return reason;
  }

  /// Text for the caller: names fields, rules, hops; never values, paths or internals.
  public final String safeText() {
    return String.valueOf(getMessage());
  }

  /// A field of the request breaks a rule.
  public static final class Malformed extends RequestFailure {
    private static final long serialVersionUID = 1L;
    private final String field;

    /// @param field path of the field in the request, for example `download.url`
    /// @param rule what a valid value looks like
    public Malformed(String field, String rule) {
      super(Reason.MALFORMED_FIELD, field + ": " + rule);
      this.field = field;
    }

    public String field() {
      return field;
    }
  }

  /// Any other refusal.
  public static final class Refused extends RequestFailure {
    private static final long serialVersionUID = 1L;

    public Refused(Reason reason, String safeText) {
      super(reason, safeText);
    }
  }

  /// Refused now; worth another try after a while.
  public static final class RetryLater extends RequestFailure {
    private static final long serialVersionUID = 1L;
    private final transient Duration after;

    public RetryLater(Reason reason, String safeText, Duration after) {
      super(reason, safeText);
      this.after = after;
    }

    public Duration after() {
      return after;
    }
  }

  /// The origin said no.
  public static final class OriginRefused extends RequestFailure {
    private static final long serialVersionUID = 1L;
    private final int status;

    /// @param status HTTP status of the origin; 0 when there was no answer
    public OriginRefused(Reason reason, int status, String safeText) {
      super(reason, safeText);
      this.status = status;
    }

    public int status() {
      return status;
    }
  }
}
