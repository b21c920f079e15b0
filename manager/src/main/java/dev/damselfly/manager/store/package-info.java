/// The database: where it lies, its migrations, its transactions. No other package opens a connection.
@NullMarked
package dev.damselfly.manager.store;

import org.jspecify.annotations.NullMarked;
