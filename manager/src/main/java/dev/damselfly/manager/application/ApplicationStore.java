package dev.damselfly.manager.application;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.manager.application.ApplicationSpec.Priority;
import dev.damselfly.manager.application.ApplicationSpec.UrlPriority;
import dev.damselfly.manager.document.Json;
import dev.damselfly.manager.document.TextPattern;
import dev.damselfly.manager.store.Database;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/// Rows of applications. A name keeps its number for good, also while it is not declared.
public final class ApplicationStore {
  private static final String UPDATE =
      """
      update application set updated_ms = :now, is_del = 0, url = :url, bio = :bio, priority = :priority
      where name = :name""";
  private static final String INSERT =
      """
      insert into application (created_ms, updated_ms, is_del, name, url, bio, priority)
      values (:now, :now, 0, :name, :url, :bio, :priority)""";

  private final Database database;
  private final InstantSource clock;

  public ApplicationStore(Database database, InstantSource clock) {
    this.database = database;
    this.clock = clock;
  }

  record PriorityDocument(@Nullable Integer value, @Nullable List<UrlDocument> urls) {}

  record UrlDocument(@Nullable String regex, @Nullable Integer value) {}

  /// Makes the rows say what the operator declared, all or nothing.
  ///
  /// @return the applications in service, by id
  public List<Application> declare(List<ApplicationSpec> specs) {
    return database.inTransaction(
        handle -> {
          var names = new HashSet<String>();
          for (ApplicationSpec spec : specs) {
            names.add(spec.name());
            if (write(handle, UPDATE, spec) == 0) {
              write(handle, INSERT, spec);
            }
          }
          retireOthers(handle, names);
          return inService(handle);
        });
  }

  private int write(Handle handle, String sql, ApplicationSpec spec) {
    return handle
        .createUpdate(sql)
        .bind("now", clock.millis())
        .bind("name", spec.name())
        .bind("url", spec.url())
        .bind("bio", spec.bio())
        .bind("priority", document(spec.priority()))
        .execute();
  }

  private void retireOthers(Handle handle, Set<String> names) {
    List<String> all = handle.createQuery("select name from application where is_del = 0").mapTo(String.class).list();
    for (String name : all) {
      if (!names.contains(name)) {
        handle.execute("update application set is_del = 1, updated_ms = ? where name = ?", clock.millis(), name);
      }
    }
  }

  private static List<Application> inService(Handle handle) {
    return handle
        .createQuery("select id, name, url, bio, priority from application where is_del = 0 order by id")
        .map((row, _) -> application(row))
        .list();
  }

  private static Application application(ResultSet row) throws SQLException {
    var spec =
        new ApplicationSpec(
            row.getString("name"), row.getString("url"), row.getString("bio"), priority(row.getString("priority")));
    return new Application(row.getLong("id"), spec);
  }

  static String document(Priority priority) {
    List<UrlDocument> urls =
        priority.urls().stream().map(url -> new UrlDocument(url.regex().toString(), url.level())).toList();
    return Json.write(new PriorityDocument(priority.level(), urls.isEmpty() ? null : urls));
  }

  /// @throws InvalidValue when a key is missing, unknown, of the wrong type or out of bounds
  static Priority priority(String json) {
    var document = Json.read(json, PriorityDocument.class);
    List<UrlDocument> urls = document.urls() == null ? List.of() : document.urls();
    return new Priority(level(document.value()), urls.stream().map(ApplicationStore::url).toList());
  }

  private static UrlPriority url(@Nullable UrlDocument document) {
    if (document == null || document.regex() == null) {
      throw new InvalidValue("a url priority has a regex and a value");
    }
    return new UrlPriority(TextPattern.parse(document.regex()), level(document.value()));
  }

  private static int level(@Nullable Integer value) {
    if (value == null) {
      throw new InvalidValue("a priority has a value");
    }
    return value;
  }
}
