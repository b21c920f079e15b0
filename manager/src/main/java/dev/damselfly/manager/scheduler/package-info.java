/// Scheduler rows: who may register which host, and which schedulers a caller is told about. Answers S-MGR-12.
@NullMarked
package dev.damselfly.manager.scheduler;

import org.jspecify.annotations.NullMarked;
