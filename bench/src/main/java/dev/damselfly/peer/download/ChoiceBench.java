package dev.damselfly.peer.download;

import java.util.BitSet;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/// Which pieces to ask of which of eight parents, each of which holds half of them.
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class ChoiceBench {
  private static final int PARENTS = 8;

  @Param({"128", "1024"})
  int pieces;

  private final SplittableRandom random = new SplittableRandom(1);
  private final BitSet missing = new BitSet();
  private List<PieceChooser.ParentView> parents = List.of();

  @Setup
  public void fill() {
    missing.set(0, pieces);
    parents = IntStream.range(0, PARENTS).mapToObj(i -> new PieceChooser.ParentView(half(), 0, (i + 1) * 1_000_000L)).toList();
  }

  private BitSet half() {
    var half = new BitSet();
    IntStream.range(0, pieces).filter(i -> random.nextBoolean()).forEach(half::set);
    return half;
  }

  @Benchmark
  public Object pieceChoice() {
    return PieceChooser.choose(missing, parents, 4 << 20, random);
  }
}
