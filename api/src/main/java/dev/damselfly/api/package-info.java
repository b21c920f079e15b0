/// Values, wire schema and error vocabulary that every Damselfly program shares. No I/O, no threads.
@NullMarked
package dev.damselfly.api;

import org.jspecify.annotations.NullMarked;
