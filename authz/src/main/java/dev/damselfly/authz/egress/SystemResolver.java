package dev.damselfly.authz.egress;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// The resolver of the machine, with a time limit (B-34). A lookup that takes longer goes on by itself and is forgotten.
public final class SystemResolver implements Resolver {
  private final Duration limit;

  public SystemResolver(Duration limit) {
    this.limit = limit;
  }

  @Override
  public List<InetAddress> resolve(String host) throws UnknownHostException {
    var lookup = new FutureTask<>(() -> List.of(InetAddress.getAllByName(host)));
    Thread.ofVirtual().name("resolve").start(lookup);
    try {
      return lookup.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException e) {
      throw new UnknownHostException("no answer");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UnknownHostException("interrupted");
    }
  }
}
