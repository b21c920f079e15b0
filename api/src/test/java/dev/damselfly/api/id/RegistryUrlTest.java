package dev.damselfly.api.id;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.re2j.Pattern;
import dev.damselfly.api.id.RegistryUrl.Kind;
import java.util.List;
import java.util.Optional;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import org.jspecify.annotations.NullMarked;

@NullMarked
class RegistryUrlTest {
  private static final Pattern BLOB = Pattern.compile("^(.*)://(.*)/v2/(.*)/blobs/([^?]+)(?:\\?.*)?$");
  private static final Pattern MANIFEST = Pattern.compile("^(.*)://(.*)/v2/(.*)/manifests/([^?]+)(?:\\?.*)?$");

  @Provide
  Arbitrary<List<String>> parts() {
    return Arbitraries.of("://", "/v2/", "/v2", "/blobs/", "blobs/", "/manifests/", "a", "?", "/", ":", "sha256:x")
        .list()
        .ofMaxSize(10);
  }

  @Property(tries = 20_000)
  void find_equalsTheExpressionsOfTheWireRule(@ForAll("parts") List<String> parts) {
    String url = "http://h/" + String.join("", parts);

    assertThat(RegistryUrl.find(url)).isEqualTo(byExpression(url));
  }

  private static Optional<RegistryUrl> byExpression(String url) {
    var blob = BLOB.matcher(url);
    if (blob.matches()) {
      return Optional.of(new RegistryUrl(Kind.BLOB, blob.group(4)));
    }
    var manifest = MANIFEST.matcher(url);
    return manifest.matches() ? Optional.of(new RegistryUrl(Kind.MANIFEST, manifest.group(4))) : Optional.empty();
  }
}
