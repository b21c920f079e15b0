/// Client of the SPIFFE Workload API: where own SVID and trust bundles come from. One thread per source.
///
/// Everything received passes our own verifier before it is used (identity.md section 5); of java-spiffe only the
/// generated messages are used.
@NullMarked
package dev.damselfly.authz.identity.workload;

import org.jspecify.annotations.NullMarked;
