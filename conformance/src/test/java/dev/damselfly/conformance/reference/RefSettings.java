package dev.damselfly.conformance.reference;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Priority;
import dev.damselfly.api.wire.manager.v2.Application;
import dev.damselfly.api.wire.manager.v2.GetSchedulerRequest;
import dev.damselfly.api.wire.manager.v2.ListApplicationsRequest;
import dev.damselfly.api.wire.manager.v2.ManagerGrpc;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/// What the manager tells the reference scheduler, asked again and again. Thread-safe.
final class RefSettings {
  private static final int DEFAULT_LIMIT = 4;

  private final ManagerGrpc.ManagerBlockingStub manager;
  private final Set<Fault> faults;
  private volatile int candidates = DEFAULT_LIMIT;
  private volatile List<Application> applications = List.of();
  private int asked;
  private int first;

  RefSettings(ManagerGrpc.ManagerBlockingStub manager, Set<Fault> faults) {
    this.manager = manager;
    this.faults = faults;
  }

  synchronized void ask() {
    var answer =
        manager
            .withDeadlineAfter(10, TimeUnit.SECONDS)
            .getScheduler(GetSchedulerRequest.newBuilder().setHostname("s1").setSchedulerClusterId(1).setIp("127.0.0.1").build());
    asked++;
    int limit = limit(answer.getSchedulerCluster().getConfig().toStringUtf8());
    if (asked == 1) {
      first = limit;
    }
    boolean ignored =
        faults.contains(Fault.IGNORES_FIRST_SETTINGS) && limit == first || faults.contains(Fault.IGNORES_LATER_SETTINGS) && asked > 1;
    if (!ignored) {
      candidates = limit;
    }
    try {
      applications =
          manager
              .withDeadlineAfter(10, TimeUnit.SECONDS)
              .listApplications(ListApplicationsRequest.newBuilder().setHostname("s1").setIp("127.0.0.1").build())
              .getApplicationsList();
    } catch (StatusRuntimeException e) {
      applications = List.of(); // none is configured
    }
  }

  private static int limit(String json) {
    try {
      return JsonMapper.builder().build().readTree(json).path("candidate_parent_limit").asInt(DEFAULT_LIMIT);
    } catch (IOException e) {
      return DEFAULT_LIMIT;
    }
  }

  int candidates() {
    return candidates;
  }

  Priority priority(Download download) {
    if (download.getPriority() != Priority.LEVEL0) {
      return download.getPriority();
    }
    for (Application application : applications) {
      if (application.getName().equals(download.getApplication())) {
        for (var url : application.getPriority().getUrlsList()) {
          if (!faults.contains(Fault.IGNORES_URL_PATTERNS) && Pattern.compile(url.getRegex()).matcher(download.getUrl()).find()) {
            return url.getValue();
          }
        }
        return application.getPriority().getValue();
      }
    }
    return Priority.LEVEL0;
  }
}
