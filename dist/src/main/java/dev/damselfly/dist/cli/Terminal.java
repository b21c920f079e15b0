package dev.damselfly.dist.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/// What the process prints to.
final class Terminal {
  private static final int DEFAULT_WIDTH = 80;

  private Terminal() {}

  @SuppressWarnings("SystemConsoleNull") // absent when standard input or output is no terminal
  static boolean present() {
    var console = System.console();
    return console != null && console.isTerminal() && !"dumb".equals(System.getenv("TERM"));
  }

  /// Columns of the terminal; 80 when it does not say.
  static int width() {
    try {
      var process = new ProcessBuilder("stty", "size").redirectInput(ProcessBuilder.Redirect.INHERIT).start();
      if (!process.waitFor(1, TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return DEFAULT_WIDTH;
      }
      String[] size = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII).strip().split(" ");
      int width = size.length == 2 ? Integer.parseInt(size[1]) : DEFAULT_WIDTH;
      return width > 0 ? width : DEFAULT_WIDTH;
    } catch (IOException | NumberFormatException e) {
      return DEFAULT_WIDTH;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return DEFAULT_WIDTH;
    }
  }
}
