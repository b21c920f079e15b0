package dev.damselfly.conformance.manager;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.damselfly.api.wire.manager.v2.ListApplicationsRequest;
import dev.damselfly.api.wire.manager.v2.ListSchedulersRequest;
import dev.damselfly.api.wire.manager.v2.Scheduler;
import dev.damselfly.api.wire.manager.v2.SourceType;
import dev.damselfly.conformance.suite.Case;
import dev.damselfly.conformance.suite.Probe;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import io.grpc.Status;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/// All cases about managers.
public final class ManagerCases {
  private ManagerCases() {}

  public static List<Case> all() {
    return Stream.of(wireCases(), ManagerGuardCases.all(), RestCases.all()).flatMap(List::stream).toList();
  }

  private static List<Case> wireCases() {
    return List.of(
        wire("MGR-018/invalid", "B18", "wire-api 1", "a request that breaks a rule of the schema is InvalidArgument", ManagerCases::invalid),
        wire("MGR-022/health", "B22", "download-flow 2.1", "the health service says SERVING", ManagerCases::health),
        wire("MGR-023/order", "B23", "manager 5", "ListSchedulers gives the clusters in the order of their scores", ManagerCases::order)
            .needing("clusters")
            .interopOnly(),
        wire("MGR-023/short-cut", "B23", "manager 5", "scheduler_cluster_id gives the rows of that cluster in any state", ManagerCases::shortCut),
        wire("MGR-024/registered", "B24", "manager 6", "UpdateScheduler makes an inactive row", ManagerCases::registered),
        wire("MGR-024/alive", "B24", "manager 6", "a row is active while its KeepAlive stream is open", ManagerCases::alive),
        wire("MGR-024/dropped", "B24", "manager 5", "peers without a cluster id are told of active schedulers only", ManagerCases::dropped)
            .needing("fast-cache"),
        wire("MGR-024/config", "B24", "manager 3", "GetScheduler gives the cluster's configuration as JSON with the documented keys", ManagerCases::config),
        wire("MGR-024/no-applications", "B24", "manager 6", "ListApplications is NotFound when there are none", ManagerCases::noApplications));
  }

  private static Case wire(String id, String behaviour, String clause, String title, Case.Body body) {
    return Case.wire(id, behaviour, Role.MANAGER, clause, title, body);
  }

  static void invalid(Stage stage) throws Exception {
    var site = ManagerSite.open(stage);
    stage.control("a scheduler registers", site.register("s1", ManagerSite.EAST).getId() > 0, "no id");
    var bad = ManagerSite.registration("s1", ManagerSite.EAST).toBuilder().setPort(80).build();

    stage.expect("a port below 1024", Status.Code.INVALID_ARGUMENT, Probe.code(() -> site.calls(Role.SCHEDULER, "s1").updateScheduler(bad)));
  }

  static void health(Stage stage) throws Exception {
    var site = ManagerSite.open(stage);
    String seen = Probe.health(stage, site.manager().endpoint(), Role.PEER, "peer-a");
    stage.control("the health service answers", !seen.startsWith("error"), seen);

    stage.expect("status of the empty service name", "SERVING", seen);
  }

  /// One question and the clusters in the order of their scores; equal ones are left out.
  private record Question(ListSchedulersRequest request, List<Long> clusters) {}

  private static List<Question> questions() {
    return List.of(
        new Question(ManagerSite.question("peer-a").setIp("127.0.0.5").build(), List.of(ManagerSite.WEST, ManagerSite.EAST, ManagerSite.NORTH)),
        new Question(ManagerSite.question("north-1").setIp("10.0.0.1").build(), List.of(ManagerSite.NORTH, ManagerSite.EAST, ManagerSite.WEST)),
        new Question(ManagerSite.question("peer-a").setIp("10.0.0.1").setIdc("DC-2").build(), List.of(ManagerSite.WEST, ManagerSite.EAST, ManagerSite.NORTH)),
        new Question(
            ManagerSite.question("peer-a").setIp("10.0.0.1").setLocation("eu|de|fra").build(),
            List.of(ManagerSite.NORTH, ManagerSite.EAST, ManagerSite.WEST)));
  }

  static void order(Stage stage) throws Exception {
    var site = ManagerSite.open(stage);
    var names = List.of("s-east", "s-west", "s-north");
    for (int i = 0; i < names.size(); i++) {
      site.register(names.get(i), i + 1);
      site.keepAlive(names.get(i), i + 1);
    }
    boolean all =
        stage.eventually(() -> site.schedulers("peer-a", ManagerSite.question("peer-a").setIp("10.9.9.9").build()).size() == 3);
    stage.control("all three schedulers are active", all, "fewer");

    for (Question question : questions()) {
      var seen = site.schedulers("peer-a", question.request()).stream().map(Scheduler::getSchedulerClusterId).toList();
      stage.expect("clusters for " + question.request().getHostname() + " " + question.request().getIp() + " " + question.request().getIdc() + " " + question.request().getLocation(), question.clusters(), seen);
    }
  }

