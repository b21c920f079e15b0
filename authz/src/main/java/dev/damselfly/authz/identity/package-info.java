/// SPIFFE identities: ids, roles, the X509-SVID verifier (a pure function), and the Workload API source with rotation.
@NullMarked
package dev.damselfly.authz.identity;

import org.jspecify.annotations.NullMarked;
