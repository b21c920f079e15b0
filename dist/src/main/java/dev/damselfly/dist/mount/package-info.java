/// Images as directories, through FUSE. The only package that knows the FUSE library; loaded by `nydus mount` alone.
@NullMarked
package dev.damselfly.dist.mount;

import org.jspecify.annotations.NullMarked;
