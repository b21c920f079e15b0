package dev.damselfly.authz.audit;

import dev.damselfly.authz.audit.AuditReader.Item;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Where the log of an earlier run ended.
///
/// @param segment file to go on with; absent for a log without files
/// @param seq last record, 0 for none
/// @param head its hash
/// @param wholeBytes length of the records of that file
/// @param tornBytes bytes behind them: the write that a crash cut short; never acknowledged to anybody
record Recovery(Optional<String> segment, long seq, String head, long wholeBytes, long tornBytes) {
  /// Reads back from the newest file to the last record.
  ///
  /// @throws IOException for damage that no crash leaves: it must be looked at before anything is added
  static Recovery read(Disk disk) throws IOException {
    List<String> names = disk.names();
    Optional<String> newest = names.isEmpty() ? Optional.empty() : Optional.of(names.getLast());
    long torn = 0;
    for (String name : names.reversed()) {
      Recovery found = readSegment(disk, name);
      boolean isNewest = newest.filter(name::equals).isPresent();
      if (!isNewest && found.tornBytes > 0) {
        throw damaged(name);
      }
      torn = isNewest ? found.tornBytes : torn;
      if (found.seq > 0) {
        return isNewest ? found : new Recovery(newest, found.seq, found.head, 0, torn);
      }
    }
    return new Recovery(newest, 0, AuditRecord.GENESIS, 0, torn);
  }

  private static Recovery readSegment(Disk disk, String name) throws IOException {
    @Nullable AuditRecord last = null;
    long whole = 0;
    long torn = 0;
    try (Disk.Segment segment = disk.open(name);
        AuditReader reader = new AuditReader(segment.read())) {
      for (Optional<Item> next = reader.next(); next.isPresent(); next = reader.next()) {
        switch (next.get()) {
          case Item.Line line -> {
            requireFollows(line.record(), last, name);
            last = line.record();
            whole = line.end();
          }
          case Item.Fault fault -> {
            if (fault.kind() != AuditReader.Kind.UNFINISHED) {
              throw damaged(name);
            }
            torn = fault.end() - whole;
          }
        }
      }
    }
    return last == null
        ? new Recovery(Optional.of(name), 0, AuditRecord.GENESIS, 0, torn)
        : new Recovery(Optional.of(name), last.at().seq(), last.hash(), whole, torn);
  }

  private static void requireFollows(AuditRecord record, @Nullable AuditRecord last, String name) throws IOException {
    boolean linked = last == null || record.at().seq() == last.at().seq() + 1 && record.prev().equals(last.hash());
    if (!record.isIntact() || !linked) {
      throw damaged(name);
    }
  }

  private static IOException damaged(String name) {
    return new IOException(
        "audit log " + name + " was changed or damaged: run `damselfly audit verify`, keep the files,"
            + " and start with an empty directory");
  }
}
