package dev.damselfly.fuzz;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.damselfly.api.id.Sha256;
import dev.damselfly.dist.lazy.FileRefused;
import dev.damselfly.dist.lazy.FileRefused.Why;
import dev.damselfly.dist.lazy.LazyFailed;
import dev.damselfly.dist.lazy.LazyFiles;
import dev.damselfly.dist.lazy.MountPath;
import dev.damselfly.nydus.Chunk;
import dev.damselfly.nydus.ChunkNeed;
import dev.damselfly.nydus.Golden;
import dev.damselfly.nydus.Image;
import dev.damselfly.nydus.Node;
import dev.damselfly.nydus.RafsRefused;
import dev.damselfly.nydus.chunk.Place;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// What the kernel asks of a mounted image: a row of questions with any paths, handles, offsets and sizes. The answers are
/// those of a list of paths and contents that another program read from the same image; and what is fetched for them are
/// chunks of the file that is read.
final class MountedTreeFuzz implements Target {
  private static final String IMAGE = "v6-merged";
  private static final int KINDS = 6;
  private static final int MOST_QUESTIONS = 200;
  private static final int MAX_READ = 1 << 20;
  private static final int MAX_PATH = 4096;

  private final Golden golden = Golden.image(IMAGE);
  private final Image image;
  private final Map<String, Thing> things = new TreeMap<>();
  private final Map<String, byte[]> frames = new HashMap<>();
  private final Set<Integer> touched = new HashSet<>();

  /// What the other program saw at a path.
  ///
  /// @param content of a file; empty for anything else
  /// @param target of a link
  private record Thing(int mode, byte[] content, byte[] target, Set<Integer> chunks) {
    boolean is(int type) {
      return (mode & 0170000) == type;
    }
  }

