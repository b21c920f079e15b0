package dev.damselfly.fuzz.pages;

import com.tngtech.archunit.core.domain.AccessTarget;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import dev.damselfly.authz.config.ConfigReader;
import dev.damselfly.authz.policy.Policy;
import io.grpc.BindableService;
import io.grpc.ServiceDescriptor;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeElement;
import java.lang.classfile.MethodModel;
import java.lang.classfile.instruction.ConstantInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.reflect.Method;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Where something from outside comes into a process, or a process goes outside: found in the class files and tables.
final class Entries {
  /// A way in or out, told by the calls that make one.
  enum Kind {
    LISTENER("listens", "NettyServerBuilder.forAddress ServerBootstrap.bind ServerSocketChannel.open AsynchronousServerSocketChannel.open ServerSocket.<init> DatagramChannel.open HttpServer.create"),
    OUTBOUND("connects", "SocketChannel.open Socket.<init> Bootstrap.connect NettyChannelBuilder.forAddress HttpClient.newHttpClient GuardedChannels.open EgressGate.connect EgressGate.check Resolver.resolve InetAddress.getAllByName InetAddress.getByName"),
    FILE("files", "SafeDir.open SafeDir.openOrCreate Files.newByteChannel Files.newInputStream Files.newOutputStream Files.readAllBytes Files.readString Files.readAllLines Files.write Files.writeString Files.newBufferedReader Files.newBufferedWriter Files.createDirectories Files.createDirectory Files.createTempFile Files.newDirectoryStream Files.list Files.move FileChannel.open RandomAccessFile.<init> FileInputStream.<init> FileOutputStream.<init> DriverManager.getConnection Jdbi.create SQLiteDataSource.getConnection"),
    PROGRAM("starts programs", "ProcessBuilder.<init> Runtime.exec"),
    NATIVE("calls native code", "Linker.downcallHandle Linker.nativeLinker SymbolLookup.libraryLookup");

    final String words;
    @SuppressWarnings("ImmutableEnumChecker") // always from Set.of
    final Set<String> calls;

    Kind(String words, String calls) {
      this.words = words;
      this.calls = Set.of(calls.split(" "));
    }
  }

  /// @param what class, RPC, request, route, command or key
  record Entry(String what, String type, Set<String> threats) {}

  /// An RPC, and who may call it by the listener with TLS and by the one without; nothing where there is none.
  record Rpc(String name, Optional<Policy.Row> guarded, Optional<Policy.Row> legacy, Proofs.@Nullable Input input) {}

  static final JavaClasses MAIN = imported(false);
  private static final JavaClasses TESTS = imported(true);
  private static final Map<JavaClass, Set<JavaClass>> NEXT = new HashMap<>();

  private final Tree tree;
  private final Proofs proofs;
  private final Map<JavaClass, Set<Kind>> kinds = new HashMap<>();
  private final Map<String, Set<String>> ofPackage = new HashMap<>();

  Entries(Tree tree, Proofs proofs) {
    this.tree = tree;
    this.proofs = proofs;
  }

  private static JavaClasses imported(boolean tests) {
    return new ClassFileImporter()
        .withImportOption(location -> tests == (location.contains("/test-classes/") || location.contains("-tests.jar")))
        .withImportOption(location -> !tests || location.contains("/Served")) // the rest of the tests says nothing
        .importPackages("dev.damselfly");
  }

  /// Everything that a process may run: from its own packages on, but not into those of another process.
  static Set<JavaClass> reachable(Part part) {
    var seen = new TreeMap<String, JavaClass>();
    var next = new ArrayDeque<JavaClass>();
    MAIN.stream().filter(type -> part.begins(type.getName()) && !isGenerated(type)).forEach(next::add);
    while (!next.isEmpty()) {
      JavaClass type = next.removeFirst();
      if (!isGenerated(type) && Part.mayEnter(part, type.getPackageName()) && seen.put(type.getName(), type) == null) {
        next.addAll(NEXT.computeIfAbsent(type, Entries::needed));
      }
    }
    return new LinkedHashSet<>(seen.values());
  }

  private static Set<JavaClass> needed(JavaClass type) {
    return type.getDirectDependenciesFromSelf().stream()
        .map(to -> to.getTargetClass().getBaseComponentType())
        .filter(base -> MAIN.contain(base.getName()))
        .collect(Collectors.toSet());
  }

  private static boolean isGenerated(JavaClass type) {
    return type.getPackageName().startsWith("dev.damselfly.api.wire") && type.getPackageName().matches(".*\\.v[0-9]+");
  }

  /// Classes with calls of a kind, the outer one for an inner one.
  List<Entry> of(Set<JavaClass> classes, Kind kind) {
    var found = new TreeSet<String>();
    for (JavaClass type : classes) {
      if (kinds.computeIfAbsent(type, Entries::kinds).contains(kind)) {
        found.add(type.getName().replaceAll("\\$.*", ""));
      }
    }
    return found.stream().map(type -> new Entry(type, type, threats(type))).toList();
  }

  private static Set<Kind> kinds(JavaClass type) {
    var all = EnumSet.noneOf(Kind.class);
    for (JavaAccess<?> access : type.getAccessesFromSelf()) {
      AccessTarget target = access.getTarget();
      for (Kind kind : Kind.values()) {
        if (kind.calls.contains(target.getOwner().getSimpleName() + "." + target.getName())) {
          all.add(kind);
        }
      }
    }
    return all;
  }

