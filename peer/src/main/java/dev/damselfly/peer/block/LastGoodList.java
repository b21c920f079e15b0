package dev.damselfly.peer.block;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.block.BlockList;
import dev.damselfly.authz.block.BlockListDocument;
import dev.damselfly.authz.files.FileName;
import dev.damselfly.authz.files.SafeDir;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The list that was accepted last, on disk, so that it outlives this process: a document of the same form as the manager's.
/// In a directory of its own with mode 0700. One process uses it; one thread writes.
///
/// @param directory absolute; its parent exists
/// @param name of the file: says for which cluster and which kind of peer the list is
record LastGoodList(Path directory, FileName name) {
  private static final Logger LOG = LoggerFactory.getLogger(LastGoodList.class);

  /// Absent when none was kept. One that cannot be read is none: nothing is guessed.
  Optional<BlockList> load() {
    try (SafeDir open = SafeDir.open(directory)) {
      return open.exists(name)
          ? Optional.of(BlockListDocument.parse(open.bytes(name, BlockListDocument.MAX_BYTES)))
          : Optional.empty();
    } catch (NoSuchFileException e) {
      return Optional.empty(); // the first start
    } catch (IOException e) {
      LOG.warn("the kept block list cannot be read", e);
      return Optional.empty();
    } catch (InvalidValue e) {
      LOG.warn("the kept block list is not usable: {}", e.rule());
      return Optional.empty();
    }
  }

  /// Replaces what was kept, in one step that survives a crash.
  void keep(BlockList list) throws IOException {
    String text = "{\"" + BlockListDocument.KEY + "\":" + BlockListDocument.write(list) + "}";
    var fresh = new FileName(name.text() + ".new");
    try (SafeDir open = SafeDir.openOrCreate(directory)) {
      if (open.exists(fresh)) {
        open.delete(fresh); // of a process that ended in the middle
      }
      try (FileChannel out = open.create(fresh)) {
        ByteBuffer bytes = StandardCharsets.UTF_8.encode(text);
        while (bytes.hasRemaining()) {
          out.write(bytes);
        }
        out.force(true);
      }
      open.rename(fresh, name);
      open.sync();
    }
  }
}
