/// Directories and files opened without following links, with owner and mode checked.
@NullMarked
package dev.damselfly.authz.files;

import org.jspecify.annotations.NullMarked;
