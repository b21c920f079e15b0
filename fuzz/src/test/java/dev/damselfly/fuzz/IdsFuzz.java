package dev.damselfly.fuzz;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.id.HostId;
import dev.damselfly.api.id.PeerId;
import dev.damselfly.api.id.TaskIds;
import dev.damselfly.api.id.TaskTuple;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.scheduler.task.PeerSpec;
import dev.damselfly.scheduler.task.TaskKey;
import dev.damselfly.scheduler.task.Tasks;
import dev.damselfly.scheduler.task.TupleRule;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.SplittableRandom;

/// Ids of tasks, hosts and peers: equal to the rules of the wire written out a second time; and two tuples that share an
/// id are two resources, of which the scheduler takes one. First character of the input: the kind; then fields, each
/// ended by a bar.
final class IdsFuzz implements Target {
  private static final String UUID = "[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";

  public static void fuzzerTestOneInput(byte[] input) {
    new IdsFuzz().run(input);
  }

  @Override
  public void run(byte[] input) {
    String text = TextTargets.text(input);
    String[] fields = (text.isEmpty() ? "" : text.substring(1)).split("\\|", -1);
    try {
      switch (text.isEmpty() ? '0' : text.charAt(0)) {
        case 'u' -> url(fields);
        case 'c' -> same(TaskIds.content(field(fields, 0)).value(), NaiveIds.hash(field(fields, 0)));
        case 'p' ->
            same(
                TaskIds.persistent(field(fields, 0), field(fields, 1), field(fields, 2)).value(),
                NaiveIds.hash(field(fields, 0), field(fields, 1), field(fields, 2), "PERSISTENT"));
        case 'f' -> file(fields);
        case 'h' -> host(field(fields, 0), field(fields, 1), !field(fields, 2).isEmpty());
        case 'a' -> alias(fields);
        default -> throw new InvalidValue("no such kind");
      }
      Accepted.yes();
    } catch (InvalidValue | RequestFailure refused) {
      Accepted.no();
    }
  }

  private static String field(String[] fields, int index) {
    return index < fields.length ? fields[index] : "";
  }

  private static Download.Builder download(String[] fields) {
    var download =
        Download.newBuilder().setUrl(field(fields, 0)).setTag(field(fields, 2)).setApplication(field(fields, 3));
    for (String name : field(fields, 1).split(",", -1)) {
      if (!name.isEmpty()) {
        download.addFilteredQueryParams(name);
      }
    }
    String length = field(fields, 4);
    if (length.matches("[1-9][0-9]{0,8}")) {
      download.setPieceLength(Long.parseLong(length));
    }
    return download;
  }

  private static void url(String[] fields) {
    Download download = download(fields).build();
    String id = TaskTuple.of(download).id().value();
    String length = download.hasPieceLength() ? Long.toString(download.getPieceLength()) : "";
    NaiveIds.canonical(download.getUrl(), download.getFilteredQueryParamsList())
        .ifPresent(url -> same(id, NaiveIds.hash(url, download.getTag(), download.getApplication(), length, "STANDARD")));
  }

  private static void file(String[] fields) {
    var bytes = dev.damselfly.api.id.Sha256.newDigest();
    bytes.update(field(fields, 0).getBytes(StandardCharsets.UTF_8));
    long length = field(fields, 1).length();
    var optional = length > 0 ? OptionalLong.of(length) : OptionalLong.empty();
    same(
        TaskIds.persistentCache(bytes, field(fields, 2), field(fields, 3), optional).value(),
        NaiveIds.hash(
            field(fields, 0), field(fields, 2), field(fields, 3), length > 0 ? "" + length : "", "PERSISTENT_CACHE"));
  }

