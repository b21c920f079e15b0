package dev.damselfly.manager.cluster;

import dev.damselfly.manager.address.HostName;
import dev.damselfly.manager.address.IpAddress;

/// Where a peer says it stands. Only orders its own choices, grants nothing.
///
/// @param idc may be empty
/// @param location elements separated by a vertical bar; may be empty
public record Locality(HostName host, IpAddress ip, String idc, String location) {}
