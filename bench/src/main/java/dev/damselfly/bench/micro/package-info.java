/// The hot code by itself, with JMH: `bench/run micro`.
@NullMarked
package dev.damselfly.bench.micro;

import org.jspecify.annotations.NullMarked;
