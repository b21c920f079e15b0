package dev.damselfly.authz.block;

import dev.damselfly.api.url.CanonicalUrl;

/// A download, as far as block lists look at it.
///
/// @param application and `tag`: empty when the request names none
/// @param priority number on the wire; 0 when the request names none
public record BlockQuestion(CanonicalUrl url, String application, String tag, int priority) {}
