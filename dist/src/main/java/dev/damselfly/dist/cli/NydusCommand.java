package dev.damselfly.dist.cli;

import dev.damselfly.dist.lazy.ChunkSource;
import dev.damselfly.dist.lazy.LazyFailed;
import dev.damselfly.dist.lazy.Prefetch;
import dev.damselfly.nydus.Blob;
import dev.damselfly.nydus.Chunk;
import dev.damselfly.nydus.ChunkNeed;
import dev.damselfly.nydus.Entry;
import dev.damselfly.nydus.Image;
import dev.damselfly.nydus.Name;
import dev.damselfly.nydus.Node;
import dev.damselfly.nydus.NodeType;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.Channels;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.IntStream;

/// `damselfly nydus check|ls|cat|unpack|mount`: RAFS images, local or of a registry. All metadata are checked before anything of
/// an image is shown, and no byte of a file is shown before its chunk was verified.
final class NydusCommand {
  private static final List<String> COMMANDS = List.of("check", "ls", "cat", "unpack", "mount");

  private final Flags flags;
  private final PrintStream out;

  NydusCommand(Flags flags, PrintStream out) {
    this.flags = flags;
    this.out = out;
  }

  ExitCode run() throws CommandFailed {
    try {
      return dispatch(flags.words());
    } catch (LazyFailed e) {
      throw new CommandFailed(ExitCode.of(e.kind()), e.text());
    }
  }

  private ExitCode dispatch(List<String> words) throws CommandFailed, LazyFailed {
    if (words.size() < 2) {
      throw new CommandFailed(ExitCode.USAGE, "nydus takes check, ls, cat, unpack or mount, and an IMAGE");
    }
    List<String> rest = words.subList(2, words.size());
    String command = words.getFirst();
    if (!COMMANDS.contains(command)) {
      throw new CommandFailed(ExitCode.USAGE, "there is no `nydus " + command + "`: " + String.join(", ", COMMANDS));
    }
    try (NydusSource source = NydusSource.open(words.get(1), flags)) {
      return switch (command) {
        case "check" -> check(source, none(rest));
        case "ls" -> ls(source, rest);
        case "cat" -> cat(source, rest);
        case "mount" -> mount(source, rest);
        default -> unpack(source, none(rest));
      };
    }
  }

  private static List<String> none(List<String> rest) throws CommandFailed {
    if (!rest.isEmpty()) {
      throw new CommandFailed(ExitCode.USAGE, "only one IMAGE is taken");
    }
    return rest;
  }

  private ExitCode check(NydusSource source, List<String> none) throws LazyFailed {
    Image image = source.image();
    out.printf("version %d, %d inodes, %d chunks of at most %s, digest %s%n", image.version(), image.inodes(),
        image.chunkCount(), Sizes.bytes(image.chunkSize()), lower(image.digest()));
    for (Blob blob : image.blobs()) {
      out.printf("blob %s  %s, %s%n", blob.id(), lower(blob.compression()), Sizes.bytes(blob.compressedSize()));
    }
    if (flags.on("metadata")) {
      out.println("metadata are right; no content was looked at");
      return ExitCode.OK;
    }
    try (var blobs = source.chunks()) {
      blobs.willRead(IntStream.range(0, image.chunkCount()).mapToObj(image::chunkAt).iterator());
      long bytes = 0;
      for (int i = 0; i < image.chunkCount(); i++) {
        Chunk chunk = image.chunkAt(i);
        bytes += blobs.bytes(new ChunkNeed(chunk, 0, chunk.uncompressedSize())).remaining();
      }
      out.println("all " + image.chunkCount() + " chunks verified, " + Sizes.bytes(bytes));
      return ExitCode.OK;
    }
  }

  private ExitCode ls(NydusSource source, List<String> rest) throws CommandFailed {
    if (rest.size() > 1) {
      throw new CommandFailed(ExitCode.USAGE, "nydus ls takes an IMAGE and at most one PATH");
    }
    String path = rest.isEmpty() ? "/" : rest.getFirst();
    Image image = source.image();
    Node node = find(image, path);
    String shown = names(path).stream().map(Name::toString).reduce("", (a, b) -> a + "/" + b);
    if (node.type() != NodeType.DIRECTORY) {
      line(image, shown, node);
      return ExitCode.OK;
    }
    record Open(String path, Node directory) {}
    var open = new ArrayDeque<Open>();
    open.add(new Open(shown, node));
    while (!open.isEmpty()) {
      Open next = open.removeFirst();
      var below = new ArrayList<Open>();
      image.list(next.directory, (Entry entry) -> {
        String child = next.path + "/" + entry.name();
        line(image, flags.on("recursive") ? child : entry.name().toString(), entry.node());
        if (flags.on("recursive") && entry.node().type() == NodeType.DIRECTORY) {
          below.add(new Open(child, entry.node()));
        }
      });
      below.reversed().forEach(open::addFirst);
    }
    return ExitCode.OK;
  }

