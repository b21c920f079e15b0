package dev.damselfly.conformance.manager;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.damselfly.conformance.link.Endpoint;
import dev.damselfly.conformance.suite.Case;
import dev.damselfly.conformance.suite.Stage;
import dev.damselfly.conformance.target.Role;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Set;

/// The REST surface of a manager. The fixture has a user `root` with password `dfconf-fixture`.
final class RestCases {
  private static final String SIGN_IN = "{\"name\":\"root\",\"password\":\"dfconf-fixture\"}";

  private RestCases() {}

  static List<Case> all() {
    return List.of(
        rest("RST-025/sign-in", "sign-in gives a token and the cookie jwt", RestCases::signIn),
        rest("RST-025/unauthorized", "a request without a token is 401", RestCases::unauthorized),
        rest("RST-025/unknown", "a row that is not there is 404", RestCases::unknown),
        rest("RST-025/invalid", "a body that breaks a rule is 422", RestCases::invalid),
        rest("RST-025/links", "lists carry a Link header", RestCases::links),
        rest("RST-025/preheat", "a preheat job begins as PENDING and ends", RestCases::preheat));
  }

  private static Case rest(String id, String title, Case.Body body) {
    return Case.wire(id, "B25", Role.MANAGER, "manager 4", title, body).needing("rest");
  }

  /// A manager's REST API.
  private record Rest(Stage stage, Endpoint at, HttpClient client) {
    static Rest open(Stage stage) throws IOException, InterruptedException {
      var running = ManagerSite.open(stage).manager();
      Endpoint at = running.endpoint("rest").orElseThrow(() -> new IOException("the target file names no endpoint 'rest'"));
      var client = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER).build();
      stage.wire().onClose(client::close);
      return new Rest(stage, at, client);
    }

    HttpResponse<String> send(String method, String path, String token, String body) throws IOException, InterruptedException {
      var request =
          HttpRequest.newBuilder(URI.create("http://" + at + path))
              .timeout(stage.patience())
              .header("Content-Type", "application/json")
              .method(method, HttpRequest.BodyPublishers.ofString(body));
      if (!token.isEmpty()) {
        request.header("Authorization", "Bearer " + token);
      }
      var answer = client.send(request.build(), HttpResponse.BodyHandlers.ofString());
      stage.transcript().note("suite", method + " " + path);
      stage.transcript().bytes("target", "HTTP " + answer.statusCode(), answer.body().getBytes(java.nio.charset.StandardCharsets.UTF_8));
      return answer;
    }

    String token() throws IOException, InterruptedException {
      var answer = send("POST", "/api/v1/users/signin", "", SIGN_IN);
      stage.control("the user of the fixture signs in", answer.statusCode() == 200, answer.statusCode());
      return json(answer).path("token").asText();
    }

    static JsonNode json(HttpResponse<String> answer) throws IOException {
      return JsonMapper.builder().build().readTree(answer.body());
    }
  }

  static void signIn(Stage stage) throws Exception {
    var rest = Rest.open(stage);
    var answer = rest.send("POST", "/api/v1/users/signin", "", SIGN_IN);
    stage.control("the user of the fixture signs in", answer.statusCode() == 200, answer.statusCode());

    stage.expectTrue("the answer has a token", !Rest.json(answer).path("token").asText().isEmpty(), answer.body());
    stage.expectTrue("the answer has an expiry", Rest.json(answer).hasNonNull("expire"), answer.body());
    stage.expectTrue(
        "the cookie jwt is set",
        answer.headers().allValues("set-cookie").stream().anyMatch(cookie -> cookie.startsWith("jwt=")),
        answer.headers().map());
  }

  static void unauthorized(Stage stage) throws Exception {
    var rest = Rest.open(stage);
    String token = rest.token();
    int signedIn = rest.send("GET", "/api/v1/clusters", token, "").statusCode();
    stage.control("a signed-in user lists clusters", signedIn == 200, signedIn);

    stage.expect("status without a token", 401, rest.send("GET", "/api/v1/clusters", "", "").statusCode());
  }

  static void unknown(Stage stage) throws Exception {
    var rest = Rest.open(stage);
    String token = rest.token();

    stage.expect("status of a cluster that is not there", 404, rest.send("GET", "/api/v1/clusters/999999", token, "").statusCode());
  }

  static void invalid(Stage stage) throws Exception {
    var rest = Rest.open(stage);
    String token = rest.token();
    var answer = rest.send("POST", "/api/v1/jobs", token, "{\"type\":\"no-such-type\"}");

    stage.expect("status of a job of an unknown type", 422, answer.statusCode());
  }

  static void links(Stage stage) throws Exception {
    var rest = Rest.open(stage);
    var answer = rest.send("GET", "/api/v1/clusters?page=1&per_page=1", rest.token(), "");
    stage.control("clusters are listed", answer.statusCode() == 200, answer.statusCode());

    String link = answer.headers().firstValue("link").orElse("");
    stage.expectTrue("Link names next, first and last", List.of("next", "first", "last").stream().allMatch(rel -> link.contains("rel=" + rel) || link.contains("rel=\"" + rel + "\"")), link);
  }

  static void preheat(Stage stage) throws Exception {
    var rest = Rest.open(stage);
    String token = rest.token();
    var made = rest.send("POST", "/api/v1/jobs", token, "{\"type\":\"preheat\",\"args\":{\"type\":\"file\",\"url\":\"http://origin.invalid/f\"}}");
    stage.control("a preheat job is taken", made.statusCode() == 200, made.statusCode());
    long id = Rest.json(made).path("id").asLong();

    stage.expect("first state", "PENDING", Rest.json(made).path("state").asText());
    boolean ended =
        stage.eventually(
            () -> {
              try {
                String state = Rest.json(rest.send("GET", "/api/v1/jobs/" + id, token, "")).path("state").asText();
                return Set.of("SUCCESS", "FAILURE").contains(state);
              } catch (IOException e) {
                return false;
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return false;
              }
            });
    stage.expectTrue("the job ends as SUCCESS or FAILURE", ended, "it does not");
  }
}
