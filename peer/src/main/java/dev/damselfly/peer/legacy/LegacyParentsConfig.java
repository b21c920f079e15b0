package dev.damselfly.peer.legacy;

import dev.damselfly.authz.config.ConfigReader;
import dev.damselfly.authz.egress.Cidr;
import dev.damselfly.authz.legacy.LegacyConfig;
import java.util.List;
import java.util.Optional;

/// Hosts without an identity that may be asked for content. Absent, as by default, means nobody is. Immutable.
///
/// @param networks blocks whose addresses may be dialled, none wider than an IPv4 /8 or an IPv6 /32; never empty
/// @param piecePort of all of them: what a host says about its ports is not believed
public record LegacyParentsConfig(List<Cidr> networks, int piecePort) {
  private static final String KEY = "legacy-parents";
  private static final int MAX_BLOCKS = 256;
  private static final int STANDARD_PORT = 4005;

  public LegacyParentsConfig {
    networks = List.copyOf(networks);
  }

  /// The section `legacy-parents`. Notes problems in the reader.
  public static Optional<LegacyParentsConfig> read(ConfigReader role) {
    if (!role.has(KEY)) {
      return Optional.empty();
    }
    var section = role.section(KEY);
    var networks = section.list("networks", MAX_BLOCKS, LegacyConfig::block);
    if (networks.isEmpty()) {
      section.problem("networks", "must name at least one block");
    }
    return Optional.of(new LegacyParentsConfig(networks, section.integer("piece-port", STANDARD_PORT, 1024, 65_534)));
  }
}
