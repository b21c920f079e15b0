/// The one gate for connections that do not go to a SPIFFE peer.
@NullMarked
package dev.damselfly.authz.egress;

import org.jspecify.annotations.NullMarked;
