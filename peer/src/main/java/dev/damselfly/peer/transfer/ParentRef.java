package dev.damselfly.peer.transfer;

import com.google.protobuf.ByteString;
import dev.damselfly.api.id.HostPort;
import dev.damselfly.api.id.TaskId;
import dev.damselfly.authz.identity.SpiffeId;

/// A parent that the scheduler named for a task.
///
/// @param address piece listener
/// @param spiffeId who must answer there
/// @param grant serialized Grant for this host on this parent
/// @param reason why it was chosen, for people
public record ParentRef(
    TaskId task, String peerId, SpiffeId spiffeId, HostPort address, ByteString grant, String reason) {}
