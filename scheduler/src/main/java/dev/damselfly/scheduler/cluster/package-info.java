/// What the manager says about the cluster: limits and application priorities; the last good values are kept.
///
/// Answers S-SCH-9: regular expressions run in linear time and a bad one drops its rule at load.
@NullMarked
package dev.damselfly.scheduler.cluster;

import org.jspecify.annotations.NullMarked;
