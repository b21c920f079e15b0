/// One download from request to verified content: the nine steps of the design, in order.
@NullMarked
package dev.damselfly.peer.download;

import org.jspecify.annotations.NullMarked;
