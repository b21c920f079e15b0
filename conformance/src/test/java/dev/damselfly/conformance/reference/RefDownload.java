package dev.damselfly.conformance.reference;

import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Piece;
import dev.damselfly.api.wire.common.v2.SchedulingPolicy;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadPieceFinishedResponse;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskResponse;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskStartedResponse;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.IntStream;

/// One download of the reference peer, on a thread of its own.
final class RefDownload implements Runnable {
  private final ReferencePeer peer;
  private final Download download;
  private final StreamObserver<DownloadTaskResponse> out;
  private final boolean restrictedCaller;

  /// @param restrictedCaller the caller is on the network and has an identity
  RefDownload(ReferencePeer peer, Download download, StreamObserver<DownloadTaskResponse> out, boolean restrictedCaller) {
    this.peer = peer;
    this.download = download;
    this.out = out;
    this.restrictedCaller = restrictedCaller;
  }

  @Override
  public void run() {
    try {
      work();
    } catch (SecurityException e) {
      out.onError(Status.PERMISSION_DENIED.asRuntimeException());
    } catch (IOException e) {
      out.onError(Status.INTERNAL.withDescription(String.valueOf(e.getMessage())).asRuntimeException());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      out.onError(Status.INVALID_ARGUMENT.asRuntimeException());
    }
  }

  private void work() throws IOException, InterruptedException {
    if (restrictedCaller && download.hasOutputPath() && !peer.has(Fault.WRITES_FOR_NETWORK)) {
      throw new SecurityException("a path");
    }
    if (peer.has(Fault.LOGS_HEADERS)) {
      Files.writeString(peer.work().resolve("log"), download.getRequestHeaderMap().toString());
    }
    String id = RefIds.of(download, peer.faults());
    RefStore.Held known = peer.store().find(id);
    long length = known != null ? known.length : peer.origin().length(download.getUrl(), download.getRequestHeaderMap());
    RefStore.Held held = peer.store().task(id, length);
    answer(held, DownloadTaskResponse.newBuilder().setDownloadTaskStartedResponse(DownloadTaskStartedResponse.newBuilder().setContentLength(length)));
    List<Integer> wanted = wanted(length, held);
    fetch(held, wanted);
    wanted.forEach(number -> report(held, number));
    place(held);
    out.onCompleted();
    if (download.getPrefetch()) {
      peer.prefetched.add(id);
      Download whole = download.toBuilder().clearRange().clearPrefetch().build();
      List<Integer> everything = IntStream.range(0, held.count()).boxed().toList();
      fetchAtOrigin(held, everything, peer.has(Fault.PREFETCHES_TWICE), whole);
    }
  }

  private List<Integer> wanted(long length, RefStore.Held held) {
    if (!download.hasRange() || held.isWhole()) {
      return IntStream.range(0, held.count()).boxed().toList();
    }
    int first = (int) (download.getRange().getStart() / RefStore.PIECE);
    int last = (int) ((download.getRange().getStart() + download.getRange().getLength() - 1) / RefStore.PIECE);
    int end = peer.has(Fault.CUTS_RANGES_SHORT) && last > first ? last - 1 : last;
    return IntStream.rangeClosed(first, Math.min(end, (int) ((length - 1) / RefStore.PIECE))).boxed().toList();
  }

  private void fetch(RefStore.Held held, List<Integer> wanted) throws IOException, InterruptedException {
    boolean again = peer.has(Fault.FETCHES_AGAIN) && held.isWhole() && peer.isFirstStart() && !peer.prefetched.contains(held.id);
    if (again) {
      fetchAtOrigin(held, wanted, true, download);
      return;
    }
    if (wanted.stream().allMatch(number -> held.get(number) != null)) {
      return;
    }
    long asked = download.hasRange() ? Math.min(held.length, download.getRange().getLength()) : held.length;
    boolean small = asked <= RefStore.PIECE;
    boolean quiet = small && (download.getSchedulingPolicy() == SchedulingPolicy.AUTO ? !peer.has(Fault.ALWAYS_REGISTERS) : peer.has(Fault.NEVER_REGISTERS_SMALL));
    if (quiet) {
      fetchAtOrigin(held, wanted, false, download);
    } else {
      new RefSwarm(peer, this, download, held, wanted).run();
    }
  }

  /// Reads what is missing.
  void fetchAtOrigin(RefStore.Held held, List<Integer> wanted, boolean all, Download from) throws IOException, InterruptedException {
    for (int number : wanted) {
      if (all || held.get(number) == null) {
        originPiece(held, number, from, all);
      }
    }
  }

  /// @param again also when it is there
  void originPiece(RefStore.Held held, int number, Download from, boolean again) throws IOException, InterruptedException {
    held.fetching.lock();
    try {
      if (again || held.get(number) == null) {
        held.put(number, peer.origin().read(from.getUrl(), from.getRequestHeaderMap(), (long) number * RefStore.PIECE, held.size(number)));
      }
    } finally {
      held.fetching.unlock();
    }
  }

  private void report(RefStore.Held held, int number) {
    byte[] bytes = java.util.Objects.requireNonNull(held.get(number));
    int named = peer.has(Fault.NUMBERS_FROM_ONE) && !download.hasRange() ? number + 1 : number;
    answer(
        held,
        DownloadTaskResponse.newBuilder()
            .setDownloadPieceFinishedResponse(
                DownloadPieceFinishedResponse.newBuilder()
                    .setPiece(
                        Piece.newBuilder()
                            .setNumber(named)
                            .setOffset((long) number * RefStore.PIECE)
                            .setLength(bytes.length)
                            .setDigest(RefStore.digest(bytes)))));
  }

  private void place(RefStore.Held held) throws IOException {
    if (!download.hasOutputPath()) {
      return;
    }
    var path = Path.of(download.getOutputPath());
    boolean overwrite = download.getOverwrite() || peer.has(Fault.OVERWRITES_OUTPUTS);
    var options = overwrite ? new StandardOpenOption[] {StandardOpenOption.CREATE, StandardOpenOption.WRITE} : new StandardOpenOption[] {StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE};
    Files.write(path, java.util.Objects.requireNonNull(held.get(0)), options);
  }

  private void answer(RefStore.Held held, DownloadTaskResponse.Builder response) {
    out.onNext(response.setHostId(peer.hostId()).setTaskId(held.id).setPeerId(peer.hostId()).build());
  }
}
