/// The one vocabulary of failures. A [dev.damselfly.api.error.Reason] is a wire contract; texts are safe to
/// show: they name field and rule, never a value that a caller sent.
@NullMarked
package dev.damselfly.api.error;

import org.jspecify.annotations.NullMarked;
