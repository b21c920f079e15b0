package dev.damselfly.dist.cli;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.Set;

/// The output while it is written, with the caller's own rights: a private part file beside the final name, which
/// appears there only when everything was verified (S-DLG-5). [#close] before [#publish] leaves nothing behind.
final class OutputFile implements AutoCloseable {
  private final Path target;
  private final Path part;
  private final FileChannel channel;
  private final boolean overwrite;
  private boolean published;

  private OutputFile(Path target, Path part, FileChannel channel, boolean overwrite) {
    this.target = target;
    this.part = part;
    this.channel = channel;
    this.overwrite = overwrite;
  }

  /// Creates the part file, after all that can be refused before the download was checked.
  static OutputFile create(Path output, boolean overwrite) throws CommandFailed {
    Path target = output.toAbsolutePath().normalize();
    Path directory = target.getParent();
    Path name = target.getFileName();
    if (directory == null || name == null) {
      throw new CommandFailed(ExitCode.USAGE, "the output must name a file");
    }
    if (!Files.isDirectory(directory)) {
      throw new CommandFailed(ExitCode.LOCAL_IO, "the output directory does not exist: " + directory);
    }
    if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new CommandFailed(ExitCode.USAGE, "the output is a directory: " + target);
    }
    if (!overwrite && Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new CommandFailed(ExitCode.USAGE, "the output exists already; use --overwrite to replace it: " + target);
    }
    byte[] random = new byte[6];
    new SecureRandom().nextBytes(random);
    Path part = directory.resolve("." + name + ".part-" + HexFormat.of().formatHex(random));
    try {
      var channel =
          FileChannel.open(
              part,
              Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE, StandardOpenOption.READ),
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      return new OutputFile(target, part, channel, overwrite);
    } catch (IOException e) {
      throw new CommandFailed(ExitCode.LOCAL_IO, "you may not write in the output directory: " + directory);
    }
  }

  FileChannel channel() {
    return channel;
  }

  Path target() {
    return target;
  }

  /// Makes the content durable, gives it ordinary permissions, and puts it at the final name in one step.
  void publish() throws CommandFailed {
    try {
      Files.setPosixFilePermissions(part, ordinaryPermissions());
      channel.force(true);
      channel.close();
      if (overwrite) {
        Files.move(part, target, StandardCopyOption.ATOMIC_MOVE);
      } else {
        publishNew();
      }
      published = true;
      syncDirectory();
    } catch (FileAlreadyExistsException e) {
      throw new CommandFailed(ExitCode.USAGE, "the output appeared meanwhile; use --overwrite to replace it: " + target);
    } catch (IOException e) {
      throw new CommandFailed(ExitCode.LOCAL_IO, "the output could not be completed: " + target);
    }
  }

  /// A link fails when the name was taken meanwhile, where a rename would replace it. Without links, the rename that refuses.
  private void publishNew() throws IOException {
    try {
      Files.createLink(target, part);
    } catch (UnsupportedOperationException e) {
      Files.move(part, target);
      return;
    } catch (FileSystemException e) {
      if (e instanceof FileAlreadyExistsException) {
        throw e;
      }
      Files.move(part, target);
      return;
    }
    Files.delete(part);
  }

  private void syncDirectory() throws IOException {
    Path directory = target.getParent();
    if (directory != null) {
      try (var handle = FileChannel.open(directory, StandardOpenOption.READ)) {
        handle.force(true);
      }
    }
  }

  /// What the umask of this process leaves of rw-rw-rw-: read off a file made with it.
  private Set<PosixFilePermission> ordinaryPermissions() throws IOException {
    Path probe = part.resolveSibling(part.getFileName() + ".mode");
    try {
      Files.createFile(probe);
      var mode = EnumSet.noneOf(PosixFilePermission.class);
      mode.addAll(Files.getPosixFilePermissions(probe));
      return mode;
    } finally {
      Files.deleteIfExists(probe);
    }
  }

  @Override
  public void close() {
    if (published) {
      return;
    }
    try {
      channel.close();
    } catch (IOException e) {
      // the part file goes away next; nothing depends on its last bytes
    }
    try {
      Files.deleteIfExists(part);
    } catch (IOException e) {
      System.err.println("damselfly: could not remove " + part);
    }
  }
}
