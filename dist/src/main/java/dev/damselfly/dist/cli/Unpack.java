package dev.damselfly.dist.cli;

import dev.damselfly.dist.lazy.ChunkSource;
import dev.damselfly.dist.lazy.LazyFailed;
import dev.damselfly.nydus.Entry;
import dev.damselfly.nydus.Image;
import dev.damselfly.nydus.Node;
import dev.damselfly.nydus.NodeType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Writes the tree of an image below a directory that it makes (F-18).
///
/// Everything is built in a private directory (0700) beside the output, which takes the final name only when all of
/// it is there. Each name is made new and never opened again by what an image says: directories and files first,
/// then hard links, and symbolic links last, so no path that is written leads through a link. Devices, pipes and
/// sockets are left out; owners, setuid, setgid and sticky bits only for root and only when asked.
final class Unpack {
  private static final long STANDARD_MAX_SIZE = 64L << 30;

  /// @param maxSize most bytes of all files together
  record Options(long maxSize, boolean owners, boolean setuid) {
    static Options of(Flags flags) throws CommandFailed {
      boolean root = "root".equals(System.getProperty("user.name"));
      if ((flags.on("owners") || flags.on("setuid")) && !root) {
        throw new CommandFailed(ExitCode.REFUSED, "only root gives files away or keeps setuid bits");
      }
      if (flags.on("setuid") && !flags.on("owners")) {
        throw new CommandFailed(
            ExitCode.USAGE, "--setuid needs --owners: else the bits would be those of root's files");
      }
      String text = flags.text("max-size").orElse(Long.toString(STANDARD_MAX_SIZE));
      if (!text.matches("[0-9]{1,18}")) {
        throw new CommandFailed(ExitCode.USAGE, "--max-size is a number of bytes");
      }
      return new Options(Long.parseLong(text), flags.on("owners"), flags.on("setuid"));
    }
  }

  /// @param skipped what was left out, and how often
  record Result(long files, long directories, long links, long bytes, Map<String, Long> skipped) {}

  private record Made(Path path, Node node) {}

  private final Image image;
  private final ChunkSource blobs;
  private final Options options;
  private final List<Made> directories = new ArrayList<>();
  private final List<Made> files = new ArrayList<>();
  private final List<Made> symlinks = new ArrayList<>();
  private final List<Made> hardlinks = new ArrayList<>();
  private final Map<Long, Path> firstNames = new HashMap<>();
  private final Map<String, Long> skipped = new TreeMap<>();
  private long bytes;

  Unpack(Image image, ChunkSource blobs, Options options) {
    this.image = image;
    this.blobs = blobs;
    this.options = options;
  }

