package dev.damselfly.dist.daemon;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.dist.cli.RoleFlags;
import dev.damselfly.dist.issuer.DevelopmentIssuer;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// `damselfly dev-issuer`: one Workload API socket per identity, until it is stopped.
final class IssuerCommand {
  private IssuerCommand() {}

  static int run(List<String> args) {
    return RoleFlags.issuer(args, IssuerCommand::serve);
  }

  private static int serve(RoleFlags.IssuerWords flags) {
    Map<String, SpiffeId> identities;
    try {
      identities = identities(flags.ids());
    } catch (InvalidValue e) {
      System.err.println("damselfly: --id: " + e.rule());
      return RoleFlags.USAGE;
    }
    var domain = identities.values().iterator().next().trustDomain();
    var foreground = new Foreground();
    try (var issuer =
        new DevelopmentIssuer(Path.of(flags.directory()), domain, identities, Duration.ofSeconds(flags.ttlSeconds()), InstantSource.system())) {
      issuer.start();
      identities.forEach((name, id) -> System.out.println(id + " at unix://" + issuer.socketOf(name)));
      System.out.println("ready");
      return foreground.await();
    } catch (IOException | IllegalArgumentException e) {
      System.err.println("damselfly: " + e.getMessage());
      return RoleFlags.USAGE;
    } finally {
      foreground.closed();
    }
  }

  private static Map<String, SpiffeId> identities(List<String> pairs) {
    var identities = new LinkedHashMap<String, SpiffeId>();
    for (String pair : pairs) {
      int equals = pair.indexOf('=');
      if (equals < 1) {
        throw new InvalidValue("must be NAME=SPIFFE-ID");
      }
      if (identities.put(pair.substring(0, equals), SpiffeId.parse(pair.substring(equals + 1))) != null) {
        throw new InvalidValue("a name stands twice");
      }
    }
    if (identities.isEmpty()) {
      throw new InvalidValue("at least one identity is required");
    }
    return identities;
  }
}
