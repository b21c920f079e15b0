package dev.damselfly.manager.application;

import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.wire.manager.v2.ApplicationPriority;
import dev.damselfly.api.wire.manager.v2.ListApplicationsResponse;
import dev.damselfly.api.wire.manager.v2.URLPriority;
import java.util.List;

/// Adapter of `ListApplications`. Applications belong to no cluster: every scheduler gets them all.
public final class ApplicationRpc {
  private final ListApplicationsResponse answer;

  public ApplicationRpc(List<Application> applications) {
    answer =
        ListApplicationsResponse.newBuilder()
            .addAllApplications(applications.stream().map(ApplicationRpc::message).toList())
            .build();
  }

  /// @throws Refused NOTHING_CONFIGURED when there are none
  public ListApplicationsResponse list() {
    if (answer.getApplicationsCount() == 0) {
      throw new Refused(Reason.NOTHING_CONFIGURED, "no application is configured");
    }
    return answer;
  }

  private static dev.damselfly.api.wire.manager.v2.Application message(Application application) {
    var spec = application.spec();
    var priority = ApplicationPriority.newBuilder().setValueValue(spec.priority().level());
    for (var url : spec.priority().urls()) {
      priority.addUrls(URLPriority.newBuilder().setRegex(url.regex().toString()).setValueValue(url.level()));
    }
    return dev.damselfly.api.wire.manager.v2.Application.newBuilder()
        .setId(application.id())
        .setName(spec.name())
        .setUrl(spec.url())
        .setBio(spec.bio())
        .setPriority(priority)
        .build();
  }
}
