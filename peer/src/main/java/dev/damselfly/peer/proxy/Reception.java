package dev.damselfly.peer.proxy;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// From a head to what is asked: who it is, whether it may, and which server of the configuration is meant. Thread-safe.
final class Reception {
  /// What a browser adds to the requests of a page, which cannot leave it out (Fetch Metadata 2, Fetch 3.2): without this, a
  /// page could make the mirror fetch without ever reading the answer (F-36).
  private static final List<String> BROWSER = List.of("origin", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest");

  private static final String SIGN_OF_LIFE = "/healthy";

  /// Would write on this host (S-PXY-9).
  private static final List<String> LOCAL_FILES = List.of("x-dragonfly-output-path", "x-dragonfly-force-hard-link");

  private final Doorkeeper door;
  private final Upstreams upstreams;
  private final List<Site> sites;

  Reception(Doorkeeper door, Upstreams upstreams, List<Site> sites) {
    this.door = door;
    this.upstreams = upstreams;
    this.sites = List.copyOf(sites);
  }

  /// One server of the configuration.
  private sealed interface Destination {
    Access access();

    record Registry(Upstream upstream, Map<String, String> parameters) implements Destination {
      @Override
      public Access access() {
        return upstream.access();
      }
    }

    record Web(Site site) implements Destination {
      @Override
      public Access access() {
        return site.access();
      }
    }
  }

  /// Whether somebody only wants to know that the mirror is there, as clients do that go past it when it is not. They send no
  /// credentials then, and a registry that wants some must not look like a mirror that is down.
  ///
  /// @throws Refusal 403 for a web page
  static boolean isSignOfLife(RequestHead head, InetSocketAddress local) {
    boolean read = head.method().equals("GET") || head.isHead();
    boolean asked = read && !head.absolute() && head.path().equals(SIGN_OF_LIFE) && head.query().isEmpty();
    if (!asked || !Upstreams.isOwn(head.authority(), local)) {
      return false;
    }
    requireNoWebPage(head);
    return true;
  }

  private static void requireNoWebPage(RequestHead head) {
    if (BROWSER.stream().anyMatch(name -> head.header(name).isPresent())) {
      throw new Refusal(403, Refusal.Code.DENIED, "the mirror does not answer web pages");
    }
  }

  /// @param local where the proxy listens
  /// @param source address of the caller
  /// @throws Refusal 407 for whoever is unknown, whatever was wanted; then 405, 404, 421, 400, 403
  Asked asked(RequestHead head, InetSocketAddress local, String source) {
    requireNoWebPage(head);
    Doorkeeper.Visitor.Admitted visitor =
        switch (door.visitor(head, () -> isOpen(head, local))) {
          case Doorkeeper.Visitor.Admitted admitted -> admitted;
          case Doorkeeper.Visitor.Unknown unknown -> throw door.turnedAway(unknown);
        };
    if (!head.method().equals("GET") && !head.isHead()) {
      throw new Refusal(405, Refusal.Code.UNSUPPORTED, "the mirror reads only: GET and HEAD");
    }
    Destination destination = destination(head, local);
    if (!visitor.mayUse(destination.access())) {
      throw new Refusal(403, Refusal.Code.DENIED, "the configuration does not let this caller ask there");
    }
    return switch (destination) {
      case Destination.Registry registry -> ask(head, registry, visitor, source);
      case Destination.Web web -> siteAsk(head, web.site(), visitor, source);
    };
  }

  /// Whether a request in origin form is for something that is open to every program of this host.
  private boolean isOpen(RequestHead head, InetSocketAddress local) {
    try {
      return !head.absolute() && destination(head, local).access().host();
    } catch (Refusal nothing) {
      return false;
    }
  }

  private Destination destination(RequestHead head, InetSocketAddress local) {
    boolean own = Upstreams.isOwn(head.authority(), local);
    boolean api = head.path().equals("/v2") || head.path().startsWith("/v2/");
    Optional<Site> site =
        own
            ? sites.stream().filter(one -> !api && !head.absolute() && one.standard()).findFirst()
            : sites.stream().filter(one -> one.name().equals(head.authority())).findFirst();
    if (site.isPresent()) {
      return new Destination.Web(site.get());
    }
    Map<String, String> parameters = Route.parameters(head.query());
    return new Destination.Registry(upstreams.choose(head, parameters, local), parameters);
  }

  private static Ask ask(
      RequestHead head, Destination.Registry registry, Doorkeeper.Visitor.Admitted visitor, String source) {
    Route route = Route.parse(head.path());
    String query = route instanceof Route.Listing ? Route.query(registry.parameters()) : "";
    return new Ask(head, registry.upstream(), route, query, visitor.caller(), source);
  }

  private static SiteAsk siteAsk(RequestHead head, Site site, Doorkeeper.Visitor.Admitted visitor, String source) {
    if (LOCAL_FILES.stream().anyMatch(name -> head.header(name).isPresent())) {
      throw Refusal.malformed("headers that name files of this host are not taken");
    }
    if (!SitePath.isPlain(head.path())) {
      throw Refusal.malformed("the path must have no empty or dot segments, and whole percent escapes");
    }
    return new SiteAsk(head, site, visitor.caller(), source);
  }
}