  /// Threats that the package says it answers, and that its tests name.
  Set<String> ofPackage(String name) {
    return ofPackage.computeIfAbsent(name, folder -> {
      var all = new TreeSet<>(tree.answeredBy(folder));
      proofs.tests.stream().filter(test -> test.folder().equals(folder)).forEach(test -> all.addAll(test.threats()));
      return all;
    });
  }

  /// Threats of the input table, of the package, of its tests, and of bugs planted in the class.
  Set<String> threats(String type) {
    var all = new TreeSet<String>();
    all.addAll(ofPackage(type.substring(0, type.lastIndexOf('.'))));
    String file = "/" + type.replace('.', '/') + ".java";
    proofs.planted.stream().filter(row -> row.files().stream().anyMatch(name -> name.endsWith(file))).forEach(row -> all.addAll(row.threats()));
    Proofs.Input input = proofs.inputs.get(type);
    if (input != null) {
      all.addAll(input.threats());
      all.addAll(input.bounds());
    }
    return all;
  }

  /// RPCs of the services that classes of a process implement, with the rows of every policy table of that process.
  List<Rpc> rpcs(Part part) {
    var guarded = new TreeMap<String, Policy.Row>();
    var legacy = new TreeMap<String, Policy.Row>();
    policies(part, "policy").forEach(policy -> policy.rows().forEach(row -> guarded.put(row.method(), row)));
    policies(part, "legacyPolicy").forEach(policy -> policy.rows().forEach(row -> legacy.put(row.method(), row)));
    var names = new TreeSet<>(guarded.keySet());
    names.addAll(legacy.keySet());
    MAIN.stream()
        .filter(type -> type.isAssignableTo(BindableService.class) && !isGenerated(type) && part.owns(type.getPackageName()))
        .forEach(type -> service(type).getMethods().forEach(method -> names.add(method.getFullMethodName())));
    return names.stream().map(name -> new Rpc(name, Optional.ofNullable(guarded.get(name)), Optional.ofNullable(legacy.get(name)), inputOf(name))).toList();
  }

  private Proofs.@Nullable Input inputOf(String rpc) {
    Proofs.Input own = proofs.inputs.get(rpc);
    return own != null ? own : proofs.inputs.get(rpc.substring(0, rpc.indexOf('/')) + "/*");
  }

  private static ServiceDescriptor service(JavaClass implementation) {
    try {
      Class<?> base = implementation.getRawSuperclass().orElseThrow().reflect().getEnclosingClass();
      return (ServiceDescriptor) base.getMethod("getServiceDescriptor").invoke(null);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(implementation.getName() + " implements no generated service", e);
    }
  }

  /// The tables as the processes make them: static methods without parameters of the `Served` classes of the tests.
  private static List<Policy> policies(Part part, String name) {
    var all = new ArrayList<Policy>();
    for (JavaClass type : TESTS) {
      boolean makes = part.owns(type.getPackageName()) && type.tryGetMethod(name).filter(method -> method.getModifiers().contains(JavaModifier.STATIC)).isPresent();
      if (makes && type.getMethod(name).getRawReturnType().isEquivalentTo(Policy.class)) {
        all.add(made(type, name));
      }
    }
    return all;
  }

  private static Policy made(JavaClass type, String name) {
    try {
      Method method = type.reflect().getDeclaredMethod(name);
      method.setAccessible(true);
      return (Policy) method.invoke(null);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(type.getName() + " makes no policy", e);
    }
  }

  /// Constants that a class hands to methods that read configuration (`ConfigReader`) or the environment, by class.
  static Map<String, Set<String>> constants(Set<JavaClass> classes, boolean config) {
    var all = new TreeMap<String, Set<String>>();
    for (JavaClass type : classes) {
      for (MethodModel method : ClassFile.of().parse(bytes(type)).methods()) {
        method.code().ifPresent(code -> collect(type, code.elementList(), config, all));
      }
    }
    return all;
  }

  private static void collect(JavaClass type, List<CodeElement> code, boolean config, Map<String, Set<String>> all) {
    var reader = ConfigReader.class.getName().replace('.', '/');
    var texts = new ArrayList<String>();
    for (CodeElement element : code) {
      switch (element) {
        case ConstantInstruction constant when constant.constantValue() instanceof String text -> texts.add(text);
        case InvokeInstruction call -> {
          boolean reads = config ? call.owner().asInternalName().equals(reader) && !call.name().equalsString("problem") : call.name().equalsString("getenv");
          if (reads && !texts.isEmpty() && call.type().stringValue().contains("Ljava/lang/String;")) {
            all.computeIfAbsent(type.getName().replaceAll("\\$.*", ""), _ -> new TreeSet<>()).add(config ? texts.getFirst() : texts.getLast());
          }
          if (reads || !call.owner().asInternalName().startsWith("java/")) {
            texts.clear();
          }
        }
        default -> {}
      }
    }
  }

  private static byte[] bytes(JavaClass type) {
    try (@Nullable InputStream in = Entries.class.getClassLoader().getResourceAsStream(type.getName().replace('.', '/') + ".class")) {
      if (in == null) {
        throw new IllegalStateException(type.getName() + " is not on the class path");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String roles(Policy.Row row) {
    return row.roles().isEmpty() ? "nobody" : row.roles().stream().map(role -> role.name().toLowerCase(java.util.Locale.ROOT).replace('_', ' ')).sorted().collect(Collectors.joining(", "));
  }
}