  private void line(Image image, String name, Node node) {
    if (!flags.on("long")) {
      out.println(name);
      return;
    }
    String target = node.type() == NodeType.SYMLINK ? " -> " + Printable.text(image.target(node)) : "";
    out.printf(Locale.ROOT, "%s%04o %3d %6d %6d %12d %s %s%s%n", letter(node.type()), node.permissions(), node.nlink(),
        node.uid(), node.gid(), node.size(), time(node), name, target);
  }

  private static String time(Node node) {
    long seconds = node.mtimeSeconds();
    boolean shown = seconds >= Instant.MIN.getEpochSecond() && seconds <= Instant.MAX.getEpochSecond();
    return shown ? Instant.ofEpochSecond(seconds).toString() : "@" + seconds;
  }

  private static String letter(NodeType type) {
    return switch (type) {
      case FILE -> "-";
      case DIRECTORY -> "d";
      case SYMLINK -> "l";
      case CHARACTER_DEVICE -> "c";
      case BLOCK_DEVICE -> "b";
      case FIFO -> "p";
      case SOCKET -> "s";
    };
  }

  private ExitCode cat(NydusSource source, List<String> rest) throws CommandFailed, LazyFailed {
    if (rest.size() != 1) {
      throw new CommandFailed(ExitCode.USAGE, "nydus cat takes an IMAGE and one PATH");
    }
    Node file = find(source.image(), rest.getFirst());
    if (file.type() != NodeType.FILE) {
      throw new CommandFailed(ExitCode.USAGE, "only regular files have content; links are not followed");
    }
    try (var blobs = source.chunks()) {
      blobs.willRead(NydusSource.chunks(source.image(), List.of(file).iterator()));
      copy(source.image(), blobs, file, Channels.newChannel(out));
      out.flush();
      return ExitCode.OK;
    } catch (IOException e) {
      throw new CommandFailed(ExitCode.LOCAL_IO, "the output could not be written");
    }
  }

  /// Writes the content of a file, chunk after verified chunk.
  static void copy(Image image, ChunkSource blobs, Node file, WritableByteChannel to) throws IOException, LazyFailed {
    for (long at = 0; at < file.size(); at += image.chunkSize()) {
      for (ChunkNeed need : image.needs(file, at, image.chunkSize())) {
        var bytes = blobs.bytes(need);
        while (bytes.hasRemaining()) {
          to.write(bytes);
        }
      }
    }
  }

  private ExitCode unpack(NydusSource source, List<String> none) throws CommandFailed, LazyFailed {
    String output = flags.text("output").orElseThrow(
        () -> new CommandFailed(ExitCode.USAGE, "nydus unpack needs -O DIR"));
    Unpack.Options options = Unpack.Options.of(flags);
    try (var blobs = source.chunks()) {
      Unpack.Result result = new Unpack(source.image(), blobs, options).into(Path.of(output));
      out.println("unpacked " + result.files() + " files, " + result.directories() + " directories, " + result.links()
          + " links, " + Sizes.bytes(result.bytes()));
      result.skipped().forEach((why, count) -> out.println("left out: " + count + " " + why));
      return ExitCode.OK;
    }
  }

  private ExitCode mount(NydusSource source, List<String> rest) throws CommandFailed, LazyFailed {
    if (rest.size() != 1 || !(source instanceof RemoteImage remote)) {
      throw new CommandFailed(ExitCode.USAGE, "nydus mount takes an IMAGE of a registry and one DIR");
    }
    Prefetch.What what =
        switch (flags.text("prefetch").orElse("list")) {
          case "list" -> Prefetch.What.LIST;
          case "all" -> Prefetch.What.ALL;
          case "none" -> Prefetch.What.NONE;
          default -> throw new CommandFailed(ExitCode.USAGE, "--prefetch is list, all or none");
        };
    Optional<String> size = flags.text("prefetch-size");
    long budget = size.isPresent() ? Amounts.bytes("--prefetch-size", size.get()) : Prefetch.BUDGET;
    return new NydusMountCommand(out, what, budget).run(remote, Path.of(rest.getFirst()), flags.on("allow-other"));
  }

  private static Node find(Image image, String path) throws CommandFailed {
    return image.find(names(path))
        .orElseThrow(
            () -> new CommandFailed(ExitCode.USAGE, "there is no such path in the image; links are not followed"));
  }

  private static List<Name> names(String path) throws CommandFailed {
    var names = new ArrayList<Name>();
    for (String part : path.split("/")) {
      try {
        if (!part.isEmpty()) {
          names.add(Name.of(part));
        }
      } catch (IllegalArgumentException e) {
        throw new CommandFailed(ExitCode.USAGE, "a PATH has names of 1 to 255 bytes and no `.` or `..`");
      }
    }
    return names;
  }

  private static String lower(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
