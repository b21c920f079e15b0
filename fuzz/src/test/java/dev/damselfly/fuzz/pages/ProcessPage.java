package dev.damselfly.fuzz.pages;

import static dev.damselfly.fuzz.pages.ThreatPages.cell;

import com.google.protobuf.Descriptors.FieldDescriptor;
import com.tngtech.archunit.core.domain.JavaClass;
import dev.damselfly.api.wire.local.v1.LocalRequest;
import dev.damselfly.authz.limits.Bound;
import dev.damselfly.fuzz.pages.Entries.Entry;
import dev.damselfly.fuzz.pages.Entries.Kind;
import dev.damselfly.fuzz.pages.Entries.Rpc;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// What one process has: ways in and out, boundaries, threats.
final class ProcessPage {
  private static final String LOCAL = "dev.damselfly.peer.control.LocalServer";
  private static final String ROUTES = "dev.damselfly.peer.proxy.Route";
  private static final String HELP = "dev.damselfly.dist.cli.Help";

  private final ThreatPages all;
  private final Part part;
  private final Set<JavaClass> classes;
  private final List<Rpc> rpcs;
  private final Map<Kind, List<Entry>> ways = new EnumMap<>(Kind.class);
  private final Set<String> threats = new TreeSet<>();
  private final StringBuilder text = new StringBuilder();

  ProcessPage(ThreatPages all, Part part) {
    this.all = all;
    this.part = part;
    this.classes = Entries.reachable(part);
    this.rpcs = all.entries.rpcs(part);
    for (Kind kind : Kind.values()) {
      ways.put(kind, all.entries.of(classes, kind));
    }
  }

  String text() {
    text.append("# The %s%n%n".formatted(part == Part.CLI ? "command line" : part.page()));
    text.append("Found in the class files, the policy tables and the input table. A class stands here when the process can reach it; a threat when the input table, the package, a test of the package or a bug planted in the class names it.\n\n");
    text.append("## Data flow\n\n").append(diagram());
    text.append("\n## Entry points\n");
    calls();
    requests();
    named("Routes of the registry mirror", ROUTES, part == Part.PEER ? routes() : List.of());
    named("Commands", HELP, part == Part.CLI ? commands() : List.of());
    ways(Kind.LISTENER, "Sockets that it listens at");
    ways(Kind.FILE, "Files");
    ways(Kind.PROGRAM, "Programs that it starts");
    ways(Kind.NATIVE, "Native code that it calls");
    constants("Configuration keys", true);
    constants("Environment", false);
    parsers();
    text.append("\n## Trust boundaries\n\n").append(boundaries());
    bounds();
    table();
    return text.toString();
  }

  private void note(String what, Set<String> ids) {
    all.require(part, what, ids);
    threats.addAll(ids);
  }

  private void calls() {
    if (rpcs.isEmpty()) {
      return;
    }
    text.append("\n### RPCs\n\n| RPC | with an identity | without TLS, where configured | fuzz targets | bounds | threats |\n| --- | --- | --- | --- | --- | --- |\n");
    for (Rpc rpc : rpcs) {
      var input = rpc.input();
      Set<String> ids = input == null ? own("RPC of the issuer") : input.threats();
      note(rpc.name(), ids);
      text.append("| `%s` | %s | %s | %s | %s | %s |%n".formatted(
          rpc.name(), rpc.guarded().map(Entries::roles).orElse("-"), rpc.legacy().map(Entries::roles).orElse("-"),
          input == null ? "-" : String.join(", ", input.targets()), input == null ? "-" : all.ids(input.bounds()), all.ids(ids)));
    }
  }

  /// An RPC that is in no table of inputs: that of its package.
  private Set<String> own(String what) {
    var ids = new TreeSet<String>();
    classes.stream().filter(type -> type.isAssignableTo(io.grpc.BindableService.class) && part.owns(type.getPackageName())).forEach(type -> ids.addAll(all.entries.threats(type.getName())));
    return ids;
  }

  private boolean has(String type) {
    return classes.stream().anyMatch(found -> found.getName().equals(type)) && part == Part.PEER;
  }

