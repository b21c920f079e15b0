import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import javax.tools.ToolProvider;
import org.junit.platform.engine.CancellationToken;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherExecutionRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/// Compiles planted bugs and runs tests in front of them, in one warm process. Reads requests and writes one answer each:
///
///     compile<TAB>output<TAB>class path<TAB>source...   ok | error<TAB>message
///     test<TAB>class path<TAB>class...                  passed | failed<TAB>Class.method | none | hung
///
/// Every request of tests has class loaders of its own; libraries are shared. It ends at the first test that fails.
final class Tests {
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private Tests() {}

  public static void main(String[] args) throws Exception {
    PrintStream answers = System.out;
    System.setOut(System.err);
    var requests = new BufferedReader(new InputStreamReader(System.in));
    for (String line = requests.readLine(); line != null; line = requests.readLine()) {
      List<String> parts = List.of(line.split("\t"));
      answers.println(
          parts.getFirst().equals("compile")
              ? compile(parts.get(1), parts.get(2), parts.subList(3, parts.size()))
              : test(parts.get(1), parts.subList(2, parts.size())));
      answers.flush();
    }
    Runtime.getRuntime().halt(0); // what planted bugs left behind is not worth a tidy end
  }

  private static String compile(String output, String classPath, List<String> sources) {
    var arguments = new ArrayList<>(List.of("-proc:none", "-nowarn", "-parameters", "-d", output, "-cp"));
    arguments.add(classPath + ":" + System.getProperty("java.class.path"));
    arguments.addAll(sources);
    var told = new ByteArrayOutputStream();
    int status = ToolProvider.getSystemJavaCompiler().run(null, told, told, arguments.toArray(String[]::new));
    System.err.println(told);
    String first =
        told.toString().lines().filter(l -> l.contains("error: ")).map(l -> l.replaceFirst(".*error: ", "")).findFirst().orElse("");
    return status == 0 ? "ok" : "error\t" + first;
  }

  private static String test(String classPath, List<String> names) throws IOException, InterruptedException {
    var answer = new AtomicReference<>("hung");
    try (var loader = new URLClassLoader(urls(classPath), Tests.class.getClassLoader())) {
      var run = new Thread(() -> answer.set(run(loader, names)), "tests");
      run.setDaemon(true);
      run.setContextClassLoader(loader);
      run.start();
      run.join(PATIENCE);
    }
    return answer.get();
  }

  private static URL[] urls(String classPath) throws MalformedURLException {
    var urls = new ArrayList<URL>();
    for (String entry : classPath.split(":")) {
      urls.add(new File(entry).toURI().toURL());
    }
    return urls.toArray(URL[]::new);
  }

  private static String run(ClassLoader loader, List<String> names) {
    var selectors = new ArrayList<DiscoverySelector>();
    try {
      for (String name : names) {
        selectors.add(DiscoverySelectors.selectClass(loader.loadClass(name)));
      }
    } catch (ClassNotFoundException | LinkageError e) {
      e.printStackTrace();
      return "none";
    }
    var discovery = LauncherDiscoveryRequestBuilder.request().selectors(selectors).build();
    var watch = new Watch();
    LauncherFactory.create()
        .execute(
            LauncherExecutionRequestBuilder.request(discovery).listeners(watch).cancellationToken(watch.token).build());
    String failed = watch.failed.get();
    return !failed.isEmpty() ? "failed\t" + failed : watch.passed.get() > 0 ? "passed" : "none";
  }

  private static final class Watch implements TestExecutionListener {
    final CancellationToken token = CancellationToken.create();
    final AtomicInteger passed = new AtomicInteger();
    final AtomicReference<String> failed = new AtomicReference<>("");

    @Override
    public void executionFinished(TestIdentifier test, TestExecutionResult result) {
      if (result.getStatus() == Status.FAILED && failed.compareAndSet("", nameOf(test))) {
        System.err.println(failed.get());
        result.getThrowable().ifPresent(Throwable::printStackTrace);
        token.cancel();
      }
      if (result.getStatus() == Status.SUCCESSFUL && test.isTest()) {
        passed.incrementAndGet();
      }
    }

    private static String nameOf(TestIdentifier test) {
      return switch (test.getSource().orElse(null)) {
        case MethodSource method -> simple(method.getClassName()) + "." + method.getMethodName();
        case ClassSource whole -> simple(whole.getClassName());
        case null, default -> test.getDisplayName();
      };
    }

    private static String simple(String name) {
      return Arrays.asList(name.split("\\.")).getLast();
    }
  }
}
