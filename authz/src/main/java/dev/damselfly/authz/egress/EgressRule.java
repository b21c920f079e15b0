package dev.damselfly.authz.egress;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.config.ConfigReader;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// One allowed set of origins. Everything that is given must fit; what is empty fits everything of its kind, except that
/// an empty list of networks admits public addresses only.
///
/// @param name for error texts and the audit log
/// @param schemes http, https
/// @param hosts exact names, or `*.suffix` for names below it
/// @param networks addresses that are admitted, private and loopback ones included
/// @param ports empty: every port
/// @param authority PEM file of a private CA for these origins
public record EgressRule(
    String name, List<String> schemes, List<String> hosts, List<Cidr> networks, List<Integer> ports, Optional<Path> authority) {
  static final int MAX_ENTRIES = 256;

  public EgressRule {
    schemes = List.copyOf(schemes);
    hosts = List.copyOf(hosts);
    networks = List.copyOf(networks);
    ports = List.copyOf(ports);
    if (schemes.isEmpty() || !List.of("http", "https").containsAll(schemes)) {
      throw new InvalidValue("schemes must be http, https or both");
    }
    if (name.isEmpty() || name.length() > 64) {
      throw new InvalidValue("a rule has a name of 1 to 64 characters");
    }
  }

  static EgressRule read(ConfigReader section) {
    String name = section.text("name", "unnamed");
    List<String> schemes = section.list("schemes", 2, EgressRule::scheme);
    List<String> hosts = section.list("hosts", MAX_ENTRIES, EgressRule::host);
    List<Cidr> networks = section.list("networks", MAX_ENTRIES, Cidr::parse);
    List<Integer> ports = section.list("ports", MAX_ENTRIES, EgressRule::port);
    Optional<Path> authority = section.path("ca-file");
    if (hosts.isEmpty() && networks.isEmpty()) {
      section.problem("hosts", "a rule names hosts, networks or both");
    }
    try {
      return new EgressRule(name, schemes.isEmpty() ? List.of("https") : schemes, hosts, networks, ports, authority);
    } catch (InvalidValue e) {
      section.problem("name", e.rule());
      return new EgressRule("unnamed", List.of("https"), hosts, networks, ports, authority);
    }
  }

  boolean fitsName(Target target) {
    return schemes.contains(target.scheme())
        && (ports.isEmpty() || ports.contains(target.port()))
        && (hosts.isEmpty() || hosts.stream().anyMatch(host -> matches(host, target.host())));
  }

  boolean admits(InetAddress address) {
    InetAddress normal = AddressClass.normal(address);
    AddressClass kind = AddressClass.of(address);
    if (kind == AddressClass.METADATA) {
      return networks.stream().anyMatch(network -> network.isSingle() && network.contains(normal));
    }
    if (networks.isEmpty()) {
      return kind == AddressClass.PUBLIC;
    }
    return networks.stream().anyMatch(network -> network.contains(normal));
  }

  private static boolean matches(String pattern, String host) {
    return pattern.startsWith("*.") ? host.endsWith(pattern.substring(1)) && host.length() >= pattern.length() : host.equals(pattern);
  }

  private static String scheme(String text) {
    if (!text.equals("http") && !text.equals("https")) {
      throw new InvalidValue("must be http or https");
    }
    return text;
  }

  private static String host(String text) {
    String name = text.startsWith("*.") ? text.substring(2) : text;
    if (!name.equals(Target.parse("https://" + (name.indexOf(':') >= 0 ? "[" + name + "]" : name) + "/").host())) {
      throw new InvalidValue("must be a host name in lower case, or *.suffix");
    }
    return text;
  }

  private static int port(String text) {
    if (!text.matches("[1-9][0-9]{0,4}") || Integer.parseInt(text) > 65_535) {
      throw new InvalidValue("must be in [1, 65535]");
    }
    return Integer.parseInt(text);
  }
}
