package dev.damselfly.manager.cluster;

import dev.damselfly.api.error.InvalidValue;
import dev.damselfly.authz.egress.Cidr;
import dev.damselfly.manager.document.TextPattern;
import java.util.List;

/// What peers a cluster is meant for; all parts optional (manager.md section 5).
///
/// @param idc data centres, separated by a vertical bar; may be empty
/// @param location place from the general to the particular, separated by a vertical bar; may be empty
public record Scopes(String idc, String location, List<Cidr> cidrs, List<TextPattern> hostnames) {
  public static final int MAX_TEXT = 1024;
  public static final int MAX_CIDRS = 256;
  public static final int MAX_HOSTNAMES = 64;
  /// Longest document: it goes into answers once per scheduler.
  public static final int MAX_DOCUMENT = 8 << 10;

  public static final Scopes NONE = new Scopes("", "", List.of(), List.of());

  public Scopes {
    if (idc.length() > MAX_TEXT || location.length() > MAX_TEXT) {
      throw new InvalidValue("idc and location have at most 1024 characters");
    }
    if (cidrs.size() > MAX_CIDRS || hostnames.size() > MAX_HOSTNAMES) {
      throw new InvalidValue("scopes have at most 256 cidrs and 64 hostnames");
    }
    cidrs = List.copyOf(cidrs);
    hostnames = List.copyOf(hostnames);
  }
}
