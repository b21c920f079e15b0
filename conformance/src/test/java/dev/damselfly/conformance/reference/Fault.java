package dev.damselfly.conformance.reference;

/// One rule that the reference program breaks, and the case that must find it.
public enum Fault {
  REGISTERS_STRANGERS("SCH-001/unannounced"),
  LISTS_OTHER_PORT("SCH-002/announced"),
  IGNORES_TYPE_FILTER("SCH-002/type"),
  DELETES_UNKNOWN_HOSTS("SCH-003/unknown"),
  KEEPS_PEERS_OF_DELETED_HOSTS("SCH-003/known"),
  KEEPS_SILENT_HOSTS("SCH-019/silent"),
  SENDS_TO_ORIGIN_WITHOUT_REASON("SCH-004/no-seed"),
  SENDS_LEVEL2_TO_ORIGIN("SCH-008/levels"),
  IGNORES_URL_PATTERNS("SCH-008/application"),
  SCHEDULES_EMPTY_CONTENT("SCH-009/empty"),
  TREATS_TINY_AS_EMPTY("SCH-009/tiny"),
  TRIGGERS_SEED_FOR_METADATA("SCH-010/metadata-only"),
  FORGETS_METADATA_HOLDERS("SCH-010/serves"),
  DROPS_UNKNOWN_FIELDS("SCH-005/clone"),
  KEEPS_OUTPUT_PATH("SCH-005/output-path"),
  TRIGGERS_AGAIN("SCH-005/once"),
  OMITS_PARENT_TIMES("SCH-006/parent"),
  SENDS_EMPTY_LISTS("SCH-007/absent"),
  OFFERS_ECHOED_PARENTS("SCH-011/reschedule"),
  FORGETS_TEMPORARY_FAILURES("SCH-011/temporary"),
  IGNORES_FIRST_SETTINGS("SCH-012/limit"),
  IGNORES_LATER_SETTINGS("SCH-012/change"),
  ALLOWS_CYCLES("SCH-013/acyclic"),
  OFFERS_SAME_HOST("SCH-014/same-host"),
  OFFERS_UNSHARED_HOSTS("SCH-014/not-shared"),
  OFFERS_FAILED_PEERS("SCH-014/failed"),
  OFFERS_DELETED_PEERS("SCH-014/left"),
  COMPARES_IDC_BY_CASE("SCH-015/affinity"),
  PREFERS_IDLE_SEEDS("SCH-015/idle-seed"),
  OFFERS_SLOW_PARENTS("SCH-016/slow"),
  LEAVES_TASK_RUNNING("SCH-017/whole"),
  SUCCEEDS_BY_RANGE("SCH-017/range"),
  HANGS_AFTER_FINISHED("SCH-018/finished"),
  FAILS_AFTER_ORIGIN_FINISHED_CHILD("SCH-018/origin-finished"),
  FAILS_AFTER_FAILED("SCH-018/failed"),
  FAILS_AFTER_ORIGIN_FAILED("SCH-018/origin-failed"),
  IGNORES_EMPTY_MESSAGES("SCH-018/unset"),
  TAKES_INVALID_MESSAGES("SCH-018/invalid"),
  LEAVES_STREAMS_HALF_OPEN("SCH-018/reset"),
  DELAYS_HEADERS("SCH-018/headers"),
  BREAKS_ON_CACHE_CALLS("SCH-022/cache"),
  SAYS_NOT_SERVING("SCH-022/health"),
  SERVES_REFLECTION("SEC-022/reflection"),
  ACCEPTS_ANONYMOUS("SEC-027/anonymous"),
  ACCEPTS_FOREIGN("SEC-027/foreign"),
  ACCEPTS_EXPIRED("SEC-027/expired"),
  ANNOUNCES_FOR_OTHERS("SEC-027/other-host"),
  REGISTERS_FOR_OTHERS("SEC-027/other-peer"),
  LETS_STREAMS_SWITCH("SEC-027/switch"),
  TAKES_OUTPUT_PATHS("SEC-027/path"),
  SHOWS_REQUEST_HEADERS("SEC-028/canary"),
  TAKES_ANY_TASK_ID("SEC-030/task-id"),
  TAKES_HOSTILE_PIECES("SEC-030/piece"),
  TAKES_NEGATIVE_INTERVALS("SEC-030/interval");

  private final String caseId;

  Fault(String caseId) {
    this.caseId = caseId;
  }

  public String caseId() {
    return caseId;
  }
}
