package dev.damselfly.bench.simulate;

/// Something that happens to a member.
sealed interface Event extends Comparable<Event> {
  double at();

  int member();

  @Override
  default int compareTo(Event other) {
    int byTime = Double.compare(at(), other.at());
    return byTime != 0 ? byTime : Integer.compare(member(), other.member());
  }

  /// It begins its download.
  record Arrives(double at, int member) implements Event {}

  /// A leased piece is there.
  record Read(double at, int member, int lease, int piece) implements Event {}

  /// A piece from a parent is there.
  ///
  /// @param position of the parent among the member's parents
  record Received(double at, int member, int position, int piece) implements Event {}
}
