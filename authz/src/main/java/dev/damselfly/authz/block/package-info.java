/// Block lists: what a cluster refuses to download, as a value, as a document, and the one match (S-BLK-1, S-BLK-2). Pure.
@NullMarked
package dev.damselfly.authz.block;

import org.jspecify.annotations.NullMarked;
