/// JSON documents in columns and messages: snake_case keys, nothing unknown, nothing twice (manager.md section 3).
@NullMarked
package dev.damselfly.manager.document;

import org.jspecify.annotations.NullMarked;
