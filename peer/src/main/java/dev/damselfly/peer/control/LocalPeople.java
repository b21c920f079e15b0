package dev.damselfly.peer.control;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.nio.file.FileSystem;
import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.UserPrincipal;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import jdk.net.ExtendedSocketOptions;
import jdk.net.UnixDomainPrincipal;

/// Which local users may talk to the daemon: root, its own user, and those that the configuration names (S-DLG-1).
///
/// The kernel says who connected; nothing that a client sends can change it.
public final class LocalPeople {
  private final UserPrincipal self;
  private final Set<UserPrincipal> users;
  private final Optional<GroupPrincipal> group;

  /// Who is at the other end.
  ///
  /// @param operator may also stop the daemon
  public record Person(String name, boolean operator) {}

  private LocalPeople(UserPrincipal self, Set<UserPrincipal> users, Optional<GroupPrincipal> group) {
    this.self = self;
    this.users = Set.copyOf(users);
    this.group = group;
  }

  /// @param self owner of the daemon's files
  /// @param users names or numbers
  /// @throws IOException when the machine does not know one of them
  public static LocalPeople of(FileSystem machine, UserPrincipal self, Set<String> users, Optional<String> group)
      throws IOException {
    var lookup = machine.getUserPrincipalLookupService();
    var all = new HashSet<UserPrincipal>();
    all.add(self);
    all.add(lookup.lookupPrincipalByName("root"));
    for (String user : users) {
      all.add(lookup.lookupPrincipalByName(user));
    }
    Optional<GroupPrincipal> named =
        group.isPresent() ? Optional.of(lookup.lookupPrincipalByGroupName(group.get())) : Optional.empty();
    return new LocalPeople(self, all, named);
  }

  /// Others than root and the daemon's own user are named.
  boolean namesOthers() {
    return group.isPresent() || users.stream().anyMatch(user -> !isOperator(user));
  }

  Optional<GroupPrincipal> group() {
    return group;
  }

  /// Absent for everybody who is not named.
  Optional<Person> at(SocketChannel connection) throws IOException {
    return find(connection.getOption(ExtendedSocketOptions.SO_PEERCRED));
  }

  /// Absent for everybody who is not named.
  ///
  /// @param peer as the kernel names it
  public Optional<Person> find(UnixDomainPrincipal peer) {
    boolean known = users.contains(peer.user()) || group.filter(g -> g.equals(peer.group())).isPresent();
    return known ? Optional.of(new Person(peer.user().getName(), isOperator(peer.user()))) : Optional.empty();
  }

  private boolean isOperator(UserPrincipal user) {
    return user.equals(self) || user.getName().equals("root");
  }
}
