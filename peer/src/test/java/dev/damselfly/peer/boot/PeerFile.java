package dev.damselfly.peer.boot;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.damselfly.authz.config.ConfigProblems;
import dev.damselfly.authz.config.ConfigReader;
import org.jspecify.annotations.NullMarked;

/// What a peer must be told, and one section more.
@NullMarked
final class PeerFile {
  private PeerFile() {}

  static PeerConfig read(String section) throws ConfigProblems {
    String yaml =
        "listen: 127.0.0.1:4000\npiece-listen: 127.0.0.1:4005\nmanager: m:1\nstore: {directory: /s}\nlocal: {socket: /l/l.sock}\n"
            + section + "\n";
    var reader = ConfigReader.parse(yaml.getBytes(UTF_8));
    PeerConfig config = PeerConfig.read(reader);
    reader.finish();
    return config;
  }
}
