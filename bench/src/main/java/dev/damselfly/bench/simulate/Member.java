package dev.damselfly.bench.simulate;

import java.util.Arrays;
import java.util.BitSet;

/// One simulated peer.
final class Member {
  final int id;
  final BitSet have;
  final BitSet coming;
  int[] parents = new int[0];
  int[] children = new int[4];
  int childCount;

  /// Requests without an answer, by position in `parents`.
  int[] asked = new int[0];

  int uploads;
  int downloads;
  boolean offered;
  boolean reading;
  double doneAt = -1;

  Member(int id, int pieces) {
    this.id = id;
    this.have = new BitSet(pieces);
    this.coming = new BitSet(pieces);
  }

  void addChild(int child) {
    if (childCount == children.length) {
      children = Arrays.copyOf(children, childCount * 2);
    }
    children[childCount++] = child;
  }

  void removeChild(int child) {
    for (int i = 0; i < childCount; i++) {
      if (children[i] == child) {
        children[i] = children[--childCount];
        return;
      }
    }
  }

  void addParents(int[] more) {
    int had = parents.length;
    parents = Arrays.copyOf(parents, had + more.length);
    asked = Arrays.copyOf(asked, parents.length);
    System.arraycopy(more, 0, parents, had, more.length);
  }

  boolean isParent(int other) {
    for (int parent : parents) {
      if (parent == other) {
        return true;
      }
    }
    return false;
  }
}
