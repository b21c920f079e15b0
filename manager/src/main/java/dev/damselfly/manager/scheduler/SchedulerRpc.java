package dev.damselfly.manager.scheduler;

import dev.damselfly.api.error.Field;
import dev.damselfly.api.wire.manager.v2.GetSchedulerRequest;
import dev.damselfly.api.wire.manager.v2.ListSchedulersRequest;
import dev.damselfly.api.wire.manager.v2.ListSchedulersResponse;
import dev.damselfly.api.wire.manager.v2.Scheduler;
import dev.damselfly.api.wire.manager.v2.UpdateSchedulerRequest;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.manager.address.HostName;
import dev.damselfly.manager.address.IpAddress;
import dev.damselfly.manager.cluster.ClusterId;
import dev.damselfly.manager.cluster.Locality;
import java.util.List;

/// Adapter of the scheduler calls.
public final class SchedulerRpc {
  private final Schedulers schedulers;

  public SchedulerRpc(Schedulers schedulers) {
    this.schedulers = schedulers;
  }

  public Scheduler update(Caller caller, UpdateSchedulerRequest request) {
    var cluster = cluster(request.getSchedulerClusterId());
    var host = Field.parse("hostname", () -> new HostName(request.getHostname()));
    var ip = Field.parse("ip", () -> IpAddress.parse(request.getIp()));
    var features = Field.parse("features", () -> features(request.getFeaturesList()));
    var interval = Field.parse("config", () -> KeepAliveInterval.read(request.getConfig().toByteArray()));
    var said =
        Field.parse(
            "port, idc, location",
            () ->
                new Registration(
                    host, ip, request.getPort(), request.getIdc(), request.getLocation(), features, interval));
    return SchedulerMessages.scheduler(schedulers.register(caller, cluster, said));
  }

  public Scheduler get(Caller caller, GetSchedulerRequest request) {
    var cluster = cluster(request.getSchedulerClusterId());
    var host = Field.parse("hostname", () -> new HostName(request.getHostname()));
    return SchedulerMessages.forScheduler(schedulers.find(caller, cluster, host));
  }

  /// Cluster 0 on the wire means: choose for me.
  public ListSchedulersResponse list(Caller caller, ListSchedulersRequest request) {
    List<Advertised> found;
    if (request.getSchedulerClusterId() == 0) {
      var host = Field.parse("hostname", () -> new HostName(request.getHostname()));
      var ip = Field.parse("ip", () -> IpAddress.parse(request.getIp()));
      found = schedulers.suited(caller, new Locality(host, ip, request.getIdc(), request.getLocation()));
    } else {
      found = schedulers.all(caller, cluster(request.getSchedulerClusterId()));
    }
    return ListSchedulersResponse.newBuilder()
        .addAllSchedulers(found.stream().map(SchedulerMessages::forPeer).toList())
        .build();
  }

  private static Features features(List<String> names) {
    return names.isEmpty() ? Features.DEFAULT : new Features(names);
  }

  private static ClusterId cluster(long wire) {
    return Field.parse("scheduler_cluster_id", () -> new ClusterId(wire));
  }
}
