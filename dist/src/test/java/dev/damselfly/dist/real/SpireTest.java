package dev.damselfly.dist.real;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.guard.GuardedChannels;
import dev.damselfly.authz.identity.Expected;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.RoleTemplate;
import dev.damselfly.authz.identity.TrustDomain;
import dev.damselfly.authz.identity.workload.WorkloadApiSource;
import dev.damselfly.authz.identity.workload.WorkloadEndpoint;
import dev.damselfly.authz.testing.MemoryAudit;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;

/// Every process has its SVID from a real SPIRE, which knows it by its user: they rotate, are renewed, taken back and
/// given again while content moves, and SPIRE itself goes away and comes back.
@NullMarked
@Tag("real")
@Timeout(240)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class SpireTest {
  private static final List<String> PEERS = List.of("p1", "p2");
  private static final List<String> EVERYBODY = List.of("manager", "scheduler-1", "scheduler-2", "seed-1", "p1", "p2");
  private static final String LONELY = "p9"; // has no entry
  private static final List<String> FAILURES =
      List.of("svid.rotate.fail", "bundle.refuse", "authn.failure", "authz.deny", "digest.mismatch", "peer.quarantine");
  private static final String ROTATED = "\"svid.rotate\"";
  private static final String BUNDLE = "\"bundle.update\"";
  private static final long SVID_SECONDS = 60; // a new one comes each 25 s
  private static final int ROTATIONS = 20;
  private static final int MANY_JOINS = 5_000; // each peer joins its swarms, about 100, again when a connection is renewed
  private static final int BIG = 64 << 20;
  private static final int SMALL = (8 << 20) + 4711;
  private static final String PACED = "/paced/small.bin";

  private static Path base = Path.of("/nowhere");
  private static Spire spire;
  private static Nginx origin;
  private static Cluster cluster;
  private static Command.Running lonely;

  @BeforeAll
  static void start() throws Exception {
    boolean root = Files.getOwner(Path.of("/proc/self")).getName().equals("root");
    if (!root || !Spire.isInstalled()) {
      System.err.println("SpireTest " + Spire.NEEDS);
    }
    assumeTrue(root && Spire.isInstalled(), Spire.NEEDS);
    base = Files.createTempDirectory("df");
    Files.setPosixFilePermissions(base, PosixFilePermissions.fromString("rwxr-xr-x"));
    Path home = Files.createDirectory(base.resolve("m"));
    Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwx--x--x")); // entered by all, read by root
    origin = Nginx.start(base.resolve("n"), "location /paced/ { limit_rate 4m; }");
    write(origin.file("big.bin"), BIG);
    Files.createDirectory(origin.file("paced"));
    write(origin.file("paced/small.bin"), SMALL);
    spire = Spire.start(home, EVERYBODY, SVID_SECONDS);
    spire.user(LONELY);
    cluster = Cluster.start(home, Cluster.Plan.of(PEERS).withSeed(), spire);
    lonely = cluster.beginPeer(LONELY);
  }

  private static void write(Path file, int size) throws IOException {
    var content = new byte[size];
    new Random(size).nextBytes(content);
    Files.write(file, content);
  }

  @AfterAll
  static void stop() throws IOException {
    if (cluster != null) {
      cluster.close();
    } else if (spire != null) {
      spire.close();
    }
    if (origin != null) {
      origin.close();
    }
    Homes.delete(base);
  }

  /// What the audit logs say from now on.
  private static final class Since {
    private final Map<String, Integer> marks = new HashMap<>();

    Since() throws IOException {
      for (String name : EVERYBODY) {
        marks.put(name, cluster.audited(name).length());
      }
    }

    String said(String name) throws IOException {
      return cluster.audited(name).substring(marks.getOrDefault(name, 0));
    }

    int count(String name, String wanted) throws IOException {
      return said(name).split(Pattern.quote(wanted), -1).length - 1;
    }

    int total(String wanted) throws IOException {
      int sum = 0;
      for (String name : EVERYBODY) {
        sum += count(name, wanted);
      }
      return sum;
    }

    void awaitEach(String wanted) throws Exception {
      for (String name : EVERYBODY) {
        await(wanted + " of " + name, () -> count(name, wanted) > 0);
      }
    }

    void assertNoFailures() throws IOException {
      assertNoFailuresBut();
    }

    void assertNoFailuresBut(String... expected) throws IOException {
      var others = FAILURES.stream().filter(failure -> !List.of(expected).contains(failure)).toList();
      for (String name : EVERYBODY) {
        assertThat(said(name)).as(name).doesNotContain(others);
      }
    }
  }

  /// What can be asked again until it is so.
  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void await(String what, Condition condition) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(150);
    while (!condition.holds()) {
      assertThat(System.nanoTime()).as(what + "\n" + spire.log()).isLessThan(deadline);
      assertThat(cluster.process("manager").waitFor(100, TimeUnit.MILLISECONDS)).isFalse();
    }
  }

  private static void assertDownloaded(SteadyDownloads downloads, String what) {
    System.out.println(what + ": " + downloads.done() + " downloads, " + downloads.fromPeers() + " bytes from peers");
    assertThat(downloads.failures()).as(what).isEmpty();
    assertThat(downloads.done()).isGreaterThanOrEqualTo(6);
    assertThat(downloads.fromPeers()).isPositive();
  }

  @Test
  @Threat({"TOB-13", "F-42"})
  void everyProcess_hasItsOwnSvid_andAFileComesOnceFromTheOrigin() throws Exception {
    var gets = new HashMap<String, Command.Running>();
    for (String peer : PEERS) {
      gets.put(peer, cluster.get(peer, origin.url("/big.bin"), base.resolve(peer + ".out")));
    }

    for (String peer : PEERS) {
      Command.Result result = Command.await(Objects.requireNonNull(gets.get(peer)));
      assertThat(result.code()).as(result.all() + cluster.log(peer)).isZero();
      assertThat(SwarmProcessesTest.sha256(base.resolve(peer + ".out"))).isEqualTo(SwarmProcessesTest.sha256(origin.file("big.bin")));
      assertThat(SwarmProcessesTest.number(result.out(), "from_peers")).as(result.all()).isPositive();
    }
    assertThat(origin.bytesSent("/big.bin")).isBetween((long) BIG, BIG + BIG / 50L);
    for (String name : EVERYBODY) {
      assertThat(cluster.audited(name)).as(name).contains("\"" + Identities.id(name) + "\"");
      assertThat(Files.getAttribute(Path.of("/proc", Long.toString(cluster.process(name).pid())), "unix:uid")).isEqualTo(spire.uid(name));
    }
  }

  @Test
  @Threat("S-WLA-1")
  void svidsOfAMinute_rotateEverywhere_withoutOneFailedDownload() throws Exception {
    var since = new Since();
    var downloads = SteadyDownloads.start(cluster, PEERS, origin, PACED);
    try (downloads) {
      await(ROTATIONS + " rotations", () -> since.total(ROTATED) >= ROTATIONS);
    }

    assertDownloaded(downloads, since.total(ROTATED) + " rotations");
    for (String name : EVERYBODY) {
      assertThat(since.count(name, ROTATED)).as(name).isGreaterThanOrEqualTo(2);
    }
    assertThat(since.total("\"peer.join\"")).isLessThan(MANY_JOINS);
    since.assertNoFailures();
  }

  @Test
  @Threat("S-WLA-1")
  void agentAndServer_goAwayAndComeBack_withoutOneFailedDownload() throws Exception {
    var downloads = SteadyDownloads.start(cluster, PEERS, origin, PACED);
    try (downloads) {
      downloads.awaitMore(2);
      spire.killAgent();
      downloads.awaitMore(4);
      spire.startAgent();
      var afterAgent = new Since();
      afterAgent.awaitEach(ROTATED);

      spire.killServer();
      downloads.awaitMore(4);
      spire.startServer();
      var afterServer = new Since();
      afterServer.awaitEach(ROTATED);
      afterServer.assertNoFailures();
    }

    assertDownloaded(downloads, "agent and server restarted");
  }

  @Test
  @Threat({"F-23", "S-WLA-1"})
  void authorityThatIsReplacedAndRevoked_costsNoDownload() throws Exception {
    var downloads = SteadyDownloads.start(cluster, PEERS, origin, PACED);
    try (downloads) {
      downloads.awaitMore(2);
      String old = spire.activeAuthority();
      var prepared = new Since();
      String next = spire.prepareAuthority();
      prepared.awaitEach(BUNDLE);

      spire.authority("activate", next);
      var tainted = new Since();
      spire.authority("taint", old);
      tainted.awaitEach(ROTATED);

      var revoked = new Since();
      spire.authority("revoke", old);
      revoked.awaitEach(BUNDLE);
      downloads.awaitMore(4);
      // An agent that holds nothing but a tainted SVID may say for a moment that there is none; then the identity ends at
      // once, as it must, and is back with the new SVID.
      prepared.assertNoFailuresBut("svid.rotate.fail", "authn.failure");
    }

    assertDownloaded(downloads, "authority replaced");
  }

  @Test
  @Order(Integer.MAX_VALUE) // it takes a minute, in which the others run
  @Threat({"S-UPG-7", "S-WLA-2"})
  void processWithoutAnEntry_isNotReady_andSaysWhy() throws Exception {
    Command.Result result = Command.await(lonely);

    assertThat(result.code()).as(result.all()).isNotZero();
    assertThat(result.err())
        .contains("no identity from the Workload API")
        .contains("has no identity for this process, which runs as uid " + spire.uid(LONELY))
        .doesNotContain("\tat ");
    assertThat(result.all()).doesNotContain("ready");
    assertThat(cluster.socket(LONELY)).doesNotExist();
    assertThat(cluster.audited(LONELY)).contains("DENIED").doesNotContain("WITHDRAWN", ROTATED);
  }

  @Test
  @Threat({"F-23", "S-WLA-2"})
  void dismissedPeer_losesItsPlaceInTheSwarm_untilItIsAdmittedAgain() throws Exception {
    var since = new Since();
    spire.dismiss("p2");
    await("p2 hears of it", () -> since.count("p2", "WITHDRAWN") == 1);

    Path[] outputs = {base.resolve("other"), base.resolve("alone"), base.resolve("without"), base.resolve("again")};
    String others = origin.url(PACED + "?dismissed");
    Command.Running beside = cluster.get("p1", others, outputs[0]);
    Command.Running byItself = cluster.get("p2", origin.url(PACED + "?alone"), outputs[1]);
    Command.Running fromPeersOnly = cluster.get("p2", others, outputs[2], "--disable-back-to-source");
    Command.Result status = cluster.command().run("status", "--endpoint", cluster.socket("p2").toString());
    Command.Result other = Command.await(beside);
    Command.Result alone = Command.await(byItself);
    Command.Result without = Command.await(fromPeersOnly);

    assertThat(status.out()).as(status.all()).contains("the SVID has expired or was taken back");
    assertThat(other.code()).as(other.all()).isZero(); // the others go on
    assertThat(alone.code()).as(alone.all()).isZero(); // what the egress rules allow needs no swarm
    assertThat(SwarmProcessesTest.number(alone.out(), "from_origin")).as(alone.all()).isEqualTo(SMALL);
    assertThat(without.code()).as(without.all()).isEqualTo(6);
    assertThat(without.out()).contains("\"BACKEND_DOWN\"").contains("scheduler: none lets this host in");
    assertThat(outputs[2]).doesNotExist();

    spire.admit("p2");
    await("p2 is back", () -> since.count("p2", ROTATED) >= 1);
    Command.Result again = Command.await(cluster.get("p2", others, outputs[3], "--disable-back-to-source"));
    assertThat(again.code()).as(again.all() + cluster.log("p2")).isZero();
    assertThat(SwarmProcessesTest.number(again.out(), "from_peers")).isEqualTo(SMALL);
  }

  @Test
  @Threat({"S-VTX-1", "S-UPG-8"})
  void foreignClient_isKnownByItsSvidAlone() throws Exception {
    requireForeignPeer();
    String scheduler = "127.0.0.1:" + cluster.port("scheduler-1");
    String itsId = Identities.id("scheduler-1");
    spire.user("p7");
    spire.admit("p7");
    spire.user("other");
    spire.admit("other", spire.uid("other"), "spiffe://" + Identities.DOMAIN + "/other/app");
    var since = new Since();

    Command.Result right = Command.await(spire.foreignPeer("p7", "dial", scheduler, itsId));
    assertThat(right.out()).as(right.all()).isEqualTo("accepted " + itsId + "\n");
    assertThat(since.count("scheduler-1", "authn.failure")).isZero();

    Command.Result otherServer = Command.await(spire.foreignPeer("p7", "dial", scheduler, Identities.id("manager")));
    assertThat(otherServer.out()).as(otherServer.all()).startsWith("refused: ").contains("unexpected ID");
    await("refusal of our server", () -> since.count("scheduler-1", "authn.failure") == 1);

    Command.Result noRole = Command.await(spire.foreignPeer("other", "dial", scheduler, itsId));
    assertThat(noRole.out()).as(noRole.all()).startsWith("refused: ");
    await("refusal of an id without a role", () -> since.count("scheduler-1", "authn.failure") == 2);

    Command.Result nobody = Command.await(spire.foreignPeer("p7", "anonymous", scheduler, itsId));
    assertThat(nobody.out()).as(nobody.all()).startsWith("refused: ").contains("certificate");
    await("refusal of nobody", () -> since.count("scheduler-1", "authn.failure") == 3);
  }

  @Test
  @Threat({"S-VTX-1", "TOB-3"})
  void foreignServer_isKnownByItsSvidAlone() throws Exception {
    requireForeignPeer();
    spire.admit("this", 0, Identities.id("p8"));
    spire.user("m");
    spire.admit("m", spire.uid("m"), Identities.id("manager"));
    spire.user("p6");
    spire.admit("p6");
    var audit = new MemoryAudit();
    var endpoint = WorkloadEndpoint.parse(spire.workloadApi("this"));
    var roles = new RoleTemplate(new TrustDomain(Identities.DOMAIN));
    try (var identity = WorkloadApiSource.open(endpoint, Optional.empty(), InstantSource.system(), audit, Duration.ofSeconds(60));
        var channels = new GuardedChannels(identity, roles, audit)) {
      assertThat(called("m", Identities.id("p8"), channels)).isEqualTo("accepted " + Identities.id("p8"));
      assertThat(audit.of(AuditAction.AUTHN_FAILURE)).isEmpty();

      assertThat(called("m", Identities.id("p1"), channels)).startsWith("refused: ").contains("unexpected ID");

      assertThat(called("p6", Identities.id("p8"), channels)).startsWith("refused: ");
      audit.await(event -> event.action() == AuditAction.AUTHN_FAILURE);
    }
  }

  /// Federation is the provider's word for "their bundle is known here". Nobody of the other domain has a role here: no key
  /// of our configuration names a second trust domain.
  @Test
  @Threat({"TOB-13", "S-VTX-1", "F-31"})
  void memberOfAFederatedDomain_isNobodyHere() throws Exception {
    String path = "/damselfly/peer/east/p1";
    try (var other = OtherSpire.start(base.resolve("o"), cluster.command())) {
      spire.federate("scheduler-1", other.domain(), other.bundle(base.resolve("other.json")));
      var since = new Since();
      await("the bundle of the other domain", () -> since.count("scheduler-1", BUNDLE) > 0);
      other.mint(other.domain() + path, base.resolve("o1"));
      spire.mint("spiffe://" + Identities.DOMAIN + path, base.resolve("o2"));
      int scheduler = cluster.port("scheduler-1");
      int refusals = since.count("scheduler-1", "authn.failure");

      assertThat(OtherSpire.isLetIn(base.resolve("o2"), spire.bundle(), scheduler)).isTrue(); // but for the domain, the same
      assertThat(since.count("scheduler-1", "authn.failure")).isEqualTo(refusals);

      assertThat(OtherSpire.isLetIn(base.resolve("o1"), spire.bundle(), scheduler)).isFalse();
      await("refusal of the other domain", () -> since.count("scheduler-1", "authn.failure") == refusals + 1);
      assertThat(since.said("scheduler-1")).contains(OtherSpire.DOMAIN);
    }
  }

  private static void requireForeignPeer() {
    String needs = "NOT RUN: `interop/install spiffe-peer` installs what it needs";
    if (!Spire.isForeignPeerInstalled()) {
      System.err.println("SpireTest " + needs);
    }
    assumeTrue(Spire.isForeignPeerInstalled(), needs);
  }

  /// What a foreign server says of our call, which is for a manager.
  private static String called(String server, String client, GuardedChannels channels) throws Exception {
    Command.Running running = spire.foreignPeer(server, "listen", client);
    int port = Integer.parseInt(running.awaitMatch("port ([0-9]+)\\R").group(1));
    ManagedChannel channel = channels.open(new HostPort("127.0.0.1", port), Expected.role(Role.MANAGER));
    try {
      channel.getState(true);
      Command.Result result = Command.await(running);
      return result.out().lines().skip(1).findFirst().orElse(result.all());
    } finally {
      channel.shutdownNow();
    }
  }
}
