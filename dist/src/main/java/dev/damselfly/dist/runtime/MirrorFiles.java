package dev.damselfly.dist.runtime;

import com.google.errorprone.annotations.MustBeClosed;
import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.files.FileName;
import dev.damselfly.authz.files.SafeDir;
import dev.damselfly.authz.files.UnsafeFile;
import dev.damselfly.dist.runtime.Step.Act;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The configuration directory of one runtime. Decides about all files first, then changes them one by one, each by a
/// rename: what is at a final name is complete, at any time.
///
/// Nothing is written through a link, and nothing that somebody else wrote or edited is lost (S-RTC-2, S-RTC-3).
public final class MirrorFiles {
  static final FileName LOCK = new FileName("damselfly-runtime.lock");
  private static final FileName NEW = new FileName("damselfly-runtime.new");
  private static final int MAX_ENTRIES = 4096;
  private static final int MAX_OWN_BYTES = 64 << 10;

  private final ContainerRuntime runtime;
  private final Path directory;

  /// @param directory absolute and normal
  public MirrorFiles(ContainerRuntime runtime, Path directory) {
    this.runtime = runtime;
    this.directory = directory;
  }

  /// What [#write] would do. Changes nothing.
  public List<Step> preview(Origin mirror, List<MirroredRegistry> registries) throws IOException, Conflict {
    var documents = runtime.documents(mirror, registries);
    if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      return documents.stream().map(document -> step(Act.WRITE, document, document.folder().isPresent())).toList();
    }
    try (SafeDir top = SafeDir.openReadable(directory)) {
      return toWrite(top, documents);
    }
  }

  /// Makes the files so, and the directory when its parent is there.
  ///
  /// @return what was done
  public List<Step> write(Origin mirror, List<MirroredRegistry> registries) throws IOException, Conflict {
    var documents = runtime.documents(mirror, registries);
    if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      SafeDir.createReadable(directory);
    }
    try (SafeDir top = SafeDir.openReadable(directory)) {
      lock(top);
      try {
        List<Step> steps = toWrite(top, documents);
        for (Step step : steps) {
          write(top, step);
        }
        return steps;
      } finally {
        top.delete(LOCK);
      }
    }
  }

  /// Takes back everything that was written into the directory.
  ///
  /// @return what was done
  public List<Step> undo() throws IOException, Conflict {
    if (!Files.exists(directory, LinkOption.NOFOLLOW_LINKS)) {
      return List.of();
    }
    try (SafeDir top = SafeDir.openReadable(directory)) {
      lock(top);
      try {
        List<Step> steps = toUndo(top);
        for (Step step : steps) {
          undo(top, step);
        }
        return steps;
      } finally {
        top.delete(LOCK);
      }
    }
  }

  /// Directories that somebody else made for the same registries under their other spelling. Of two, containerd reads the
  /// one that is written here.
  public List<Path> shadowed(List<MirroredRegistry> registries) {
    if (!runtime.tellsRegistriesApart()) {
      return List.of();
    }
    return registries.stream()
        .map(MirroredRegistry::name)
        .filter(name -> !name.folder().text().equals(name.text()))
        .map(name -> directory.resolve(name.text()))
        .filter(other -> Files.exists(other, LinkOption.NOFOLLOW_LINKS))
        .toList();
  }

  private void lock(SafeDir top) throws IOException, Conflict {
    try (FileChannel _ = top.create(LOCK)) {
      top.sync();
    } catch (FileAlreadyExistsException e) {
      String text = "another one is at work; when none is, one was killed: remove this file";
      throw new Conflict(List.of(directory.resolve(LOCK.text()) + ": " + text));
    }
  }

  private List<Step> toWrite(SafeDir top, List<Document> documents) throws IOException, Conflict {
    var steps = new ArrayList<Step>();
    var problems = new ArrayList<String>();
    for (Document document : documents) {
      try {
        steps.add(toWrite(top, document, problems));
      } catch (UnsafeFile e) {
        problems.add(path(document.folder(), document.name()) + ": " + e.getMessage());
      }
    }
    if (!problems.isEmpty()) {
      throw new Conflict(problems);
    }
    return steps;
  }

  private Step toWrite(SafeDir top, Document document, List<String> problems) throws IOException {
    if (document.folder().isPresent() && !top.exists(document.folder().get())) {
      return step(Act.WRITE, document, true);
    }
    try (SafeDir at = folder(top, document.folder())) {
      var found = found(at, document.name());
      boolean kept = isKept(at, document.name());
      if (found.isEmpty()) {
        return step(Act.WRITE, document, false);
      }
      boolean madeFolder = Marked.owner(found.get()) == Marked.Owner.OURS_WITH_FOLDER;
      Step replace = step(Act.REPLACE, document, madeFolder);
      Act act =
          switch (Marked.owner(found.get())) {
            case OURS, OURS_WITH_FOLDER ->
                replace.text().equals(new String(found.get(), StandardCharsets.ISO_8859_1)) ? Act.NOTHING : Act.REPLACE;
            case EDITED -> {
              problems.add(replace.path() + ": was edited since it was written; move it away, then write again");
              yield Act.NOTHING;
            }
            case OTHERS -> {
              if (kept) {
                problems.add(replace.path() + ": must be ours while another file is kept as " + Step.backup(document.name()));
              }
              yield Act.KEEP_AND_WRITE;
            }
          };
      return step(act, document, madeFolder);
    }
  }

  private Step step(Act act, Document document, boolean madeFolder) {
    Path path = path(document.folder(), document.name());
    return new Step(act, document.folder(), document.name(), path, Marked.text(madeFolder, document.text()));
  }

  private List<Step> toUndo(SafeDir top) throws IOException, Conflict {
    var places = new ArrayList<Optional<FileName>>();
    if (runtime.tellsRegistriesApart()) {
      for (String name : top.names(MAX_ENTRIES)) {
        folderName(name).ifPresent(folder -> places.add(Optional.of(folder)));
      }
    } else {
      places.add(Optional.empty());
    }
    var steps = new ArrayList<Step>();
    var problems = new ArrayList<String>();
    for (Optional<FileName> place : places) {
      toUndo(top, place, problems).ifPresent(steps::add);
    }
    if (!problems.isEmpty()) {
      throw new Conflict(problems);
    }
    return steps;
  }

  /// Directories that can be ours: others, and links, are none of our business.
  private Optional<FileName> folderName(String name) {
    try {
      var folder = new FileName(name);
      boolean own = Files.isDirectory(directory.resolve(name), LinkOption.NOFOLLOW_LINKS);
      return own ? Optional.of(folder) : Optional.empty();
    } catch (InvalidValue another) {
      return Optional.empty();
    }
  }

  private Optional<Step> toUndo(SafeDir top, Optional<FileName> folder, List<String> problems) throws IOException {
    Path path = path(folder, runtime.file());
    try (SafeDir at = folder(top, folder)) {
      boolean kept = isKept(at, runtime.file());
      var owner = owner(at, kept);
      if (owner == Marked.Owner.EDITED || owner == Marked.Owner.OTHERS && kept) {
        problems.add(path + ": was edited since it was written; move it away, then undo again");
      }
      if (owner == Marked.Owner.EDITED || owner == Marked.Owner.OTHERS) {
        return Optional.empty();
      }
      Act act = kept ? Act.RESTORE : owner == Marked.Owner.OURS_WITH_FOLDER ? Act.DELETE_WITH_FOLDER : Act.DELETE;
      return Optional.of(new Step(act, folder, runtime.file(), path, ""));
    } catch (UnsafeFile e) {
      return Optional.empty(); // nothing was ever written there
    }
  }

  private Marked.Owner owner(SafeDir at, boolean kept) throws IOException {
    try {
      return found(at, runtime.file()).map(Marked::owner).orElse(kept ? Marked.Owner.OURS : Marked.Owner.OTHERS);
    } catch (UnsafeFile aLink) {
      return Marked.Owner.OTHERS;
    }
  }

  private void write(SafeDir top, Step step) throws IOException {
    if (step.act() == Act.NOTHING) {
      return;
    }
    if (step.folder().isPresent() && !top.exists(step.folder().get())) {
      SafeDir.createReadable(directory.resolve(step.folder().get().text()));
      top.sync();
    }
    try (SafeDir at = folder(top, step.folder())) {
      complete(at, step.text());
      boolean keep = step.act() == Act.KEEP_AND_WRITE;
      if (keep) {
        at.rename(step.name(), Step.backup(step.name()));
      }
      try {
        at.rename(NEW, step.name());
      } catch (IOException e) {
        if (keep) {
          at.rename(Step.backup(step.name()), step.name());
        }
        throw e;
      }
      at.sync();
    }
  }

  /// The whole content, durable, under a name that nobody reads.
  private static void complete(SafeDir at, String text) throws IOException {
    if (at.exists(NEW)) {
      at.delete(NEW); // of a run that was killed: the lock keeps others away
    }
    try (FileChannel channel = at.create(NEW)) {
      var bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      channel.force(true);
    }
  }

  private void undo(SafeDir top, Step step) throws IOException {
    try (SafeDir at = folder(top, step.folder())) {
      if (step.act() == Act.RESTORE) {
        at.rename(Step.backup(step.name()), step.name());
      } else {
        at.delete(step.name());
      }
      at.sync();
    }
    if (step.act() == Act.DELETE_WITH_FOLDER && step.folder().isPresent()) {
      try {
        top.deleteChild(step.folder().get());
        top.sync();
      } catch (DirectoryNotEmptyException somebodyElseUsesIt) {
        // the file is gone, which is what counts
      }
    }
  }

  @MustBeClosed
  private SafeDir folder(SafeDir top, Optional<FileName> folder) throws IOException {
    return folder.isPresent() ? top.child(folder.get()) : SafeDir.openReadable(directory);
  }

  /// A kept file must be one that can be put back.
  private static boolean isKept(SafeDir at, FileName name) throws IOException {
    return found(at, Step.backup(name)).isPresent();
  }

  private static Optional<byte[]> found(SafeDir at, FileName name) throws IOException {
    if (!at.exists(name)) {
      return Optional.empty();
    }
    try (FileChannel channel = at.read(name)) {
      var bytes = ByteBuffer.allocate((int) Math.min(channel.size(), MAX_OWN_BYTES + 1));
      while (bytes.hasRemaining() && channel.read(bytes) >= 0) {
        // until it is full or the file ends
      }
      byte[] content = new byte[bytes.position()];
      bytes.flip().get(content);
      return Optional.of(content);
    }
  }

  private Path path(Optional<FileName> folder, FileName name) {
    return folder.map(one -> directory.resolve(one.text())).orElse(directory).resolve(name.text());
  }
}
