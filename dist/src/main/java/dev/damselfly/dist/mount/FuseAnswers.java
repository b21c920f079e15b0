package dev.damselfly.dist.mount;

import dev.damselfly.dist.lazy.FileRefused;
import dev.damselfly.dist.lazy.LazyFiles;
import dev.damselfly.nydus.Entry;
import dev.damselfly.nydus.Name;
import dev.damselfly.nydus.Node;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import org.cryptomator.jfuse.api.DirFiller;
import org.cryptomator.jfuse.api.Errno;
import org.cryptomator.jfuse.api.FileInfo;
import org.cryptomator.jfuse.api.FuseOperations;
import org.cryptomator.jfuse.api.Stat;
import org.cryptomator.jfuse.api.Statvfs;
import org.jspecify.annotations.Nullable;

/// Answers the kernel's questions about an image. Called by several threads. Nothing is thrown across the border: what is
/// not foreseen is an input/output error, and said.
final class FuseAnswers implements FuseOperations {
  private static final int BLOCK = 4096;
  private static final int MAX_NAME = 255;

  private final LazyFiles files;
  private final Errno errno;
  private final Runnable gone;

  /// @param gone the kernel has no mount any more
  FuseAnswers(LazyFiles files, Errno errno, Runnable gone) {
    this.files = files;
    this.errno = errno;
    this.gone = gone;
  }

  /// One question.
  private interface Question {
    int answer() throws FileRefused, IOException;
  }

  private int ask(Question question) {
    try {
      return question.answer();
    } catch (FileRefused e) {
      return -switch (e.why()) {
        case ABSENT -> errno.enoent();
        case NOT_A_DIRECTORY -> errno.enotdir();
        case NOT_A_FILE, NOT_A_LINK, MALFORMED -> errno.einval();
        case NOT_OPEN -> errno.ebadf();
        case TOO_MANY_OPEN -> errno.enomem();
        case BROKEN -> errno.eio();
      };
    } catch (IOException e) {
      return -errno.enomem(); // the answer has no more room
    } catch (RuntimeException e) { // top of a thread
      System.getLogger("damselfly").log(System.Logger.Level.ERROR, "a request of the kernel ended by a bug", e);
      return -errno.eio();
    }
  }

  @Override
  public Errno errno() {
    return errno;
  }

  @Override
  public Set<Operation> supportedOperations() {
    return EnumSet.of(
        Operation.GET_ATTR, Operation.READLINK, Operation.OPEN, Operation.READ, Operation.RELEASE, Operation.OPEN_DIR,
        Operation.READ_DIR, Operation.RELEASE_DIR, Operation.STATFS, Operation.INIT, Operation.DESTROY);
  }

  @Override
  public int getattr(String path, Stat stat, @Nullable FileInfo info) {
    return ask(() -> {
      fill(stat, files.find(path));
      return 0;
    });
  }

  private static void fill(Stat stat, Node node) {
    stat.setMode(node.mode());
    stat.setUid((int) node.uid());
    stat.setGid((int) node.gid());
    stat.setSize(node.size());
    stat.setNLink((short) Math.min(node.nlink(), Short.MAX_VALUE));
    long seconds = Math.clamp(node.mtimeSeconds(), Integer.MIN_VALUE, 0x3_ffff_ffffL);
    Instant time = Instant.ofEpochSecond(seconds, node.mtimeNanos());
    stat.mTime().set(time);
    stat.cTime().set(time);
    stat.aTime().set(time);
  }

  @Override
  public int readlink(String path, ByteBuffer into, long size) {
    return ask(() -> {
      byte[] target = files.target(path);
      int room = (int) Math.min(Math.min(size, into.remaining()), Integer.MAX_VALUE) - 1;
      if (room < 0) {
        return -errno.einval();
      }
      into.put(target, 0, Math.min(target.length, room)).put((byte) 0);
      return 0;
    });
  }

  @Override
  public int open(String path, FileInfo info) {
    return ask(() -> {
      if (info.getOpenFlags().contains(java.nio.file.StandardOpenOption.WRITE)) {
        return -errno.erofs();
      }
      info.setFh(files.open(path));
      return 0;
    });
  }

  @Override
  public int read(String path, ByteBuffer into, long size, long offset, FileInfo info) {
    return ask(() -> files.read(info.getFh(), offset, size, into));
  }

  @Override
  public int release(String path, FileInfo info) {
    files.release(info.getFh());
    return 0;
  }

  @Override
  public int opendir(String path, FileInfo info) {
    return 0;
  }

  @Override
  public int releasedir(@Nullable String path, FileInfo info) {
    return 0;
  }

  @Override
  public int readdir(String path, DirFiller filler, long offset, FileInfo info, int flags) {
    return ask(() -> {
      filler.fill(".");
      filler.fill("..");
      var full = new IOException[1];
      files.list(path, (Entry entry) -> text(entry.name()).ifPresent(name -> {
        try {
          if (full[0] == null) {
            filler.fill(name, stat -> fill(stat, entry.node()));
          }
        } catch (IOException e) {
          full[0] = e;
        }
      }));
      if (full[0] != null) {
        throw full[0];
      }
      return 0;
    });
  }

  /// Names that are not UTF-8 cannot be asked for, so they are not shown.
  private static Optional<String> text(Name name) {
    try {
      return Optional.of(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(name.bytes())).toString());
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
  }

  @Override
  public int statfs(String path, Statvfs statvfs) {
    statvfs.setBsize(BLOCK);
    statvfs.setFrsize(BLOCK);
    statvfs.setNameMax(MAX_NAME);
    return 0;
  }

  @Override
  public void destroy() {
    gone.run();
  }
}
