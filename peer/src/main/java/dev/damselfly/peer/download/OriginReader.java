package dev.damselfly.peer.download;

import dev.damselfly.api.id.ByteRange;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.origin.OriginBody;
import dev.damselfly.peer.origin.OriginFacts;
import dev.damselfly.peer.origin.OriginRequest;
import dev.damselfly.peer.origin.Origins;
import java.util.Optional;

/// What downloads need of origins; the promises are those of [Origins].
public interface OriginReader {
  OriginFacts stat(OriginRequest request);

  OriginBody get(OriginRequest request, Optional<ByteRange> range, ContentFacts pin);

  static OriginReader of(Origins origins) {
    return new OriginReader() {
      @Override
      public OriginFacts stat(OriginRequest request) {
        return origins.stat(request);
      }

      @Override
      public OriginBody get(OriginRequest request, Optional<ByteRange> range, ContentFacts pin) {
        return origins.get(request, range, pin);
      }
    };
  }
}
