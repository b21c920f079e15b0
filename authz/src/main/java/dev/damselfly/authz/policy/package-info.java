/// Who may call which RPC: one closed table with binding rules from message fields to the caller.
@NullMarked
package dev.damselfly.authz.policy;

import org.jspecify.annotations.NullMarked;
