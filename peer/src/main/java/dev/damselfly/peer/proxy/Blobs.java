package dev.damselfly.peer.proxy;

import dev.damselfly.api.error.Field;
import dev.damselfly.api.url.CanonicalUrl;
import dev.damselfly.peer.content.ContentFacts;
import dev.damselfly.peer.download.DownloadListener;
import dev.damselfly.peer.download.Downloads;
import dev.damselfly.peer.download.GetSpec;
import dev.damselfly.peer.download.LocalCaller;
import java.util.Optional;

/// What the mirror needs of downloads; the promises are those of [Downloads].
interface Blobs {
  Optional<ContentFacts> stat(GetSpec spec, LocalCaller caller);

  /// By the block list. Asked for each request that is understood, also for those that are only passed on.
  void requireUnblocked(Asked ask);

  Downloads.Handle get(GetSpec spec, LocalCaller caller, DownloadListener listener);

  static Blobs of(Downloads downloads) {
    return new Blobs() {
      @Override
      public Optional<ContentFacts> stat(GetSpec spec, LocalCaller caller) {
        return downloads.stat(spec, caller);
      }

      @Override
      public void requireUnblocked(Asked ask) {
        CanonicalUrl url = Field.parse("target", () -> CanonicalUrl.parse(ask.url()));
        downloads.requireUnblocked(url, ask.caller(), ask.label(), ask.source());
      }

      @Override
      public Downloads.Handle get(GetSpec spec, LocalCaller caller, DownloadListener listener) {
        return downloads.get(spec, caller, listener);
      }
    };
  }
}