  private static void host(String ip, String name, boolean seed) {
    HostId id = HostId.of(ip, name, seed);
    same(id.value(), ip + "-" + name + (seed ? "-seed" : ""));
    Script.check(id.embeds(name, seed), "a host id is not that of its host");
    Script.check(!id.embeds(name + "x", seed), "a host id is that of another host");
    PeerId peer = PeerId.random(ip, name, seed, new SplittableRandom(name.hashCode()));
    String rest = peer.value().substring(ip.length() + name.length() + 2);
    Script.check(peer.value().startsWith(ip + "-" + name + "-"), "a peer id begins with address and name");
    Script.check(rest.matches(UUID + (seed ? "-seed" : "")), "a peer id ends in a random UUID");
    Script.check(peer.embeds(name, seed), "a peer id is not that of its host");
    Script.check(!peer.embeds(name + "x", seed) && !peer.embeds(name, !seed), "a peer id is that of another host");
  }

  /// Moves the beginning of the application to the end of the tag: the wire gives both the same id.
  private static void alias(String[] fields) {
    Download one = download(fields).build();
    String application = one.getApplication();
    int cut = application.isEmpty() ? 0 : application.offsetByCodePoints(0, 1);
    Download other =
        one.toBuilder().setTag(one.getTag() + application.substring(0, cut)).setApplication(application.substring(cut)).build();
    TaskTuple first = TaskTuple.of(one);
    TaskTuple second = TaskTuple.of(other);
    same(first.id().value(), second.id().value());
    boolean equal = cut == 0;
    Script.check(first.fingerprint().equals(second.fingerprint()) == equal, "two resources share a fingerprint");
    var tasks = new Tasks(new Tasks.Limits(10, 10, 10, 10), TupleRule.WIRE, InstantSource.system());
    var key = TaskKey.publicTask(first.id());
    tasks.admit(key, one, PeerSpec.of("a", SwarmCast.host(0), one), key);
    boolean taken;
    try {
      tasks.admit(key, other, PeerSpec.of("b", SwarmCast.host(1), other), key);
      taken = true;
    } catch (RequestFailure refused) {
      Script.check(refused.reason() == Reason.ID_BOUND_ELSEWHERE, "refused for another reason");
      taken = false;
    }
    Script.check(taken == equal, "an id stands for two resources, or a resource was refused its own");
  }

  private static void same(String actual, String expected) {
    Script.check(actual.equals(expected), "the id is not that of the wire");
  }

  @Override
  public String name() {
    return "ids";
  }

  @Override
  public String oracle() {
    return "equal to a second implementation of the wire rules; an alias is refused";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(TaskIds.class, TaskTuple.class, HostId.class, PeerId.class, TupleRule.class);
  }

  @Override
  public List<byte[]> seeds() {
    var texts = new ArrayList<String>();
    for (String query : List.of("", "?", "?b=2&a=1", "?a=1&b=2&a=0", "?k=a b&m=x*y&n=c~d", "?flag&x=1", "?a=b=c", "?a=%FF",
        "?%61=1&b=2", "?a=%zz", "?a=1%2", "?a=1;x&b=2", "?&&a=1", "?=v&a=1", "?a+b=c+d", "?k=%E4%B8%AD&j='q'", "?a%3B=1&b=2")) {
      texts.add("uhttps://o.example/x" + query + "|zz|||");
      texts.add("uhttps://o.example" + query + "|a|foo|bar|4194304");
    }
    texts.addAll(List.of(
        "uhttps://example.com|||||", "uhttps://example.com||foo||", "uhttps://example.com|||bar|", "uhttp://o.example/a/||t|a|67108864",
        "cThis is a test file", "cä", "c", "pmy-object-key|us-west-1|https://s3.us-west-1.amazonaws.com", "ps3://b/dir/a.bin|eu|e",
        "fThis is a test file|xxxx|tag1|app1", "fThis is a test file||tag1|", "f|||", "h127.0.0.1|localhost|", "h127.0.0.1|localhost|s",
        "h2001:db8::1|node-a|", "h10.0.0.1|a-seed|", "h1.2.3|x|", "h::1|11111111-2222-4333-8444-555555555555|s",
        "ahttp://o/f||a|bc|", "ahttp://o/f|||STANDARD|", "ahttp://o/f|x|t|ä|4194304", "ahttp://o/f||||"));
    return TextTargets.seeds(texts.toArray(String[]::new));
  }
}
