package dev.damselfly.authz.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.assurance.Threat;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.policy.Policy.Binding;
import dev.damselfly.authz.policy.Policy.Decision;
import dev.damselfly.authz.policy.Policy.Row;
import io.grpc.ServerServiceDefinition;
import io.grpc.health.v1.HealthGrpc;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

@NullMarked
class PolicyTest {
  private static final String CHECK = "grpc.health.v1.Health/Check";
  private static final String WATCH = "grpc.health.v1.Health/Watch";
  private static final ServerServiceDefinition HEALTH = new HealthGrpc.HealthImplBase() {}.bindService();

  private static Row row(String method, Role... roles) {
    return new Row(method, Set.of(roles), Binding.none());
  }

  @Test
  void requireCovers_namesDifferencesBothWays() {
    var policy = new Policy(List.of(row(CHECK, Role.PEER), row("a.B/Gone", Role.PEER)));

    assertThatThrownBy(() -> policy.requireCovers(List.of(HEALTH)))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("RPCs without a row [" + WATCH + "]")
        .hasMessageContaining("rows without an RPC [a.B/Gone]");
  }

  @Test
  void requireCovers_acceptsTheExactTable() {
    new Policy(List.of(row(CHECK, Role.PEER), row(WATCH))).requireCovers(List.of(HEALTH));
  }

  @Test
  void policy_refusesTwoRowsForOneRpc() {
    assertThatThrownBy(() -> new Policy(List.of(row(CHECK), row(CHECK)))).hasMessageContaining("two policy rows");
  }

  @Test
  @Threat({"S-UPG-8", "F-08"})
  void decide_deniesByDefault() {
    var policy = new Policy(List.of(row(CHECK, Role.SCHEDULER)));
    var peer = Who.peer("host-1");

    assertThat(policy.decide(peer, CHECK)).isInstanceOf(Decision.Denied.class);
    assertThat(policy.decide(Who.scheduler(), CHECK)).isInstanceOf(Decision.Allowed.class);
    assertThat(policy.decide(Who.scheduler(), CHECK + "/")).isInstanceOf(Decision.Denied.class);
    assertThat(policy.decide(Who.scheduler(), "/" + CHECK)).isInstanceOf(Decision.Denied.class);
    assertThat(policy.decide(Who.scheduler(), "grpc.health.v1.health/Check")).isInstanceOf(Decision.Denied.class);
  }

  @Test
  @Threat({"S-UPG-8", "F-08"})
  void decide_ofACluster_deniesWhateverRoleAnotherClusterGives() {
    var policy = Policy.ofCluster("7", List.of(row(CHECK, Role.values())));

    for (Role role : new Role[] {Role.PEER, Role.SEED_PEER, Role.SCHEDULER}) {
      assertThat(policy.decide(Who.in("7", "peer", role, "a"), CHECK)).as("%s", role).isInstanceOf(Decision.Allowed.class);
      assertThat(policy.decide(Who.in("8", "peer", role, "a"), CHECK)).as("%s", role).isInstanceOf(Decision.Denied.class);
      assertThat(policy.decide(Who.in("77", "peer", role, "a"), CHECK)).as("%s", role).isInstanceOf(Decision.Denied.class);
    }
  }
}
