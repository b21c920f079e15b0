package dev.damselfly.dist.real;

import java.nio.file.Path;
import java.util.List;

/// Who the processes of a cluster are: where each gets its SVID from, and as which user it runs.
interface Identities extends AutoCloseable {
  String DOMAIN = "example.test";

  /// The SPIFFE ID of a process with this name.
  static String id(String name) {
    String kind = name.replaceFirst("-?[0-9]+$", "");
    String path =
        switch (kind) {
          case "manager" -> "manager/m1";
          case "scheduler" -> "scheduler/east/" + name;
          case "seed" -> "seed-peer/east/" + name;
          default -> "peer/east/" + name;
        };
    return "spiffe://" + DOMAIN + "/damselfly/" + path;
  }

  /// The Workload API for a process, as its configuration names it.
  String workloadApi(String name);

  /// The directory where a process makes its files.
  Path place(String name);

  /// Program and arguments that start `./damselfly` as the user of a process.
  List<String> launcher(String name);

  @Override
  void close();
}
