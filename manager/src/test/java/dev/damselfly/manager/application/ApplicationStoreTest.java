package dev.damselfly.manager.application;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.testing.ManualClock;
import dev.damselfly.manager.application.ApplicationSpec.Priority;
import dev.damselfly.manager.application.ApplicationSpec.UrlPriority;
import dev.damselfly.manager.document.TextPattern;
import dev.damselfly.manager.store.Database;
import dev.damselfly.manager.store.DatabaseLocation;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class ApplicationStoreTest {
  private final Database database = Database.open(new DatabaseLocation.Memory("applications"));
  private final ApplicationStore store = new ApplicationStore(database, ManualClock.somewhere());

  @AfterEach
  void close() {
    database.close();
  }

  private static ApplicationSpec application(String name, int level) {
    var urls = List.of(new UrlPriority(TextPattern.parse("[.]iso$"), 5));
    return new ApplicationSpec(name, "https://app.example/", "about", new Priority(level, urls));
  }

  @Test
  void declare_keepsEveryPartAndTheNumber() {
    store.declare(List.of(application("a", 1), application("b", 1)));
    var withoutA = store.declare(List.of(application("b", 2)));
    var again = store.declare(List.of(application("c", 3), application("a", 4)));

    assertThat(withoutA).containsExactly(new Application(2, application("b", 2)));
    assertThat(again).containsExactly(new Application(1, application("a", 4)), new Application(3, application("c", 3)));
  }

  @Test
  void document_hasTheWireKeys() {
    assertThat(ApplicationStore.document(application("a", 2).priority()))
        .isEqualTo("{\"value\":2,\"urls\":[{\"regex\":\"[.]iso$\",\"value\":5}]}");
    assertThat(ApplicationStore.document(new Priority(0, List.of()))).isEqualTo("{\"value\":0}");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"value\":21}",
        "{\"value\":-1}",
        "{\"value\":\"1\"}",
        "{\"value\":1,\"urls\":[null]}",
        "{\"value\":1,\"urls\":[{\"value\":1}]}",
        "{\"value\":1,\"urls\":[{\"regex\":\"a\"}]}",
        "{\"value\":1,\"urls\":[{\"regex\":\"(\",\"value\":1}]}",
        "{\"value\":1,\"urls\":[{\"regex\":\"a\",\"value\":1,\"more\":1}]}"
      })
  void priority_refusesDocumentsThatAreNotExact(String json) {
    assertThatThrownBy(() -> ApplicationStore.priority(json)).isInstanceOf(InvalidValue.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "relative/path", "http://a b/", "://x"})
  void spec_refusesUrlsThatAreNotAbsolute(String url) {
    assertThatThrownBy(() -> new ApplicationSpec("a", url, "", new Priority(0, List.of())))
        .isInstanceOf(InvalidValue.class);
  }
}
