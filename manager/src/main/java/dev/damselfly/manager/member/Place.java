package dev.damselfly.manager.member;

import dev.damselfly.manager.address.HostName;
import dev.damselfly.manager.address.IpAddress;
import java.util.Optional;

/// What names a member's row.
///
/// @param cluster number of its scheduler cluster or seed peer cluster, by kind
/// @param ip absent: the row registered last
public record Place(long cluster, HostName host, Optional<IpAddress> ip) {}
