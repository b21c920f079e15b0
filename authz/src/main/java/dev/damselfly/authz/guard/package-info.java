/// The only builders of gRPC servers and channels, with the one documented interceptor order.
@NullMarked
package dev.damselfly.authz.guard;

import org.jspecify.annotations.NullMarked;
