package dev.damselfly.authz.egress;

import dev.damselfly.authz.config.ConfigReader;
import java.net.InetAddress;
import java.util.List;
import java.util.Optional;

/// Which origins may be reached. What no rule admits is refused. Immutable.
///
/// ```yaml
/// egress:
///   public-internet: true
///   rules:
///     - name: artefacts
///       hosts: ["artefacts.example.org"]
///       networks: ["10.20.0.0/16"]
///       ca-file: /etc/damselfly/artefacts-ca.pem
/// ```
///
/// @param rules tried in order; the first that fits the name and admits every address decides
public record EgressPolicy(List<EgressRule> rules) {
  public static final int MAX_RULES = 256;
  private static final EgressRule PUBLIC =
      new EgressRule("public-internet", List.of("http", "https"), List.of(), List.of(), List.of(), Optional.empty());

  public EgressPolicy {
    rules = List.copyOf(rules);
  }

  /// Public addresses only.
  public static EgressPolicy publicInternet() {
    return new EgressPolicy(List.of(PUBLIC));
  }

  /// This policy and one more rule that admits networks under any name.
  public EgressPolicy withNetworks(String name, List<Cidr> networks) {
    if (networks.isEmpty()) {
      return this;
    }
    var rule = new EgressRule(name, List.of("http", "https"), List.of(), networks, List.of(), Optional.empty());
    return new EgressPolicy(java.util.stream.Stream.concat(rules.stream(), java.util.stream.Stream.of(rule)).toList());
  }

  public static EgressPolicy read(ConfigReader section) {
    boolean open = section.flag("public-internet", false);
    var rules = new java.util.ArrayList<EgressRule>();
    section.sections("rules", MAX_RULES).forEach(rule -> rules.add(EgressRule.read(rule)));
    if (open) {
      rules.add(PUBLIC);
    }
    return new EgressPolicy(rules);
  }

  /// The rule under which all of these addresses may be connected to.
  Optional<EgressRule> admitting(Target target, List<InetAddress> answers) {
    return rules.stream().filter(rule -> rule.fitsName(target) && answers.stream().allMatch(rule::admits)).findFirst();
  }

  boolean fitsAnyName(Target target) {
    return rules.stream().anyMatch(rule -> rule.fitsName(target));
  }
}
