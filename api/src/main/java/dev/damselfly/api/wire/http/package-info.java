/// Header grammars of HTTP that both sides of a range request need (RFC 9110 section 14), as strict parsers (TOB-10).
@NullMarked
package dev.damselfly.api.wire.http;

import org.jspecify.annotations.NullMarked;
