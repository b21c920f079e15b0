package dev.damselfly.authz.audit;

/// Names of audit events, as written (compliance.md section 3).
public enum AuditAction {
  AUTHN_SUCCESS("authn.success"),
  AUTHN_FAILURE("authn.failure"),
  AUTHZ_DENY("authz.deny"),
  FORBIDDEN_FIELD("remote.forbidden-field"),
  CACHE_GRANT("cache.grant"),
  CACHE_DENY("cache.deny"),
  PEER_JOIN("peer.join"),
  PEER_LEAVE("peer.leave"),
  PEER_QUARANTINE("peer.quarantine"),
  DIGEST_MISMATCH("digest.mismatch"),
  LEGACY_NAME("legacy.name"),
  LEGACY_FETCH("legacy.fetch"),
  BUNDLE_UPDATE("bundle.update"),
  BUNDLE_REFUSE("bundle.refuse"),
  SVID_ROTATE("svid.rotate"),
  SVID_ROTATE_FAIL("svid.rotate.fail"),
  EGRESS_DENY("egress.deny"),
  BLOCK_LIST_CHANGE("blocklist.change"),
  BLOCK_LIST_DENY("blocklist.deny"),
  LIMIT_HIT("limit.hit"),
  EXPORT("export"),
  PROXY_FORWARD("proxy.forward"),
  PROXY_REFUSE("proxy.refuse"),
  TASK_DELETE("task.delete"),
  PROCESS_START("process.start"),
  PROCESS_STOP("process.stop"),
  AUDIT_GAP("audit.gap"),
  AUDIT_ROTATE("audit.rotate"),
  AUDIT_CHECKPOINT("audit.checkpoint"),
  CLOCK_JUMP("clock.jump");

  private final String wire;

  AuditAction(String wire) {
    this.wire = wire;
  }

  public String wire() {
    return wire;
  }
}
