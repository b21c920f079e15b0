package dev.damselfly.authz.policy;

import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import io.grpc.ServerServiceDefinition;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/// Who may call which RPC. Closed: every exposed RPC has exactly one row, and every row an RPC.
public final class Policy {
  /// One row.
  ///
  /// @param method full name, `package.Service/Method`
  /// @param roles who may call
  /// @param binding what ties each request message to the caller
  public record Row(String method, Set<Role> roles, Binding binding) {}

  /// Ties fields of a request message to the caller. Called for each message of a call, before the handler.
  @FunctionalInterface
  public interface Binding {
    /// @throws dev.damselfly.api.error.RequestFailure CALLER_NOT_ALLOWED or FORBIDDEN_FIELD when the message speaks for someone else
    void check(Caller caller, com.google.protobuf.Message message);

    /// For messages without anything to bind.
    static Binding none() {
      return (caller, message) -> {};
    }
  }

  public Policy(List<Row> rows) {
    throw new UnsupportedOperationException();
  }

  /// @throws IllegalStateException naming the RPCs without a row and the rows without an RPC
  public void requireCovers(Collection<ServerServiceDefinition> services) {
    throw new UnsupportedOperationException();
  }
}
