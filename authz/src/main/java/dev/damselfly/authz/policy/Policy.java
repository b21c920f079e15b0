package dev.damselfly.authz.policy;

import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import io.grpc.ServerServiceDefinition;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// Who may call which RPC. Closed: every exposed RPC has exactly one row, and every row an RPC. Immutable.
public final class Policy {
  /// One row.
  ///
  /// @param method full name, `package.Service/Method`
  /// @param roles who may call
  /// @param binding what ties each request message to the caller
  public record Row(String method, Set<Role> roles, Binding binding) {
    public Row {
      roles = Set.copyOf(roles);
      if (method.indexOf('/') < 1) {
        throw new IllegalArgumentException("a row names package.Service/Method");
      }
    }
  }

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

  /// What the table says about one call.
  public sealed interface Decision {
    /// The row's binding still applies to each message.
    record Allowed(Row row) implements Decision {}

    /// @param rule what refused, for the audit record
    record Denied(String rule) implements Decision {}
  }

  private final Map<String, Row> rows;
  private final Optional<String> cluster;

  /// For a process that serves callers of any cluster.
  ///
  /// @throws IllegalArgumentException when two rows name the same RPC
  public Policy(List<Row> rows) {
    this(rows, Optional.empty());
  }

  /// For a process of one cluster: callers that belong to another are refused everything, callers that belong to none
  /// (managers, operators) are judged by their role.
  ///
  /// @param cluster segment of the process's own SPIFFE ID
  public static Policy ofCluster(String cluster, List<Row> rows) {
    return new Policy(rows, Optional.of(cluster));
  }

  private Policy(List<Row> rows, Optional<String> cluster) {
    this.cluster = cluster;
    Map<String, Row> byMethod = new LinkedHashMap<>();
    for (Row row : rows) {
      if (byMethod.put(row.method(), row) != null) {
        throw new IllegalArgumentException("two policy rows for " + row.method());
      }
    }
    this.rows = Map.copyOf(byMethod);
  }

  /// @throws IllegalStateException naming the RPCs without a row and the rows without an RPC
  public void requireCovers(Collection<ServerServiceDefinition> services) {
    Set<String> withoutRow = new TreeSet<>();
    for (ServerServiceDefinition service : services) {
      service.getMethods().forEach(method -> withoutRow.add(method.getMethodDescriptor().getFullMethodName()));
    }
    Set<String> withoutRpc = new TreeSet<>(rows.keySet());
    withoutRpc.removeAll(withoutRow);
    withoutRow.removeAll(rows.keySet());
    if (!withoutRow.isEmpty() || !withoutRpc.isEmpty()) {
      throw new IllegalStateException(
          "policy and services differ: RPCs without a row " + withoutRow + ", rows without an RPC " + withoutRpc);
    }
  }

  /// Default deny: an RPC without a row is refused to everybody.
  ///
  /// @param method full name of the matched method descriptor, never a path from the wire (F-08)
  public Decision decide(Caller caller, String method) {
    @Nullable Row row = rows.get(method);
    if (row == null) {
      return new Decision.Denied("no row");
    }
    if (!row.roles().contains(caller.role())) {
      return new Decision.Denied("role " + caller.role() + " not in row");
    }
    boolean stranger = cluster.isPresent() && caller.cluster().isPresent() && !caller.cluster().equals(cluster);
    return stranger ? new Decision.Denied("cluster of the caller is another") : new Decision.Allowed(row);
  }

  /// The rows, ordered by method.
  public List<Row> rows() {
    List<Row> all = new ArrayList<>(rows.values());
    all.sort((a, b) -> a.method().compareTo(b.method()));
    return List.copyOf(all);
  }
}
