package dev.damselfly.peer.download;

import dev.damselfly.authz.audit.Audit;
import dev.damselfly.peer.block.BlockGate;
import dev.damselfly.peer.store.PieceStore;
import dev.damselfly.peer.swarm.Swarms;
import dev.damselfly.peer.time.Timer;
import java.time.InstantSource;
import java.util.random.RandomGenerator;

/// Whom downloads work with.
///
/// @param random chooses among equals; must be thread-safe
/// @param gate decides whether a download may start
public record Colleagues(
    PieceStore store,
    OriginReader origins,
    Swarms swarms,
    LinkOpener links,
    Timer timer,
    InstantSource clock,
    Audit audit,
    RandomGenerator random,
    BlockGate gate) {}
