package dev.damselfly.scheduler.swarm;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/// Members of which some are drawn, each with the same chance. Everything takes the same time however many there are. Not
/// thread-safe.
///
/// @param <T> compared by equality
final class Pool<T> {
  private final List<T> members = new ArrayList<>();
  private final Map<T, Integer> places = new HashMap<>();

  /// Puts the member in or takes it out.
  void set(T member, boolean in) {
    if (in) {
      add(member);
    } else {
      remove(member);
    }
  }

  private void add(T member) {
    if (places.putIfAbsent(member, members.size()) == null) {
      members.add(member);
    }
  }

  private void remove(T member) {
    Integer place = places.remove(member);
    if (place == null) {
      return;
    }
    T last = members.removeLast();
    if (place < members.size()) {
      members.set(place, last);
      places.put(last, place);
    }
  }

  int size() {
    return members.size();
  }

  List<T> all() {
    return Collections.unmodifiableList(members);
  }

  /// Some of them, each once; all when there are no more than that.
  List<T> draw(int most, RandomGenerator random) {
    if (members.size() <= most) {
      return List.copyOf(members);
    }
    var drawn = new LinkedHashSet<T>();
    while (drawn.size() < most) {
      drawn.add(members.get(random.nextInt(members.size())));
    }
    return List.copyOf(drawn);
  }
}
