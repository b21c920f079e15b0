package dev.damselfly.conformance.scheduler;

import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.scheduler.v2.DeleteHostRequest;
import dev.damselfly.api.wire.scheduler.v2.ListHostsRequest;
import dev.damselfly.api.wire.scheduler.v2.StatPeerRequest;
import dev.damselfly.conformance.counterpart.ScriptedSeed;
import dev.damselfly.conformance.suite.Case;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.util.List;
import java.util.Optional;

/// What a scheduler knows of hosts.
final class HostCases {
  private static final long SHORT_INTERVAL = 3;

  private HostCases() {}

  static List<Case> all() {
    return List.of(
        wire("SCH-002/announced", "B2", "scheduler 2", "an announced host is listed with ports, type, IDC and location", HostCases::announced),
        wire("SCH-002/type", "B2", "scheduler 2", "the type filter of ListHosts tells normal hosts from seeds", HostCases::type),
        wire("SCH-003/unknown", "B3", "scheduler 2", "DeleteHost of an unknown host is NotFound", HostCases::deleteUnknown),
        wire("SCH-003/known", "B3", "scheduler 2", "DeleteHost removes the host and its peers", HostCases::deleteKnown),
        wire("SCH-019/silent", "B19", "scheduler 8", "a host that is silent for more than two intervals disappears", HostCases::silent)
            .needing("fast-gc"));
  }

  private static Case wire(String id, String behaviour, String clause, String title, Case.Body body) {
    return Case.wire(id, behaviour, Role.SCHEDULER, clause, title, body);
  }

  private static List<Host> list(Machine asker, ListHostsRequest request) {
    return asker.calls().listHosts(request).getHostsList();
  }

  private static Optional<Host> find(Machine asker, String id) {
    return list(asker, ListHostsRequest.getDefaultInstance()).stream().filter(host -> host.getId().equals(id)).findFirst();
  }

  static void announced(Stage stage) throws Exception {
    var site = Site.open(stage);
    Machine peer = site.stranger("peer-a").in("idc-1", "eu|de|fra").announce();
    Optional<Host> listed = find(peer, peer.id());
    stage.control("the announced host is listed", listed.isPresent(), list(peer, ListHostsRequest.getDefaultInstance()).size() + " hosts");
    Host host = listed.orElseThrow();

    stage.expect("hostname", "peer-a", host.getHostname());
    stage.expect("ip", "127.0.0.1", host.getIp());
    stage.expect("port", peer.facts().getPort(), host.getPort());
    stage.expect("download_port", peer.facts().getDownloadPort(), host.getDownloadPort());
    stage.expect("type", 0, host.getType());
    stage.expect("network.idc", "idc-1", host.getNetwork().getIdc());
    stage.expect("network.location", "eu|de|fra", host.getNetwork().getLocation());
  }

  static void type(Stage stage) throws Exception {
    var site = Site.open(stage);
    Machine peer = site.peer("peer-a");
    Machine seed = new Machine(stage, site.endpoint(), "seed-a", true, ScriptedSeed.open(stage, "seed-a").endpoint().port()).announce();
    stage.control("both hosts are listed", list(peer, ListHostsRequest.getDefaultInstance()).size() == 2, list(peer, ListHostsRequest.getDefaultInstance()));

    stage.expect("hosts of type 0", List.of(peer.id()), ids(peer, 0));
    stage.expect("hosts of type 1", List.of(seed.id()), ids(peer, 1));
  }

  private static List<String> ids(Machine asker, int type) {
    return list(asker, ListHostsRequest.newBuilder().setType(type).build()).stream().map(Host::getId).toList();
  }

  static void deleteUnknown(Stage stage) throws Exception {
    var site = Site.open(stage);
    Machine known = site.peer("peer-a");
    stage.control("a known host can be deleted", delete(known) == Status.Code.OK, "an error");

    stage.expect("DeleteHost of a host that never came", Status.Code.NOT_FOUND, delete(site.stranger("peer-b")));
  }

  private static Status.Code delete(Machine machine) {
    try {
      machine.calls().deleteHost(DeleteHostRequest.newBuilder().setHostId(machine.id()).build());
      return Status.Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    }
  }

  static void deleteKnown(Stage stage) throws Exception {
    var site = Site.open(stage);
    Machine asker = site.peer("peer-b");
    Machine peer = site.peer("peer-a");
    var content = site.content();
    Announcement held = site.holder(peer, content);
    stage.control("the peer is known", statPeer(peer, content.taskId(), held.peerId()) == Status.Code.OK, "StatPeer fails");

    stage.expect("DeleteHost", Status.Code.OK, delete(peer));

    stage.expect("the host is listed no more", Optional.empty(), find(asker, peer.id()));
    boolean gone = stage.eventually(() -> statPeer(peer, content.taskId(), held.peerId()) == Status.Code.NOT_FOUND);
    stage.expectTrue("StatPeer of its peer becomes NotFound", gone, statPeer(peer, content.taskId(), held.peerId()));
  }

  private static Status.Code statPeer(Machine machine, String task, String peer) {
    try {
      machine.calls().statPeer(StatPeerRequest.newBuilder().setHostId(machine.id()).setTaskId(task).setPeerId(peer).build());
      return Status.Code.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus().getCode();
    }
  }

  static void silent(Stage stage) throws Exception {
    var site = Site.open(stage);
    Machine asker = site.peer("peer-b");
    Machine silent = site.stranger("peer-a").announce(SHORT_INTERVAL);
    stage.control("the host is listed", find(asker, silent.id()).isPresent(), "absent");

    boolean gone = stage.eventually(() -> find(asker, silent.id()).isEmpty());

    stage.expectTrue("a silent host disappears", gone, "still listed");
    stage.expectTrue("a host within its interval stays", find(asker, asker.id()).isPresent(), "gone");
  }
}
