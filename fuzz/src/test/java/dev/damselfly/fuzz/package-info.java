/// Fuzz targets. Each has a semantic oracle that shares no code with what it judges, seeds of its own, and is replayed
/// with its seeds and hostile inputs in every build. No sockets, no clock, no state between runs.
@NullMarked
package dev.damselfly.fuzz;

import org.jspecify.annotations.NullMarked;
