/// The last layer of an image in a registry: a tar archive, mostly in gzip, with the bootstrap and copies of the
/// chunk information. Read once, forwards, by a reader that knows the few names which may be there and no links. The
/// caller has authenticated the bytes, or trusts nothing but chunks that the bootstrap of its choice names.
@NullMarked
package dev.damselfly.nydus.layer;

import org.jspecify.annotations.NullMarked;
