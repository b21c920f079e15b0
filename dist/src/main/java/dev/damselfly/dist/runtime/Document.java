package dev.damselfly.dist.runtime;

import dev.damselfly.authz.files.FileName;
import java.util.Optional;

/// One configuration file as it shall be.
///
/// @param folder directory in the runtime's own one
/// @param text TOML, complete lines
record Document(Optional<FileName> folder, FileName name, String text) {}
