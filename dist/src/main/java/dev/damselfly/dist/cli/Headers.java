package dev.damselfly.dist.cli;

import java.io.IOException;
import java.nio.charset.MalformedInputException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Request headers of the command line: `Name: value`, or `@FILE` with one per line. A value on the command line is
/// visible to other users of the machine, so headers that carry credentials are taken from a file alone (S-DLG-6).
final class Headers {
  private static final List<String> SECRET =
      List.of("authorization", "cookie", "proxy-authorization", "private-token", "x-api-key", "x-auth-token", "x-amz-security-token");

  private Headers() {}

  static Map<String, String> read(List<String> values) throws CommandFailed {
    var headers = new LinkedHashMap<String, String>();
    for (String value : values) {
      if (value.startsWith("@")) {
        for (String line : lines(value.substring(1))) {
          if (!line.isBlank()) {
            put(headers, line);
          }
        }
        continue;
      }
      if (isSecret(put(headers, value))) {
        throw new CommandFailed(
            ExitCode.USAGE, "other users can see a credential in the process list; put the header in a file and give -H @FILE");
      }
    }
    return headers;
  }

  private static boolean isSecret(String name) {
    return SECRET.contains(name.toLowerCase(Locale.ROOT));
  }

  private static String put(Map<String, String> headers, String line) throws CommandFailed {
    int colon = line.indexOf(':');
    if (colon < 1) {
      throw new CommandFailed(ExitCode.USAGE, "a header must be \"Name: value\"");
    }
    String name = line.substring(0, colon).strip();
    if (headers.put(name, line.substring(colon + 1).strip()) != null) {
      throw new CommandFailed(ExitCode.USAGE, "a header stands twice: " + name);
    }
    return name;
  }

  private static List<String> lines(String file) throws CommandFailed {
    try {
      if (Files.size(Path.of(file)) > 64 << 10) {
        throw new CommandFailed(ExitCode.USAGE, "the header file is larger than 64 KiB");
      }
      return Files.readAllLines(Path.of(file));
    } catch (MalformedInputException e) {
      throw new CommandFailed(ExitCode.USAGE, "the header file is not UTF-8 text");
    } catch (IOException e) {
      throw new CommandFailed(ExitCode.LOCAL_IO, "the header file cannot be read: " + file);
    }
  }
}
