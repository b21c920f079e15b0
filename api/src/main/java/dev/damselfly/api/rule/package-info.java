/// Validation of wire messages: the rules written at the fields of the schema, and the bounds of Damselfly beside them.
///
/// Compiled once per message type and kept; a rule that cannot be read stops the first use of the type. Every message
/// of every stream goes through [dev.damselfly.api.rule.Rules#check] before any handler sees it (TOB-14, B-18..B-29).
@NullMarked
package dev.damselfly.api.rule;

import org.jspecify.annotations.NullMarked;
