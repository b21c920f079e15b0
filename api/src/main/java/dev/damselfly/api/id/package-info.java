/// Identifiers, digests, sizes and positions of the protocol, each a type that cannot hold a wrong value.
///
/// Values are immutable and thread-safe. Constructors and `parse` check length before content, throw
/// [dev.damselfly.api.error.InvalidValue], and never trim, fold or decode. Rules: API 2.3.8 as client 1.5.10 applies
/// it.
@NullMarked
package dev.damselfly.api.id;

import org.jspecify.annotations.NullMarked;