  static void shortCut(Stage stage) throws Exception {
    var site = ManagerSite.open(stage);
    site.register("s1", ManagerSite.EAST);
    var rows = site.schedulers("peer-a", ManagerSite.question("peer-a").setIp("127.0.0.5").setIdc("dc-2").setSchedulerClusterId(ManagerSite.EAST).build());
    stage.control("the manager answers", true, rows);

    stage.expect("rows of the named cluster, though another has affinity and this one is inactive", List.of("s1"), rows.stream().map(Scheduler::getHostname).toList());
  }

  static void registered(Stage stage) throws Exception {
    var site = ManagerSite.open(stage);
    Scheduler row = site.register("s1", ManagerSite.EAST);
    stage.control("a scheduler registers", row.getId() > 0, row);

    stage.expect("state after UpdateScheduler", Optional.of("inactive"), site.state("peer-a", "s1", ManagerSite.EAST));
  }

  static void alive(Stage stage) throws Exception {
    var site = ManagerSite.open(stage);
    site.register("s1", ManagerSite.EAST);
    Runnable end = site.keepAlive("s1", ManagerSite.EAST);
    boolean active = stage.eventually(() -> site.state("peer-a", "s1", ManagerSite.EAST).equals(Optional.of("active")));
    stage.control("a scheduler that keeps alive becomes active", active, site.state("peer-a", "s1", ManagerSite.EAST));

    end.run();

    boolean inactive = stage.eventually(() -> site.state("peer-a", "s1", ManagerSite.EAST).equals(Optional.of("inactive")));
    stage.expectTrue("the end of the stream makes it inactive", inactive, site.state("peer-a", "s1", ManagerSite.EAST));
  }

  static void dropped(Stage stage) throws Exception {
    var site = ManagerSite.open(stage);
    site.register("s1", ManagerSite.EAST);
    site.register("s2", ManagerSite.EAST);
    Runnable end = site.keepAlive("s1", ManagerSite.EAST);
    site.keepAlive("s2", ManagerSite.EAST);
    boolean both = stage.eventually(() -> names(site).equals(Set.of("s1", "s2")));
    stage.control("both are told of", both, names(site));

    end.run();

    boolean one = stage.eventually(() -> names(site).equals(Set.of("s2")));
    stage.expectTrue("only the living one is", one, names(site));
  }

  private static Set<String> names(ManagerSite site) {
    return Set.copyOf(site.schedulers("peer-a", ManagerSite.question("peer-a").build()).stream().map(Scheduler::getHostname).toList());
  }

  static void config(Stage stage) throws Exception {
    var site = ManagerSite.open(stage);
    site.register("s1", ManagerSite.EAST);
    Scheduler row = site.calls(Role.SCHEDULER, "s1").getScheduler(ManagerSite.own("s1", ManagerSite.EAST));
    stage.control("GetScheduler answers", row.hasSchedulerCluster(), row);

    JsonNode config = JsonMapper.builder().build().readTree(row.getSchedulerCluster().getConfig().toStringUtf8());
    JsonNode client = JsonMapper.builder().build().readTree(row.getSchedulerCluster().getClientConfig().toStringUtf8());
    var missing = new ArrayList<String>();
    for (String key : List.of("candidate_parent_limit", "filter_parent_limit")) {
      if (!config.path(key).isInt()) {
        missing.add("config." + key);
      }
    }
    if (!client.path("load_limit").isInt()) {
      missing.add("client_config.load_limit");
    }
    stage.expect("documented keys that are missing or no numbers", List.of(), missing);
    stage.expect("candidate_parent_limit of the fixture", 4, config.path("candidate_parent_limit").asInt());
  }

  static void noApplications(Stage stage) throws Exception {
    var site = ManagerSite.open(stage);
    stage.control("a scheduler registers", site.register("s1", ManagerSite.EAST).getId() > 0, "no id");
    var request =
        ListApplicationsRequest.newBuilder().setSourceType(SourceType.SCHEDULER_SOURCE).setHostname("s1").setIp("127.0.0.1").build();

    stage.expect("ListApplications", Status.Code.NOT_FOUND, Probe.code(() -> site.calls(Role.SCHEDULER, "s1").listApplications(request)));
  }
}
