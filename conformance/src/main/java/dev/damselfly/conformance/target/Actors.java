package dev.damselfly.conformance.target;

import dev.damselfly.conformance.link.Ca;
import dev.damselfly.conformance.link.Credentials;
import dev.damselfly.conformance.link.Identity;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Identities of the suite's actors for one program under test. Thread-safe.
///
/// On plain targets nobody has an identity. With mutual TLS each actor has one of its own, made by this run's
/// authority after the templates of the target file.
public final class Actors {
  private final Optional<Ca> authority;
  private final String trustDomain;
  private final Map<Role, String> templates;
  private final String cluster;
  private final Map<String, Identity> issued = new ConcurrentHashMap<>();

  private Actors(Optional<Ca> authority, String trustDomain, Map<Role, String> templates, String cluster) {
    this.authority = authority;
    this.trustDomain = trustDomain;
    this.templates = templates;
    this.cluster = cluster;
  }

  public static Actors plain() {
    return new Actors(Optional.empty(), "", Map.of(), "");
  }

  /// @param templates SPIFFE IDs by role, with `{name}` and `{cluster}`
  public static Actors mutual(String trustDomain, Map<Role, String> templates, String cluster) {
    return new Actors(Optional.of(new Ca(trustDomain)), trustDomain, templates, cluster);
  }

  public boolean haveIdentities() {
    return authority.isPresent();
  }

  /// What an actor shows and trusts.
  public Credentials credentials(Role role, String name) {
    return authority.isPresent() ? new Credentials.Mutual(identity(role, name)) : new Credentials.Plain();
  }

  /// The identity of an actor, or of the program under test itself. Only with mutual TLS.
  public Identity identity(Role role, String name) {
    return issued.computeIfAbsent(id(role, name), ca()::issue);
  }

  /// An identity of the right name and time from an authority that nobody trusts.
  public Credentials foreign(Role role, String name) {
    Identity other = new Ca(trustDomain).issue(id(role, name));
    return new Credentials.Mutual(
        new Identity(other.spiffeId(), other.key(), other.certificate(), ca().certificate()));
  }

  /// An identity whose time is over.
  public Credentials expired(Role role, String name) {
    return new Credentials.Mutual(ca().issueExpired(id(role, name)));
  }

  /// A caller who shows no certificate.
  public Credentials anonymous() {
    return new Credentials.Anonymous(ca().certificate());
  }

  private Ca ca() {
    return authority.orElseThrow(() -> new IllegalStateException("a plain target has no identities"));
  }

  private String id(Role role, String name) {
    String template = templates.get(role);
    if (template == null) {
      throw new IllegalStateException("the target file names no identity for role " + role.text());
    }
    return template.replace("{name}", name).replace("{cluster}", cluster);
  }
}
