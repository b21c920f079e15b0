/// URLs as the protocol reads them: the WHATWG algorithm, iterative, in linear time, at most 8 KiB (B-23).
///
/// One parser for all uses, so that no two parts of the system can disagree about the host of a URL (F-10, TOB-2).
/// Pure functions; the few values are immutable.
@NullMarked
package dev.damselfly.api.url;

import org.jspecify.annotations.NullMarked;
