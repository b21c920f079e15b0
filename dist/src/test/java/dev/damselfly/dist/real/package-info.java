/// Suites that run the real programs as processes, beside programs nobody here wrote. Tag `real`; run by `.ci/run`.
@NullMarked
package dev.damselfly.dist.real;

import org.jspecify.annotations.NullMarked;
