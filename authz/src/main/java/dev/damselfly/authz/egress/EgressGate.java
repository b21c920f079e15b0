package dev.damselfly.authz.egress;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.OriginRefused;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.authz.audit.Audit;
import dev.damselfly.authz.audit.AuditAction;
import dev.damselfly.authz.audit.AuditEvent;
import dev.damselfly.authz.audit.AuditEvent.Decision;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// The one gate for connections that do not go to a SPIFFE peer (D6). Thread-safe.
///
/// Order: scheme and authority grammar ([Target]), name rules, one bounded resolution, every answer judged in its normal
/// form. The caller connects to a returned address and nowhere else, and asks again for each redirect.
public final class EgressGate {
  private final EgressPolicy policy;
  private final Resolver resolver;
  private final int maxAnswers;
  private final Audit audit;

  /// @param maxAnswers most answers of a resolver that are used (B-34); more are a refusal
  public EgressGate(EgressPolicy policy, Resolver resolver, int maxAnswers, Audit audit) {
    this.policy = policy;
    this.resolver = resolver;
    this.maxAnswers = maxAnswers;
    this.audit = audit;
  }

  /// The addresses that may be connected to for this target, in the resolver's order.
  ///
  /// @param purpose who asks, for the audit log, for example `origin`
  /// @throws Refused EGRESS_DENIED; the text says which rule would be needed, never the URL
  /// @throws OriginRefused ORIGIN_FAILED when the name has no address
  public List<CheckedAddress> check(Target target, String purpose) {
    if (!policy.fitsAnyName(target)) {
      throw denied(target, purpose, "no-rule", "no egress rule names this host, scheme and port; add one to the peer's `egress.rules`");
    }
    List<InetAddress> answers = resolve(target);
    if (answers.size() > maxAnswers) {
      throw denied(target, purpose, "too-many-answers", "the host has more than " + maxAnswers + " addresses");
    }
    if (policy.admitting(target, answers).isEmpty()) {
      throw denied(target, purpose, "address", advice(answers));
    }
    return answers.stream().map(ip -> new CheckedAddress(new InetSocketAddress(ip, target.port()), target.host())).toList();
  }

  /// What follows from a redirect.
  ///
  /// @param credentials headers of the caller may go along
  public record Redirect(boolean credentials) {}

  /// Decides a redirect before its target is checked like any other.
  ///
  /// @throws Refused EGRESS_DENIED from https to http
  public Redirect redirect(Target from, Target to, String purpose) {
    if (from.scheme().equals("https") && to.scheme().equals("http")) {
      throw denied(to, purpose, "downgrade", "the origin redirects from https to http");
    }
    return new Redirect(from.sameOrigin(to));
  }

  /// Private CA of the origin, when its rule names one.
  public Optional<Path> authorityOf(Target target) {
    return policy.rules().stream().filter(rule -> rule.fitsName(target)).findFirst().flatMap(EgressRule::authority);
  }

  private List<InetAddress> resolve(Target target) {
    try {
      return List.of(IpLiteral.parse(target.host()));
    } catch (InvalidValue notALiteral) {
      try {
        List<InetAddress> answers = resolver.resolve(target.host());
        if (answers.isEmpty()) {
          throw new UnknownHostException("no answer");
        }
        return answers;
      } catch (UnknownHostException e) {
        throw new OriginRefused(Reason.ORIGIN_FAILED, 0, "the origin's host name has no address");
      }
    }
  }

  private static String advice(List<InetAddress> answers) {
    AddressClass worst =
        answers.stream().map(AddressClass::of).filter(kind -> kind != AddressClass.PUBLIC).findFirst().orElse(AddressClass.PUBLIC);
    if (worst == AddressClass.PUBLIC) {
      return "no egress rule admits the address of this host; add its network to `egress.rules`";
    }
    return "the host has a "
        + worst.text()
        + " address, and those are refused unless an egress rule names their network (embedded stack: --allow-origin CIDR when it starts)";
  }

  private Refused denied(Target target, String purpose, String rule, String text) {
    audit.record(
        new AuditEvent(
            AuditAction.EGRESS_DENY, "self", "target:" + target, Decision.DENY, rule, "local", Map.of("purpose", purpose)));
    return new Refused(Reason.EGRESS_DENIED, text);
  }
}
