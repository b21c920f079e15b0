package dev.damselfly.conformance.suite;

import dev.damselfly.conformance.target.Role;
import java.util.ArrayList;
import java.util.List;

/// One behaviour and how it is observed.
///
/// @param id `<area>-<nnn>/<variant>`, never used again for something else
/// @param behaviour row of the behaviour tables: `C1..C20` of a peer, `B1..B30` of manager and scheduler
/// @param clause document and section of the wire specification
/// @param needs capabilities without which the case is unsupported; the role is one of them
/// @param onlyInterop the hardened profile expects something else, in a case of its own
public record Case(
    String id,
    String behaviour,
    Level level,
    Role role,
    String clause,
    String title,
    List<String> needs,
    boolean onlyInterop,
    Body body) {
  /// Plays the case; returns when the program did what the clause says.
  public interface Body {
    void play(Stage stage) throws Exception;
  }

  public Case {
    needs = List.copyOf(needs);
  }

  /// A rule that is needed to interoperate.
  public static Case wire(String id, String behaviour, Role role, String clause, String title, Body body) {
    return new Case(id, behaviour, Level.MUST_WIRE, role, clause, title, List.of(role.text()), false, body);
  }

  /// A rule of the hardened profile.
  public static Case security(String id, String behaviour, Role role, String clause, String title, Body body) {
    return new Case(id, behaviour, Level.SEC_MUST, role, clause, title, List.of(role.text()), false, body);
  }

  /// The same case for programs that claim the capability.
  public Case needing(String capability) {
    var more = new ArrayList<>(needs);
    more.add(capability);
    return new Case(id, behaviour, level, role, clause, title, more, onlyInterop, body);
  }

  /// The same case, not part of the hardened profile.
  public Case interopOnly() {
    return new Case(id, behaviour, level, role, clause, title, needs, true, body);
  }
}
