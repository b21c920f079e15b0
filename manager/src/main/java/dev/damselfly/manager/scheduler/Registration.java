package dev.damselfly.manager.scheduler;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.manager.address.HostName;
import dev.damselfly.manager.address.IpAddress;

/// What a scheduler says of itself.
///
/// @param port 1024..65534
/// @param idc may be empty, at most 1024 characters
/// @param location may be empty, at most 1024 characters
public record Registration(
    HostName host,
    IpAddress ip,
    int port,
    String idc,
    String location,
    Features features,
    KeepAliveInterval keepAlive) {
  public static final int MAX_TEXT = 1024;

  public Registration {
    if (port < 1024 || port > 65_534) {
      throw new InvalidValue("a port must be in [1024, 65534]");
    }
    if (idc.length() > MAX_TEXT || location.length() > MAX_TEXT) {
      throw new InvalidValue("idc and location have at most 1024 characters");
    }
  }
}