  private void requests() {
    named("Requests of the local socket", LOCAL, has(LOCAL) ? LocalRequest.getDescriptor().getOneofs().getFirst().getFields().stream().map(FieldDescriptor::getName).toList() : List.of());
  }

  private static List<String> routes() {
    try {
      return Arrays.stream(Class.forName(ROUTES).getPermittedSubclasses()).map(Class::getSimpleName).toList();
    } catch (ClassNotFoundException e) {
      throw new IllegalStateException(e);
    }
  }

  private static List<String> commands() {
    try {
      var field = Class.forName(HELP).getDeclaredField("COMMANDS");
      field.setAccessible(true);
      var names = new ArrayList<String>();
      for (Object topic : (List<?>) field.get(null)) {
        var name = topic.getClass().getDeclaredMethod("name");
        name.setAccessible(true);
        names.add(String.valueOf(name.invoke(topic)));
      }
      return names;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private void named(String title, String type, List<String> names) {
    if (!names.isEmpty()) {
      Set<String> ids = all.entries.threats(type);
      text.append("\n### %s%n%n%s%n%nThreats: %s%n".formatted(title, names.stream().map(name -> "`" + name + "`").collect(Collectors.joining(", ")), all.ids(ids)));
      names.forEach(name -> note(name, ids));
    }
  }

  private void ways(Kind kind, String title) {
    List<Entry> entries = ways.getOrDefault(kind, List.of());
    if (!entries.isEmpty()) {
      text.append("\n### %s%n%n| class | what it says | threats |%n| --- | --- | --- |%n".formatted(title));
      for (Entry entry : entries) {
        note(entry.type(), entry.threats());
        text.append("| `%s` | %s | %s |%n".formatted(name(entry.type()), cell(all.tree.about(entry.type())), all.ids(entry.threats())));
      }
    }
  }

  private static String name(String type) {
    return type.substring("dev.damselfly.".length());
  }

  private void constants(String title, boolean config) {
    Map<String, Set<String>> found = Entries.constants(classes, config);
    found.keySet().removeIf(type -> type.endsWith(".ConfigReader"));
    if (!found.isEmpty()) {
      text.append("\n### %s%n%n| read by | names | threats |%n| --- | --- | --- |%n".formatted(title));
      found.forEach((type, names) -> {
        Set<String> ids = all.entries.threats(type);
        note(type, ids);
        text.append("| `%s` | %s | %s |%n".formatted(name(type), names.stream().map(key -> "`" + key + "`").collect(Collectors.joining(", ")), all.ids(ids)));
      });
    }
  }

  private void parsers() {
    var found = new TreeMap<String, Proofs.Input>();
    for (JavaClass type : classes) {
      Proofs.Input input = all.proofs.inputs.get(type.getName());
      if (input != null) {
        found.put(type.getName(), input);
      }
    }
    if (!found.isEmpty()) {
      text.append("\n### Parsers\n\n| class | fuzz targets | bounds | threats |\n| --- | --- | --- | --- |\n");
      found.forEach((type, input) -> {
        note(type, input.threats());
        text.append("| `%s` | %s | %s | %s |%n".formatted(name(type), String.join(", ", input.targets()), all.ids(input.bounds()), all.ids(input.threats())));
      });
    }
  }

  private String boundaries() {
    var rows = new StringBuilder("| crossing | way | where | what it says |\n| --- | --- | --- | --- |\n");
    for (Kind kind : Kind.values()) {
      for (Entry entry : ways.getOrDefault(kind, List.of())) {
        if (kind == Kind.FILE) {
          continue; // has a table of its own
        }
        if (kind == Kind.OUTBOUND) {
          note(entry.type(), entry.threats());
        }
        String way = kind == Kind.LISTENER ? "in" : "out";
        rows.append("| %s | %s | `%s` | %s |%n".formatted(kind.words, way, name(entry.type()), cell(all.tree.about(entry.type()))));
      }
    }
    return rows + "\nFiles are a boundary, too: the table above names every class that opens one.\n";
  }

  private void bounds() {
    var rows = Arrays.stream(Bound.values()).filter(bound -> bound.parts().stream().anyMatch(of -> of.name().equals(part.name()))).toList();
    if (!rows.isEmpty()) {
      text.append("\n## Limits\n\n| limit | value | at most | beyond | threat |\n| --- | --- | --- | --- | --- |\n");
      for (Bound bound : rows) {
        note(bound.key(), Set.of(bound.id()));
        text.append("| %s | %d | %d %s | %s | %s |%n".formatted(bound.what(), bound.standard(), bound.most(), bound.unit().name().toLowerCase(Locale.ROOT).replace('_', ' '), bound.breach(), all.ids(Set.of(bound.id()))));
      }
    }
  }

  private void table() {
    classes.stream().map(JavaClass::getPackageName).distinct().forEach(folder -> threats.addAll(all.entries.ofPackage(folder)));
    all.proofs.tests.stream().filter(test -> part.isTestedIn(test.module())).forEach(test -> threats.addAll(test.threats()));
    text.append("\n## Threats\n\n| threat | what it is | what answers it | tests | planted bugs |\n| --- | --- | --- | --- | --- |\n");
    for (String id : Threats.sorted(threats)) {
      Threats.Row row = all.threats.get(id);
      if (row != null) {
        var ids = all.ids(row);
        text.append("| %s | %s | %s | %d | %d |%n".formatted(all.links(Set.of(id)), cell(row.text("threat")), cell(row.waitsFor().map(it -> "waits for " + it).orElse(row.text("control"))), all.proofs.testsOf(ids).size(), all.proofs.plantedOf(ids).size()));
      }
    }
  }

  /// Callers by role and service, sockets, what it connects to, and the disk.
  private String diagram() {
    var lines = new ArrayList<>(List.of("flowchart LR"));
    lines.add("  self[[\"%s\"]]".formatted(part.page()));
    lines.add("  subgraph identities [\"with an identity, mutual TLS\"]");
    var arrows = new TreeSet<String>();
    callers(lines, arrows, true);
    lines.add("  end\n  subgraph plain [\"without identity, where configured\"]");
    callers(lines, arrows, false);
    lines.add("  end\n  subgraph outside [\"outside\"]");
    for (Entry entry : ways.getOrDefault(Kind.OUTBOUND, List.of())) {
      lines.add("    %s([\"%s\"])".formatted(node("out", entry), name(entry.type())));
      arrows.add("  self --> " + node("out", entry));
    }
    lines.add("  end\n  subgraph machine [\"this machine\"]");
    for (Entry entry : ways.getOrDefault(Kind.LISTENER, List.of())) {
      lines.add("    %s[/\"%s\"/]".formatted(node("in", entry), name(entry.type())));
      arrows.add("  %s -->|\"listens\"| self".formatted(node("in", entry)));
    }
    if (!ways.getOrDefault(Kind.FILE, List.of()).isEmpty()) {
      lines.add("    disk[(\"disk\")]");
      arrows.add("  self <--> disk");
    }
    lines.add("  end");
    lines.addAll(arrows);
    return "```mermaid\n" + String.join("\n", lines).replaceAll("  subgraph \\w+ \\[[^\\]]*]\n  end\n", "") + "\n```\n";
  }

  private static String node(String prefix, Entry entry) {
    return prefix + "_" + entry.type().replaceAll("[^A-Za-z0-9]", "_");
  }

  private void callers(List<String> lines, Set<String> arrows, boolean guarded) {
    var services = new TreeMap<String, Map<String, Integer>>();
    for (Rpc rpc : rpcs) {
      var row = guarded ? rpc.guarded() : rpc.legacy();
      row.ifPresent(it -> it.roles().forEach(role -> services.computeIfAbsent(role.name().toLowerCase(Locale.ROOT), _ -> new TreeMap<>()).merge(rpc.name().substring(0, rpc.name().indexOf('/')), 1, Integer::sum)));
    }
    services.forEach((role, called) -> {
      String node = (guarded ? "role_" : "plain_") + role;
      lines.add("    %s([\"%s\"])".formatted(node, role.replace('_', ' ')));
      called.forEach((service, count) -> arrows.add("  %s -->|\"%s: %d\"| self".formatted(node, service, count)));
    });
  }
}
