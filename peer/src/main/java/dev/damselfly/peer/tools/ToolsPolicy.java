package dev.damselfly.peer.tools;

import com.google.protobuf.Message;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure.Refused;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.dfdaemon.v2.DfdaemonDownloadGrpc;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskRequest;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.identity.Role;
import dev.damselfly.authz.policy.Bindings;
import dev.damselfly.authz.policy.Policy.Binding;
import dev.damselfly.authz.policy.Policy.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Which local users may call which RPC of the tools' socket. Closed: RPCs that are not served have rows, too.
public final class ToolsPolicy {
  private static final Set<Role> USERS = Set.of(Role.LOCAL, Role.LOCAL_OPERATOR);
  private static final Set<Role> OPERATORS = Set.of(Role.LOCAL_OPERATOR);
  private static final Set<String> OF_OPERATORS = Set.of("StatTask", "DeleteTask", "DeleteLocalTask");

  private ToolsPolicy() {}

  /// The rows of [ToolsRpc] and of the health service beside it.
  public static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    DfdaemonDownloadGrpc.getServiceDescriptor()
        .getMethods()
        .forEach(method -> rows.add(row(method.getFullMethodName(), String.valueOf(method.getBareMethodName()))));
    for (String method : List.of("Check", "Watch")) {
      rows.add(new Row("grpc.health.v1.Health/" + method, USERS, Binding.none()));
    }
    return List.copyOf(rows);
  }

  private static Row row(String method, String name) {
    if (name.equals("DownloadTask")) {
      return new Row(method, USERS, ToolsPolicy::checkDownload);
    }
    if (ToolsRpc.SERVED.contains(name)) {
      return new Row(method, OF_OPERATORS.contains(name) ? OPERATORS : USERS, Binding.none());
    }
    return new Row(method, USERS, Bindings.noLocalPowers());
  }

  /// The daemon writes a file for nobody who could not be the daemon: other users' output is written by their tool.
  private static void checkDownload(Caller caller, Message message) {
    if (!(message instanceof DownloadTaskRequest request)) {
      throw new IllegalStateException("a row for another message");
    }
    Download download = request.getDownload();
    forbid(
        download.hasOutputPath() && caller.role() != Role.LOCAL_OPERATOR,
        "download.output_path: the daemon writes files for its own user and root only; use --transfer-from-dfdaemon");
    forbid(
        download.hasOutputPath() && download.getNeedPieceContent(),
        "download.output_path: is not for content that the caller writes");
    forbid(download.getForceHardLink(), "download.force_hard_link: output never shares storage with the cache");
    forbid(download.getCertificateChainCount() > 0, "download.certificate_chain: authorities are configured per origin");
    forbid(
        download.hasObjectStorage()
            && (download.getObjectStorage().hasCredentialPath() || download.getObjectStorage().getInsecureSkipVerify()),
        "download.object_storage: the daemon opens no file for a caller, and always verifies TLS");
  }

  private static void forbid(boolean set, String text) {
    if (set) {
      throw new Refused(Reason.FORBIDDEN_FIELD, text);
    }
  }
}
