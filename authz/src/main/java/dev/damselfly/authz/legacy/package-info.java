/// Callers without an identity: who they are taken for, where they may come from, and the mark they leave in the audit
/// log. Only the legacy listeners use it; nothing here loosens a listener with identities.
@NullMarked
package dev.damselfly.authz.legacy;

import org.jspecify.annotations.NullMarked;
