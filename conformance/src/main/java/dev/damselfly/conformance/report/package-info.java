/// Results as files: result.json, junit.xml, report.html, and one transcript for each failed case.
@NullMarked
package dev.damselfly.conformance.report;

import org.jspecify.annotations.NullMarked;
