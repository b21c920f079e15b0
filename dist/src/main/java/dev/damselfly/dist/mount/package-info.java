/// Images as directories, through FUSE. The only package that knows the FUSE library; loaded by `nydus mount` alone.
/// What it shows was verified before; nothing can be written. Answers S-NYD-2, S-NYD-7.
@NullMarked
package dev.damselfly.dist.mount;

import org.jspecify.annotations.NullMarked;
