package dev.damselfly.conformance.target;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/// The description of a program under test, `target.yaml`. Unknown and double keys are refused; the README beside the
/// vectors explains each key.
///
/// @param version of this format, 1
record TargetFile(
    @JsonProperty("dfconf") int version,
    String name,
    Transport transport,
    Map<Role, Program> roles,
    @Nullable List<String> capabilities) {
  private static final int VERSION = 1;
  private static final long MAX_SIZE = 1 << 20;
  private static final ObjectMapper YAML =
      JsonMapper.builder(new YAMLFactory())
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
          .build();

  enum Mode {
    @JsonProperty("plain")
    PLAIN,
    @JsonProperty("mtls")
    MTLS
  }

  /// How its listeners are reached.
  ///
  /// @param trustDomain with mtls: the trust domain of all identities
  /// @param cluster with mtls: what `{cluster}` stands for
  /// @param identities with mtls: SPIFFE IDs by role, with `{name}` and `{cluster}`
  record Transport(
      Mode mode,
      @Nullable @JsonProperty("trust-domain") String trustDomain,
      @Nullable String cluster,
      @Nullable Map<Role, String> identities) {}

  /// How one role is started, or where it listens.
  ///
  /// @param command words of the command; absent when it runs already
  /// @param files written into the working directory before each start
  /// @param environment added to that of dfconf
  /// @param ready pattern in its output; a group `port` names the port of the gRPC service
  /// @param endpoint `address:port` of the gRPC service when `ready` does not tell
  /// @param endpoints `address:port` of further parts by name; a group of `ready` with such a name says it, too
  /// @param identity with mtls: `{name}` of the program's own identity
  record Program(
      @Nullable List<String> command,
      @Nullable Map<String, String> files,
      @Nullable Map<String, String> environment,
      @Nullable String ready,
      @Nullable String endpoint,
      @Nullable Map<String, String> endpoints,
      @Nullable String identity) {
    Map<String, String> partsOrNone() {
      return endpoints == null ? Map.of() : endpoints;
    }
  }

  /// @throws IOException with everything that is wrong with the file, for people
  static TargetFile read(Path file) throws IOException {
    if (Files.size(file) > MAX_SIZE) {
      throw new IOException(file + ": a target file has at most 1 MiB");
    }
    TargetFile read;
    try {
      read = YAML.readValue(Files.readString(file), TargetFile.class);
    } catch (JsonProcessingException e) {
      throw new IOException(file + ": " + e.getOriginalMessage() + place(e), e);
    }
    List<String> problems = read == null ? List.of("the file is empty") : read.problems();
    if (!problems.isEmpty()) {
      throw new IOException(file + ": " + String.join("; ", problems));
    }
    return read;
  }

  private static String place(JsonProcessingException e) {
    return e.getLocation() == null ? "" : " (line " + e.getLocation().getLineNr() + ")";
  }

  @SuppressWarnings({"NullAway", "ConstantValue"}) // absent keys arrive as null until they are checked here
  private List<String> problems() {
    var problems = new ArrayList<String>();
    if (version != VERSION) {
      problems.add("dfconf must be " + VERSION);
    }
    if (name == null || name.isBlank()) {
      problems.add("name is required");
    }
    if (transport == null || transport.mode() == null) {
      problems.add("transport.mode is required: plain or mtls");
    } else if (transport.mode() == Mode.MTLS
        && (transport.trustDomain() == null || transport.identities() == null || transport.cluster() == null)) {
      problems.add("transport with mtls needs trust-domain, cluster and identities");
    }
    if (roles == null || roles.isEmpty()) {
      problems.add("roles must name at least one role");
    } else {
      roles.forEach((role, program) -> program(role, program, problems));
    }
    return problems;
  }

  private void program(Role role, @Nullable Program program, List<String> problems) {
    String at = "roles." + role.text();
    if (program == null) {
      problems.add(at + " is empty");
      return;
    }
    if (program.command() == null && program.endpoint() == null) {
      problems.add(at + " needs a command or an endpoint");
    }
    if (program.command() != null && program.ready() == null) {
      problems.add(at + ".ready is required beside a command");
    }
    if (transport.mode() == Mode.MTLS && program.command() != null && program.identity() == null) {
      problems.add(at + ".identity is required with mtls");
    }
    String ready = program.ready();
    if (ready != null) {
      try {
        if (!Pattern.compile(ready).namedGroups().containsKey("port") && program.endpoint() == null) {
          problems.add(at + ".ready has no group named port, so endpoint is required");
        }
      } catch (PatternSyntaxException e) {
        problems.add(at + ".ready is not a pattern: " + e.getDescription());
      }
    }
  }
}
