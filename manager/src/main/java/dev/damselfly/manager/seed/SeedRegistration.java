package dev.damselfly.manager.seed;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.manager.address.HostName;
import dev.damselfly.manager.address.IpAddress;

/// What a seed peer says of itself.
///
/// @param port 1024..65534
/// @param downloadPort 1024..65534
/// @param idc may be empty, at most 1024 characters
/// @param location may be empty, at most 1024 characters
public record SeedRegistration(HostName host, IpAddress ip, int port, int downloadPort, String idc, String location) {
  public static final int MAX_TEXT = 1024;

  public SeedRegistration {
    if (port < 1024 || port > 65_534 || downloadPort < 1024 || downloadPort > 65_534) {
      throw new InvalidValue("a port must be in [1024, 65534]");
    }
    if (idc.length() > MAX_TEXT || location.length() > MAX_TEXT) {
      throw new InvalidValue("idc and location have at most 1024 characters");
    }
  }
}
