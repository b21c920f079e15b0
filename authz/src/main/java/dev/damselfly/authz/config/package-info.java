/// Strict reading of configuration files: unknown, duplicate and unread keys are problems, and all problems of a
/// file are reported together.
@NullMarked
package dev.damselfly.authz.config;

import org.jspecify.annotations.NullMarked;
