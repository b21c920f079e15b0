/// Marks that tie code and tests to the threat model; read by build checks, no behaviour.
@NullMarked
package dev.damselfly.api.assurance;

import org.jspecify.annotations.NullMarked;
