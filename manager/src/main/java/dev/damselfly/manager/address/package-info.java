/// Network value types: addresses and host names, each with one value for all its spellings.
@NullMarked
package dev.damselfly.manager.address;

import org.jspecify.annotations.NullMarked;
