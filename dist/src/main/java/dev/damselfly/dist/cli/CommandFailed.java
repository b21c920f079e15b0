package dev.damselfly.dist.cli;

/// A command ends without success. The text is for a person and says what to do.
final class CommandFailed extends Exception {
  private static final long serialVersionUID = 1L;
  private final ExitCode code;

  CommandFailed(ExitCode code, String text) {
    super(text, null, false, false);
    this.code = code;
  }

  ExitCode code() {
    return code;
  }

  String text() {
    return String.valueOf(getMessage());
  }
}
