/// Which lines of the parsers the seeds, past findings and the corpus reach: `./fuzz/run --coverage`.
@NullMarked
package dev.damselfly.fuzz.coverage;

import org.jspecify.annotations.NullMarked;
