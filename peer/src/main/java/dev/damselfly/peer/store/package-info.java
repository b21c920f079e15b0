/// Content on disk: one file per task, its metadata in SQLite. Only verified pieces become visible; [PieceStore] is the only writer (S-VTX-3, D5).
@NullMarked
package dev.damselfly.peer.store;

import org.jspecify.annotations.NullMarked;
