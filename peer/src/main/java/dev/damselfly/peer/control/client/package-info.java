/// The command line's side of the local protocol. Only JDK classes and messages: a cold JVM starts it fast.
@NullMarked
package dev.damselfly.peer.control.client;

import org.jspecify.annotations.NullMarked;
