/// TLS contexts for every internal connection: TLS 1.3, mutual, own verifier, no resumption; and the registry that ends connections whose SVID or trust ended.
@NullMarked
package dev.damselfly.authz.tls;

import org.jspecify.annotations.NullMarked;