  Result into(Path output) throws CommandFailed, LazyFailed {
    Path target = output.toAbsolutePath().normalize();
    Path name = target.getFileName();
    Path parent = target.getParent();
    if (name == null || parent == null || Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new CommandFailed(ExitCode.USAGE, "the output directory exists already: " + target);
    }
    var random = new byte[6];
    new SecureRandom().nextBytes(random);
    Path part = TrustedParent.require(parent).resolve("." + name + ".part-" + HexFormat.of().formatHex(random));
    try {
      Files.createDirectory(part, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    } catch (IOException e) {
      throw new CommandFailed(ExitCode.LOCAL_IO, "you may not write in the directory: " + parent);
    }
    boolean done = false;
    try {
      plan(part);
      write();
      Files.move(part, part.resolveSibling(name), StandardCopyOption.ATOMIC_MOVE);
      done = true;
    } catch (IOException e) {
      throw new CommandFailed(ExitCode.LOCAL_IO, "the output could not be written: " + e.getClass().getSimpleName());
    } finally {
      if (!done) {
        Discard.tree(part);
      }
    }
    return new Result(files.size(), directories.size(), symlinks.size() + hardlinks.size(), bytes, skipped);
  }

  /// Goes through the whole tree and refuses what is too large before the first file is written.
  private void plan(Path root) throws CommandFailed {
    var open = new ArrayDeque<Made>();
    open.add(new Made(root, image.root()));
    while (!open.isEmpty()) {
      Made directory = open.remove();
      directories.add(directory);
      image.list(directory.node, (Entry entry) -> {
        Path path = path(directory.path, entry);
        if (path != null) {
          add(new Made(path, entry.node()), open);
        }
      });
      if (bytes > options.maxSize || bytes < 0) {
        throw new CommandFailed(
            ExitCode.REFUSED, "the files have more than " + options.maxSize + " bytes; see --max-size");
      }
    }
  }

  private void add(Made made, ArrayDeque<Made> open) {
    Node node = made.node;
    switch (node.type()) {
      case DIRECTORY -> open.add(made);
      case SYMLINK -> symlinks.add(made);
      case FILE -> {
        if (firstNames.putIfAbsent(node.id(), made.path) == null) {
          files.add(made);
          bytes = bytes < 0 || node.size() > Long.MAX_VALUE - bytes ? -1 : bytes + node.size();
        } else {
          hardlinks.add(made);
        }
      }
      case CHARACTER_DEVICE, BLOCK_DEVICE, FIFO, SOCKET -> skip("devices, pipes and sockets");
    }
  }

  private void skip(String what) {
    skipped.merge(what, 1L, Long::sum);
  }

  private @Nullable Path path(Path directory, Entry entry) {
    try {
      String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(entry.name().bytes())).toString();
      return directory.resolve(text);
    } catch (CharacterCodingException | InvalidPathException e) {
      skip("names that this system cannot write");
      return null;
    }
  }

  private void write() throws IOException, LazyFailed {
    for (Made directory : directories.subList(1, directories.size())) {
      Files.createDirectory(
          directory.path, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    var secret = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));
    var create = Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
    blobs.willRead(NydusSource.chunks(image, files.stream().map(Made::node).iterator()));
    for (Made file : files) {
      try (var channel = FileChannel.open(file.path, create, secret)) {
        NydusCommand.copy(image, blobs, file.node, channel);
      }
      attributes(file);
    }
    for (Made link : hardlinks) {
      Files.createLink(link.path, Objects.requireNonNull(firstNames.get(link.node.id())));
    }
    for (Made link : symlinks) {
      symlink(link);
    }
    for (Made directory : directories.reversed()) {
      attributes(directory);
    }
  }

  private void symlink(Made link) throws IOException {
    try {
      String target = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(image.target(link.node))).toString();
      Files.createSymbolicLink(link.path, Path.of(target));
    } catch (CharacterCodingException | InvalidPathException e) {
      skip("names that this system cannot write");
      return;
    }
    owner(link);
  }

  private void attributes(Made made) throws IOException {
    owner(made);
    int mode = made.node.permissions() & (options.setuid ? 07777 : 0777);
    if (made.node.type() == NodeType.DIRECTORY && !options.owners) {
      mode |= 0700; // ours: we must be able to remove it
    }
    Files.setLastModifiedTime(made.path, time(made.node)); // before the mode, which may close the file to us
    Files.setAttribute(made.path, "unix:mode", mode, LinkOption.NOFOLLOW_LINKS);
  }

  private void owner(Made made) throws IOException {
    if (options.owners) {
      Files.setAttribute(made.path, "unix:uid", (int) made.node.uid(), LinkOption.NOFOLLOW_LINKS);
      Files.setAttribute(made.path, "unix:gid", (int) made.node.gid(), LinkOption.NOFOLLOW_LINKS);
    }
  }

  private static FileTime time(Node node) {
    long seconds = Math.clamp(node.mtimeSeconds(), Integer.MIN_VALUE, 0x3_ffff_ffffL); // what file systems can store
    return FileTime.from(Instant.ofEpochSecond(seconds, node.mtimeNanos()));
  }
}
