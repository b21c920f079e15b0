package dev.damselfly.peer.origin;

import java.util.OptionalLong;

/// What an origin answered about a resource.
///
/// @param length bytes; absent when the origin does not say
/// @param etag strong entity tag, else empty
/// @param lastModified as sent, else empty
/// @param ranges it answers byte ranges
public record OriginFacts(OptionalLong length, String etag, String lastModified, boolean ranges) {}