  MountedTreeFuzz() {
    try {
      image = golden.read();
      JsonNode expected = new ObjectMapper().readTree(golden.file("expected.json"));
      for (JsonNode inode : expected.path("inodes")) {
        String path = inode.path("path").asText();
        if (path.chars().noneMatch(c -> c >= 0xf700 && c <= 0xf7ff)) { // bytes that are no UTF-8: cannot be asked for
          things.put(path, thing(path, inode, expected.path("content").path(path).asText()));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RafsRefused | FileRefused | LazyFailed e) {
      throw new IllegalStateException("the image is a good one", e);
    }
  }

  private Thing thing(String path, JsonNode inode, String sha256) throws FileRefused, LazyFailed {
    var content = new ByteArrayOutputStream();
    var chunks = new HashSet<Integer>();
    if (!sha256.isEmpty()) {
      Node node = image.find(MountPath.parse(path).names()).orElseThrow();
      for (ChunkNeed need : image.needs(node, 0, node.size())) {
        content.writeBytes(Arrays.copyOfRange(chunk(need.chunk()), need.from(), need.from() + need.length()));
        chunks.add(key(need.chunk()));
      }
      require(Sha256.of(Sha256.newDigest().digest(content.toByteArray())).hex().equals(sha256), "the other program saw another content");
    }
    byte[] target = inode.path("symlink").asText("").getBytes(StandardCharsets.UTF_8);
    return new Thing(inode.path("mode").asInt(), content.toByteArray(), inode.path("symlink").isNull() ? new byte[0] : target, chunks);
  }

  private static int key(Chunk chunk) {
    return chunk.blob().index() << 20 | chunk.index();
  }

  private byte[] chunk(Chunk chunk) throws LazyFailed {
    String name = chunk.blob().id() + "/" + chunk.index();
    byte[] known = frames.get(name);
    if (known != null) {
      return known;
    }
    try {
      int at = (int) chunk.compressedOffset();
      byte[] blob = golden.file(chunk.blob().id());
      Place place = Place.of(chunk);
      ByteBuffer bytes =
          place.frame().open(Arrays.copyOfRange(blob, at, at + chunk.compressedSize())).verify(chunk, place.at())
              .bytes(new ChunkNeed(chunk, 0, chunk.uncompressedSize()));
      byte[] copy = new byte[bytes.remaining()];
      bytes.get(copy);
      frames.put(name, copy);
      return copy;
    } catch (RafsRefused e) {
      throw new LazyFailed(LazyFailed.Kind.UNVERIFIED, "a good image has good chunks");
    }
  }

  public static void fuzzerTestOneInput(byte[] input) {
    Made.TARGET.run(input);
  }

  /// Reading the image takes a while.
  private static final class Made {
    static final MountedTreeFuzz TARGET = new MountedTreeFuzz();
  }

  /// The questions of one input.
  private final class Session {
    private final ByteBuffer words;
    private final Map<Long, String> open = new TreeMap<>();
    private final List<LazyFailed> failures = new ArrayList<>();
    private final List<Chunk> ahead = new ArrayList<>();
    private final LazyFiles files = new LazyFiles(image, this::read, ahead::addAll, failures::add);
    private boolean served;

    Session(byte[] input) {
      words = ByteBuffer.wrap(input);
    }

    private void read(ChunkNeed need, ByteBuffer into) throws LazyFailed {
      touched.add(key(need.chunk()));
      into.put(chunk(need.chunk()), need.from(), need.length());
    }

    void run() {
      for (int i = 0; i < MOST_QUESTIONS && words.hasRemaining(); i++) {
        switch (Math.floorMod(words.get(), KINDS)) {
          case 0 -> find(path());
          case 1 -> list(path());
          case 2 -> target(path());
          case 3 -> open(path());
          case 4 -> read();
          default -> {
            long handle = handle();
            files.release(handle);
            open.remove(handle);
          }
        }
        require(failures.isEmpty(), "a good image has no broken reads");
        require(files.opened() == open.size(), "another number of open files");
      }
    }

    private String path() {
      int length = words.hasRemaining() ? words.get() & 0xff : 0;
      int times = length == 255 ? 40 : 1;
      byte[] bytes = new byte[Math.min(length, words.remaining())];
      words.get(bytes);
      return new String(bytes, StandardCharsets.UTF_8).repeat(times);
    }

    private long handle() {
      int pick = words.hasRemaining() ? words.get() & 0xff : 0;
      var handles = new ArrayList<>(open.keySet());
      return pick < handles.size() ? handles.get(pick) : pick - 128L;
    }

    private long number() {
      return words.remaining() >= 8 ? words.getLong() : words.remaining() * 1000L;
    }

    private void find(String path) {
      var expected = expected(path);
      try {
        Node node = files.find(path);
        Thing thing = there(expected.thing);
        require(node.mode() == thing.mode, "something else at this path");
        require(!thing.is(0100000) || node.size() == thing.content.length, "another size");
      } catch (FileRefused e) {
        require(e.why() == expected.why, "refused for another reason");
      }
    }

    private void list(String path) {
      var expected = expected(path);
      var names = new TreeSet<String>();
      try {
        files.list(path, entry -> names.add(new String(entry.name().bytes(), StandardCharsets.UTF_8)));
        require(expected.thing != null && expected.thing.is(0040000), "a list of what is no directory");
        String prefix = expected.path.equals("/") ? "/" : expected.path + "/";
        things.keySet().stream()
            .filter(one -> one.startsWith(prefix) && one.length() > prefix.length() && one.indexOf('/', prefix.length()) < 0)
            .forEach(one -> require(names.remove(one.substring(prefix.length())), "an entry is missing"));
        require(names.stream().allMatch(name -> name.indexOf('\ufffd') >= 0), "an entry too many");
      } catch (FileRefused e) {
        require(e.why() == (expected.thing == null ? expected.why : Why.NOT_A_DIRECTORY), "refused for another reason");
      }
    }

    private void target(String path) {
      var expected = expected(path);
      try {
        require(Arrays.equals(files.target(path), expected.thing == null ? new byte[0] : expected.thing.target), "another target");
      } catch (FileRefused e) {
        require(e.why() == (expected.thing == null ? expected.why : Why.NOT_A_LINK), "refused for another reason");
        require(expected.thing == null || !expected.thing.is(0120000), "a link was refused");
      }
    }

    private void open(String path) {
      var expected = expected(path);
      try {
        long handle = files.open(path);
        require(expected.thing != null && expected.thing.is(0100000), "what is no file was opened");
        require(open.put(handle, expected.path) == null, "a handle was given twice");
      } catch (FileRefused e) {
        require(e.why() == (expected.thing == null ? expected.why : Why.NOT_A_FILE), "refused for another reason");
      }
    }

    private void read() {
      long handle = handle();
      long offset = number();
      long size = number();
      var into = ByteBuffer.allocate(words.remaining() >= 2 ? 8 * (words.getShort() & 0xffff) : 4096);
      touched.clear();
      ahead.clear();
      Thing file = open.containsKey(handle) ? things.get(open.get(handle)) : null;
      try {
        int got = files.read(handle, offset, size, into);
        Thing read = there(file);
        require(offset >= 0 && size >= 0, "a read that makes no sense was answered");
        long wanted = Math.min(Math.min(size, MAX_READ), Math.min(into.capacity(), Math.max(0, read.content.length - offset)));
        require(got == wanted && into.position() == got, "another number of bytes");
        int from = (int) Math.min(offset, read.content.length);
        require(Arrays.equals(into.array(), 0, got, read.content, from, from + got), "other bytes");
        require(read.chunks.containsAll(touched), "a chunk of another file was fetched");
        require(ahead.stream().allMatch(chunk -> read.chunks.contains(key(chunk))), "a chunk of another file was fetched ahead");
        require(touched.size() <= 2 + got / image.chunkSize(), "more was fetched than is read");
        served |= got > 0;
      } catch (FileRefused e) {
        require(e.why() == (file == null ? Why.NOT_OPEN : Why.MALFORMED), "refused for another reason");
        require(file == null || offset < 0 || size < 0, "a good read was refused");
        require(into.position() == 0 && touched.isEmpty(), "something was read for a refusal");
      }
    }
  }

  /// What a path stands for, by a rule of our own.
  ///
  /// @param path without doubled slashes
  private record Answer(String path, @Nullable Thing thing, Why why) {}

  private Answer expected(String path) {
    if (path.isEmpty() || path.charAt(0) != '/' || path.length() > MAX_PATH) {
      return new Answer(path, null, Why.MALFORMED);
    }
    String plain = path.replaceAll("/+", "/");
    plain = plain.length() > 1 && plain.endsWith("/") ? plain.substring(0, plain.length() - 1) : plain;
    return new Answer(plain, things.get(plain), Why.ABSENT);
  }

  @Override
  public void run(byte[] input) {
    var session = new Session(input);
    session.run();
    Accepted.note(session.served);
  }

  private static Thing there(@Nullable Thing thing) {
    if (thing == null) {
      throw new AssertionError("an answer where nothing is");
    }
    return thing;
  }

  private static void require(boolean holds, String rule) {
    if (!holds) {
      throw new AssertionError(rule);
    }
  }

  @Override
  public String name() {
    return "mounted-tree";
  }

  @Override
  public String oracle() {
    return "paths, targets and bytes as another program read them; only chunks of the file are fetched";
  }

  @Override
  public List<Class<?>> covers() {
    return List.of(LazyFiles.class, MountPath.class);
  }

  @Override
  public List<byte[]> seeds() {
    var seeds = new ArrayList<byte[]>();
    for (String path : List.of(
        "/", "/data", "/data/aba", "//data///aba/", "/data/aba/x", "/data/../data/aba", "/./data", "data/aba", "", "/data/none", "/special/sym-rel",
        "/special/sym-rel/x", "/data/\0", "/\ud83d\ude00", "/" + "a".repeat(254), "/dirs/deep/0/1/2")) {
      for (int kind = 0; kind < 4; kind += path.length() < 10 ? 1 : 3) {
        seeds.add(question(kind, path));
      }
    }
    for (long[] read : new long[][] {
      {0, 4096}, {0, Long.MAX_VALUE}, {49_151, 2}, {49_152, 1}, {-1, 1}, {0, -1}, {Long.MAX_VALUE, 1}, {Long.MIN_VALUE, Long.MIN_VALUE}, {16_383, 2},
      {1L << 32, 1L << 32}, {0, 0}
    }) {
      seeds.add(reads("/data/aba", read, read));
    }
    seeds.add(reads("/data/all-hole", new long[] {0, 49_157}));
    seeds.add(reads("/data/size-0000000", new long[] {0, 1}));
    seeds.add(reads("/data/multi", new long[] {0, 4096}, new long[] {4096, 16_384}, new long[] {20_480, 16_384}, new long[] {36_864, 16_384}));
    seeds.add(new byte[] {4, 0, 4, 127, 5, 0, 4, (byte) 129});
    return seeds;
  }

  private static byte[] question(int kind, String path) {
    byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
    var seed = new ByteArrayOutputStream();
    seed.write(kind);
    seed.write(Math.min(bytes.length, 255));
    seed.writeBytes(bytes);
    return seed.toByteArray();
  }

  /// Opens a file, reads it, closes it, reads again.
  private static byte[] reads(String path, long[]... parts) {
    var seed = new ByteArrayOutputStream();
    seed.writeBytes(question(3, path));
    for (long[] part : parts) {
      seed.writeBytes(ByteBuffer.allocate(20).put((byte) 4).put((byte) 0).putLong(part[0]).putLong(part[1]).putShort((short) 9000).array());
    }
    seed.writeBytes(new byte[] {5, 0});
    seed.writeBytes(ByteBuffer.allocate(20).put((byte) 4).put((byte) 0).putLong(0).putLong(1).putShort((short) 1).array());
    return seed.toByteArray();
  }
}
