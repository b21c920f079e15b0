package dev.damselfly.dist.real;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;

/// Network namespaces on one bridge with this one; each has an address of its own. Closing it takes all of them away.
final class Spaces implements AutoCloseable {
  private final Command command;
  private final String tag = "df" + ThreadLocalRandom.current().nextInt(10_000, 99_999);
  private final String net = "10." + ThreadLocalRandom.current().nextInt(64, 128) + "." + ThreadLocalRandom.current().nextInt(256) + ".";
  private final Map<String, String> addresses = new TreeMap<>();
  private final Deque<List<String>> undo = new ArrayDeque<>();

  private Spaces(Command command) {
    this.command = command;
  }

  /// @param names of the namespaces
  /// @throws IOException when the system lets nobody make one
  static Spaces open(Path work, List<String> names) throws IOException, InterruptedException {
    var spaces = new Spaces(new Command(work, Map.of()));
    try {
      spaces.make(names);
      return spaces;
    } catch (IOException | InterruptedException e) {
      spaces.close();
      throw e;
    }
  }

  private void make(List<String> names) throws IOException, InterruptedException {
    ip("link", "add", tag, "type", "bridge");
    undo.push(List.of("link", "del", tag));
    ip("addr", "add", net + "1/24", "dev", tag);
    ip("link", "set", tag, "up");
    for (String name : names) {
      String space = tag + name;
      String port = tag + "v" + addresses.size();
      addresses.put(name, net + (addresses.size() + 2));
      ip("netns", "add", space);
      undo.push(List.of("netns", "del", space));
      ip("link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", space);
      ip("link", "set", port, "master", tag);
      ip("link", "set", port, "up");
      ip("-n", space, "link", "set", "lo", "up");
      ip("-n", space, "addr", "add", addresses.get(name) + "/24", "dev", "eth0");
      ip("-n", space, "link", "set", "eth0", "up");
    }
  }

  private void ip(String... words) throws IOException, InterruptedException {
    var all = new ArrayList<>(List.of("ip"));
    all.addAll(List.of(words));
    Command.Result done = Command.await(command.startProgram(all));
    if (done.code() != 0) {
      throw new IOException("ip " + String.join(" ", words) + ": " + done.all());
    }
  }

  /// All addresses, as one block.
  String block() {
    return net + "0/24";
  }

  /// Of a namespace; for another name, of this one.
  String address(String name) {
    return addresses.getOrDefault(name, net + "1");
  }

  /// What runs a command in a namespace; nothing for another name.
  List<String> wrapper(String name) {
    return addresses.containsKey(name) ? List.of("ip", "netns", "exec", tag + name) : List.of();
  }

  @Override
  public void close() {
    try {
      while (!undo.isEmpty()) {
        ip(undo.pop().toArray(String[]::new));
      }
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
