package dev.damselfly.conformance.peer;

import dev.damselfly.api.wire.common.v2.Range;
import dev.damselfly.api.wire.dfdaemon.v2.DeleteTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonUploadGrpc;
import dev.damselfly.conformance.counterpart.Content;
import dev.damselfly.conformance.link.Endpoint;
import dev.damselfly.conformance.suite.Case;
import dev.damselfly.conformance.suite.Probe;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import io.grpc.Status;
import java.net.InetSocketAddress;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.List;

/// What a peer keeps, for how long, and how it hands it to local callers.
final class KeepCases {
  private KeepCases() {}

  static List<Case> all() {
    return List.of(
        wire("PXY-015/range", "C15", "peer 7", "the proxy answers a range with 206, Content-Range and the task id", KeepCases::proxyRange).needing("proxy"),
        wire("PXY-015/unsatisfiable", "C15", "peer 7", "the proxy answers a range beyond the end with 416", KeepCases::proxyUnsatisfiable).needing("proxy"),
        wire("UPG-016/prefetch", "C16", "download-flow 4", "a ranged download with prefetch leaves the whole content, fetched once", KeepCases::prefetch).needing("prefetch"),
        wire("DLG-017/exists", "C17", "download-flow 4", "an existing output without overwrite fails and stays as it is", KeepCases::exists).needing("output-path"),
        wire("UPG-018/restart", "C18", "peer 5", "finished content survives a restart", KeepCases::restart).needing("restart"),
        wire("UPG-018/again", "C18", "download-flow 4", "content that is held is not fetched again", KeepCases::again),
        wire("UPG-019/delete", "C19", "wire-api 6", "DeleteTask removes the content", KeepCases::delete));
  }

  private static Case wire(String id, String behaviour, String clause, String title, Case.Body body) {
    return Case.wire(id, behaviour, Role.PEER, clause, title, body);
  }

  private static HttpResponse<byte[]> throughProxy(PeerSite site, String path, String range) throws Exception {
    Endpoint proxy = site.peer().endpoint("proxy").orElseThrow(() -> new java.io.IOException("the target file names no endpoint 'proxy'"));
    var selector = ProxySelector.of(new InetSocketAddress(proxy.host(), proxy.port()));
    try (var client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).proxy(selector).build()) {
      var request = HttpRequest.newBuilder(URI.create(site.origin().base() + path)).timeout(site.stage().patience()).header("Range", range).build();
      var answer = client.send(request, HttpResponse.BodyHandlers.ofByteArray());
      site.stage().transcript().note("target", "HTTP " + answer.statusCode() + " " + answer.headers().map());
      return answer;
    }
  }

  static void proxyRange(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    site.scheduler().sendingToOrigin();
    Content content = site.origin().content();
    var answer = throughProxy(site, content.download().getUrl().substring(site.origin().base().length()), "bytes=100-199");
    stage.control("the proxy answers", answer.statusCode() < 500, answer.statusCode());

    stage.expect("status", 206, answer.statusCode());
    stage.expect("Content-Range", "bytes 100-199/1024", answer.headers().firstValue("content-range").orElse(""));
    stage.expect("X-Dragonfly-Task-ID", content.taskId(), answer.headers().firstValue("x-dragonfly-task-id").orElse(""));
    stage.expectTrue("body", Arrays.equals(dev.damselfly.conformance.counterpart.Origin.bytes(100, 100), answer.body()), answer.body().length + " bytes");
  }

  static void proxyUnsatisfiable(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    site.scheduler().sendingToOrigin();
    var good = throughProxy(site, "/" + stage.taskId(), "bytes=0-9");
    stage.control("the proxy answers a range", good.statusCode() == 206, good.statusCode());

    stage.expect("status", 416, throughProxy(site, "/" + stage.taskId(), "bytes=5000-").statusCode());
  }

  static void prefetch(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.NORMAL);
    site.scheduler().sendingToOrigin();
    var range = Range.newBuilder().setStart(0).setLength(10).build();
    Content content = site.origin().content().with(download -> download.setRange(range).setPrefetch(true));
    Transfer transfer = site.download(content);
    Status.Code code = transfer.end();
    stage.control("the ranged download ends well", code == Status.Code.OK, code);

    boolean whole = stage.eventually(() -> site.origin().sent() + 1 >= PeerSite.NORMAL);
    stage.expectTrue("the rest is fetched, too", whole, site.origin().sent());
    Transfer again = site.download(content.with(download -> download.clearRange().clearPrefetch()));
    again.expectContent("the whole content");
    stage.expect("bytes from the origin", PeerSite.NORMAL, site.origin().sent() + 1);
  }

  static void exists(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    site.scheduler().sendingToOrigin();
    var free = stage.work().resolve("free");
    Content content = site.origin().content();
    Transfer written = site.download(content.with(download -> download.setOutputPath(free.toString())));
    Status.Code code = written.end();
    stage.control("a free output is written", code == Status.Code.OK && Files.exists(free) && Files.size(free) == PeerSite.SMALL, code);
    var taken = stage.work().resolve("taken");
    Files.writeString(taken, "mine");

    Status.Code refused = site.download(content.with(download -> download.setOutputPath(taken.toString()))).end();

    stage.expectTrue("the download fails", refused != Status.Code.OK, refused);
    stage.expect("the file", "mine", Files.readString(taken));
  }

  static void restart(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.NORMAL);
    Content content = site.origin().content();
    site.fetched(content);
    site.peer().stop();
    var after = new PeerSite(stage, site.manager(), site.schedulers(), site.origin(), stage.start(Role.PEER, site.manager().endpoint()));

    Transfer again = after.download(content);

    again.expectContent("the download after the restart");
    stage.expect("bytes from the origin", PeerSite.NORMAL, site.origin().sent() + 1);
  }

  static void again(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.NORMAL);
    Content content = site.origin().content();
    site.fetched(content);

    site.download(content).expectContent("the second download");

    stage.expect("bytes from the origin", PeerSite.NORMAL, site.origin().sent() + 1);
  }

  static void delete(Stage stage) throws Exception {
    var site = PeerSite.open(stage, PeerSite.SMALL);
    Content content = site.origin().content();
    site.fetched(content);
    stage.control("the task is known", site.stat(content.taskId()) == Status.Code.OK, site.stat(content.taskId()));
    var calls = DfdaemonUploadGrpc.newBlockingStub(site.channel(Role.SCHEDULER, "s1")).withDeadlineAfter(stage.patience());

    Status.Code code = Probe.code(() -> calls.deleteTask(DeleteTaskRequest.newBuilder().setTaskId(content.taskId()).build()));

    stage.expect("DeleteTask", Status.Code.OK, code);
    boolean gone = stage.eventually(() -> site.stat(content.taskId()) != Status.Code.OK);
    stage.expectTrue("the task is not known any more", gone, "it is");
  }
}
