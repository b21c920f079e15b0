package dev.damselfly.peer.tools;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.identity.SpiffeId;
import dev.damselfly.authz.identity.TrustDomain;
import dev.damselfly.peer.control.LocalPeople;
import java.net.InetSocketAddress;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import jdk.net.UnixDomainPrincipal;

/// Takes a connection for the local user whom the kernel names. Immutable.
///
/// The ids are `spiffe://<trust-domain>/damselfly/local/<user>`, in hex digits below `local-hex` for names that no SPIFFE
/// ID can have. No certificate can carry one of them in: the role template does not know the form.
final class ToolCallers {
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,255}");
  private static final InetSocketAddress HERE = InetSocketAddress.createUnresolved("local", 0);

  private final LocalPeople people;
  private final TrustDomain trustDomain;

  ToolCallers(LocalPeople people, TrustDomain trustDomain) {
    this.people = people;
    this.trustDomain = trustDomain;
  }

  /// Absent for everybody who is not named.
  Optional<Caller> admit(UnixDomainPrincipal peer) {
    return people.find(peer).map(this::caller);
  }

  private Caller caller(LocalPeople.Person person) {
    Role role = person.operator() ? Role.LOCAL_OPERATOR : Role.LOCAL;
    var id = new SpiffeId(trustDomain, path(person.name()));
    return new Caller(id, role, Optional.empty(), person.name(), Instant.MAX, HERE);
  }

  private static List<String> path(String user) {
    return PLAIN.matcher(user).matches()
        ? List.of("damselfly", "local", user)
        : List.of("damselfly", "local-hex", HexFormat.of().formatHex(user.getBytes(UTF_8)));
  }
}
