/// Network value types: addresses, networks and host names, each with one spelling.
@NullMarked
package dev.damselfly.manager.address;

import org.jspecify.annotations.NullMarked;
