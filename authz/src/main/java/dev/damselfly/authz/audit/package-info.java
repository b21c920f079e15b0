/// Hash-chained audit log, its reader and its verifier.
@NullMarked
package dev.damselfly.authz.audit;

import org.jspecify.annotations.NullMarked;
