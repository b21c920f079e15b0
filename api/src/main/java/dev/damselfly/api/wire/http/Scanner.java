package dev.damselfly.api.wire.http;

import dev.damselfly.api.error.InvalidValue;

/// Left-to-right reader of a header value. Every method either takes what it names or refuses.
final class Scanner {
  private final String text;
  private final String rule;
  private int at;

  /// @param rule text of the refusal
  Scanner(String text, String rule) {
    this.text = text;
    this.rule = rule;
  }

  InvalidValue bad() {
    return new InvalidValue(rule);
  }

  boolean atEnd() {
    return at == text.length();
  }

  boolean at(char c) {
    return at < text.length() && text.charAt(at) == c;
  }

  boolean skip(char c) {
    if (!at(c)) {
      return false;
    }
    at++;
    return true;
  }

  void take(char c) {
    if (!skip(c)) {
      throw bad();
    }
  }

  /// ASCII letters in any case.
  void takeWord(String lower) {
    if (!text.regionMatches(true, at, lower, 0, lower.length()) || !isAscii(at, at + lower.length())) {
      throw bad();
    }
    at += lower.length();
  }

  private boolean isAscii(int from, int to) {
    for (int i = from; i < to; i++) {
      if (text.charAt(i) >= 0x80) {
        return false;
      }
    }
    return true;
  }

  void skipBlanks() {
    while (at(' ') || at('\t')) {
      at++;
    }
  }

  boolean atDigit() {
    return at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9';
  }

  /// One or more digits, with leading zeros as RFC 9110 allows, below 2^63.
  long takeNumber() {
    if (!atDigit()) {
      throw bad();
    }
    long value = 0;
    while (atDigit()) {
      int digit = text.charAt(at++) - '0';
      if (value > (Long.MAX_VALUE - digit) / 10) {
        throw bad();
      }
      value = value * 10 + digit;
    }
    return value;
  }

  void takeEnd() {
    if (!atEnd()) {
      throw bad();
    }
  }
}
