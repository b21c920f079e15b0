package dev.damselfly.peer.upload;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.peer.store.PieceStore;
import java.util.concurrent.Executor;

/// What every connection of the listener needs.
///
/// @param worker runs everything that may block: files, signatures, the audit log
record UploadParts(PieceStore store, GrantVerifier grants, UploadLimits limits, Audit audit, Executor worker) {}
