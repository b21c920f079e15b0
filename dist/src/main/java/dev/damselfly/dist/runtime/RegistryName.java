package dev.damselfly.dist.runtime;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.authz.files.FileName;
import dev.damselfly.manager.address.HostName;
import java.util.List;

/// A registry as image references name it: a host in lower case, perhaps with a port.
///
/// @param text such as `docker.io` or `registry.example.org:5000`: letters, digits, `.`, `-` and one `:`
public record RegistryName(String text) {
  private static final String RULE = "must be a host name in lower case with an optional port";

  public RegistryName {
    if (text.length() > HostName.MAX + ":65535".length()) {
      throw new InvalidValue(RULE);
    }
    int colon = text.indexOf(':');
    var host = new HostName(colon < 0 ? text : HostPort.parse(text).host());
    if (!host.key().equals(host.value()) || colon == 0) {
      throw new InvalidValue(RULE);
    }
    folder(text);
  }

  /// Directory of this registry below certs.d. A colon is spelled as containerd looks for it first.
  FileName folder() {
    return folder(text);
  }

  private static FileName folder(String text) {
    int colon = text.indexOf(':');
    return new FileName(colon < 0 ? text : text.substring(0, colon) + "_" + text.substring(colon + 1) + "_");
  }

  /// Where this registry serves, unless said otherwise.
  Origin usualOrigin() {
    return Origin.of("https://" + (isDockerHub() ? "registry-1.docker.io" : text));
  }

  /// Token services besides the registry itself, unless said otherwise.
  List<Origin> usualRealms() {
    return isDockerHub() ? List.of(Origin.of("https://auth.docker.io")) : List.of();
  }

  private boolean isDockerHub() {
    return text.equals("docker.io");
  }

  @Override
  public String toString() {
    return text;
  }
}
