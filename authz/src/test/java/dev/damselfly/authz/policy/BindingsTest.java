package dev.damselfly.authz.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.damselfly.api.assurance.Threat;
import dev.damselfly.api.error.Reason;
import dev.damselfly.api.error.RequestFailure;
import dev.damselfly.api.wire.common.v2.Download;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.common.v2.ObjectStorage;
import dev.damselfly.api.wire.damselfly.v1.JoinRequest;
import dev.damselfly.api.wire.damselfly.v1.Register;
import dev.damselfly.api.wire.dfdaemon.v2.DownloadTaskRequest;
import dev.damselfly.api.wire.dfdaemon.v2.SyncHostRequest;
import dev.damselfly.api.wire.dfdaemon.v2.UploadPersistentCacheTaskRequest;
import dev.damselfly.api.wire.manager.v2.KeepAliveRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnounceHostRequest;
import dev.damselfly.api.wire.scheduler.v2.AnnouncePeerRequest;
import dev.damselfly.api.wire.scheduler.v2.PreheatFileRequest;
import dev.damselfly.api.wire.scheduler.v2.RegisterPeerRequest;
import dev.damselfly.authz.egress.Cidr;
import dev.damselfly.authz.identity.Caller;
import dev.damselfly.authz.policy.Policy.Binding;
import java.util.List;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NullMarked
class BindingsTest {
  private static final String UUID = "0b5f1c2e-3d4a-4b6c-8d7e-9f0a1b2c3d4e";
  private static final Caller PEER = Who.peer("node-1");
  private static final Caller SEED = Who.seed("node-1");

  private final Bindings bindings = new Bindings(Advertised.observedOnly());

  private static Message host(String id) {
    return SyncHostRequest.newBuilder().setHostId(id).build();
  }

  private static Message peer(String id) {
    return SyncHostRequest.newBuilder().setPeerId(id).build();
  }

  private static Reason refused(Binding binding, Caller caller, Message message) {
    return catchThrowableOfType(RequestFailure.class, () -> binding.check(caller, message)).reason();
  }

  @Test
  void hostId_acceptsTheCallersOwn() {
    bindings.hostId("host_id").check(PEER, host("10.1.2.3-node-1"));
    bindings.hostId("host_id").check(SEED, host("10.1.2.3-node-1-seed"));
  }

  @ParameterizedTest
  @Threat({"S-SCH-1", "S-VTX-2", "TOB-13"})
  @ValueSource(
      strings = {
        "", "-node-1", "10.1.2.3", "10.1.2.3-", "10.1.2.3-node-2", "10.1.2.3-node-11", "10.1.2.3-xnode-1", "10.1.2.4-node-1",
        "10.1.2.3-node-1-seed", "10.1.2.3-NODE-1", "010.1.2.3-node-1", "10.1.2.3 -node-1", "10.1.2.3-node-1 ", "10.1.2.3-node-1\0",
        "10.1.2.3-evil-node-1", "::ffff:10.1.2.3.-node-1", "10.1.515-node-1", "localhost-node-1"
      })
  void hostId_refusesEverySpoof(String id) {
    assertThat(refused(bindings.hostId("host_id"), PEER, host(id))).isEqualTo(Reason.CALLER_NOT_ALLOWED);
  }

  @Test
  @Threat("S-SCH-1")
  void hostId_ofASeedNeedsTheMarkAndAPeerCannotBorrowIt() {
    assertThat(refused(bindings.hostId("host_id"), SEED, host("10.1.2.3-node-1"))).isEqualTo(Reason.CALLER_NOT_ALLOWED);
    var disguised = Who.peer("node-1-seed");
    assertThat(refused(bindings.hostId("host_id"), disguised, host("10.1.2.3-node-1-seed")))
        .isEqualTo(Reason.CALLER_NOT_ALLOWED);
    assertThat(refused(bindings.hostId("host_id"), Who.scheduler(), host("10.1.2.3-s1"))).isEqualTo(Reason.CALLER_NOT_ALLOWED);
  }

  @Test
  @Threat("S-SCH-10")
  void hostId_acceptsAnAddressOfAnAdmittedBlockOnly() {
    var behindNat = new Bindings(new Advertised(List.of(Cidr.parse("192.168.0.0/24"), Cidr.parse("fd00:1::/64"))));

    behindNat.hostId("host_id").check(PEER, host("192.168.0.9-node-1"));
    behindNat.hostId("host_id").check(PEER, host("fd00:1::5-node-1"));
    assertThat(refused(behindNat.hostId("host_id"), PEER, host("192.168.1.9-node-1"))).isEqualTo(Reason.CALLER_NOT_ALLOWED);
  }

  @Test
  void peerId_acceptsTheCallersOwn() {
    bindings.peerId("peer_id").check(PEER, peer("10.1.2.3-node-1-" + UUID));
    bindings.peerId("peer_id").check(SEED, peer("10.1.2.3-node-1-" + UUID + "-seed"));
  }

  @ParameterizedTest
  @Threat({"S-SCH-1", "S-SCH-2"})
  @ValueSource(
      strings = {
        "", UUID, "-" + UUID, "10.1.2.3-node-1", "10.1.2.3-node-2-" + UUID, "10.1.2.3-node-1-" + UUID + "-seed",
        "10.1.2.3-node-1-0B5F1C2E-3D4A-4B6C-8D7E-9F0A1B2C3D4E", "10.1.2.3-node-1-0b5f1c2e-3d4a-1b6c-8d7e-9f0a1b2c3d4e",
        "10.1.2.3-node-1-0b5f1c2e-3d4a-4b6c-0d7e-9f0a1b2c3d4e", "10.1.2.3-node-1_" + UUID, "10.1.2.3-node-1-" + UUID + "x"
      })
  void peerId_refusesEverySpoof(String id) {
    assertThat(refused(bindings.peerId("peer_id"), PEER, peer(id))).isEqualTo(Reason.CALLER_NOT_ALLOWED);
  }

  @Test
  void cluster_mustEqual() {
    Binding binding = bindings.cluster("cluster_id");

    binding.check(Who.scheduler(), KeepAliveRequest.newBuilder().setClusterId(7).build());
    assertThat(refused(binding, Who.scheduler(), KeepAliveRequest.newBuilder().setClusterId(8).build()))
        .isEqualTo(Reason.CALLER_NOT_ALLOWED);
  }

  @Test
  @Threat({"S-SCH-1", "S-SCH-10", "S-MGR-12"})
  void host_bindsEveryPart() {
    Host own =
        Host.newBuilder().setId("10.1.2.3-node-1").setHostname("node-1").setIp("10.1.2.3").setSchedulerClusterId(7).build();
    Binding binding = bindings.host("host");

    binding.check(PEER, announce(own));
    List<Host> spoofs =
        List.of(
            own.toBuilder().setId("10.1.2.3-node-2").build(),
            own.toBuilder().setHostname("node-2").build(),
            own.toBuilder().setIp("10.1.2.4").build(),
            own.toBuilder().setType(1).build(),
            own.toBuilder().setSchedulerClusterId(8).build());
    for (Host spoof : spoofs) {
      assertThat(refused(binding, PEER, announce(spoof))).isEqualTo(Reason.CALLER_NOT_ALLOWED);
    }
  }

  private static Message announce(Host host) {
    return AnnounceHostRequest.newBuilder().setHost(host).build();
  }

  @Test
  void nestedFields_bindOnlyWhenTheirMessageIsThere() {
    Binding binding = bindings.hostId("register.host_id");
    var register = Register.newBuilder().setHostId("10.1.2.3-other");

    binding.check(PEER, JoinRequest.getDefaultInstance());
    assertThat(refused(binding, PEER, JoinRequest.newBuilder().setRegister(register).build()))
        .isEqualTo(Reason.CALLER_NOT_ALLOWED);
  }

  @Test
  void binding_ofAFieldThatDoesNotExistIsABug() {
    assertThatThrownBy(() -> bindings.hostId("hostid").check(PEER, host("x"))).isInstanceOf(IllegalStateException.class);
  }

  @Test
  @Threat({"S-UPG-1", "S-ORG-6", "S-ORG-7", "S-PRE-5", "TOB-1"})
  void localPowers_areFoundWhereverTheyStand() {
    var chain = ByteString.copyFromUtf8("x");
    var storage = ObjectStorage.newBuilder().setCredentialPath("/etc/shadow");
    List<Message> hostile =
        List.of(
            download(Download.newBuilder().setOutputPath("/etc/passwd")),
            download(Download.newBuilder().setOutputPath("")),
            download(Download.newBuilder().setOverwrite(true)),
            download(Download.newBuilder().setForceHardLink(true)),
            download(Download.newBuilder().addCertificateChain(chain)),
            download(Download.newBuilder().setObjectStorage(storage)),
            download(Download.newBuilder().setObjectStorage(ObjectStorage.newBuilder().setInsecureSkipVerify(false))),
            UploadPersistentCacheTaskRequest.newBuilder().setPath("/etc").build(),
            PreheatFileRequest.newBuilder().setInsecureSkipVerify(true).build(),
            AnnouncePeerRequest.newBuilder()
                .setRegisterPeerRequest(
                    RegisterPeerRequest.newBuilder().setDownload(Download.newBuilder().setOutputPath("/x")))
                .build());
    for (Message message : hostile) {
      assertThat(refused(Bindings.noLocalPowers(), PEER, message)).isEqualTo(Reason.FORBIDDEN_FIELD);
    }
    assertThatCode(() -> Bindings.noLocalPowers().check(PEER, download(Download.newBuilder().setUrl("http://a/path"))))
        .doesNotThrowAnyException();
  }

  @Test
  void refusals_nameFieldAndRuleButNotTheValue() {
    assertThatThrownBy(() -> bindings.hostId("host_id").check(PEER, host("10.9.9.9-secret")))
        .hasMessageContaining("host_id")
        .hasMessageNotContaining("secret");
  }

  private static Message download(Download.Builder download) {
    return DownloadTaskRequest.newBuilder().setDownload(download).build();
  }

  private static Message announced(String id, String name, String ip, int type) {
    var host = Host.newBuilder().setId(id).setHostname(name).setIp(ip).setType(type);
    return AnnounceHostRequest.newBuilder().setHost(host).build();
  }

  @Test
  @Threat("S-LEG-2")
  void legacyHost_isAHostOfItsAddress_andNoSeed() {
    Binding host = bindings.legacyHost("host");

    host.check(Who.legacy(), announced("10.1.2.3-any.name", "any.name", "10.1.2.3", 0));

    assertThat(refused(host, Who.legacy(), announced("10.1.2.4-a", "a", "10.1.2.4", 0))).isEqualTo(Reason.CALLER_NOT_ALLOWED);
    assertThat(refused(host, Who.legacy(), announced("10.1.2.3-a", "a", "10.1.2.4", 0))).isEqualTo(Reason.CALLER_NOT_ALLOWED);
    assertThat(refused(host, Who.legacy(), announced("10.1.2.3-a", "b", "10.1.2.3", 0))).isEqualTo(Reason.CALLER_NOT_ALLOWED);
    assertThat(refused(host, Who.legacy(), announced("10.1.2.3-a", "a", "10.1.2.3", 1))).isEqualTo(Reason.CALLER_NOT_ALLOWED);
    assertThat(refused(host, Who.legacy(), announced("10.1.2.3-a-seed", "a-seed", "10.1.2.3", 0)))
        .isEqualTo(Reason.CALLER_NOT_ALLOWED);
  }

  @Test
  @Threat("S-LEG-2")
  void legacyIds_areThoseOfTheAddress() {
    bindings.hostId("host_id").check(Who.legacy(), host("10.1.2.3-a-b"));
    bindings.peerId("peer_id").check(Who.legacy(), peer("10.1.2.3-a-b-" + UUID));

    assertThat(refused(bindings.hostId("host_id"), Who.legacy(), host("10.1.2.4-a"))).isEqualTo(Reason.CALLER_NOT_ALLOWED);
    assertThat(refused(bindings.hostId("host_id"), Who.legacy(), host("10.1.2.3"))).isEqualTo(Reason.CALLER_NOT_ALLOWED);
    assertThat(refused(bindings.hostId("host_id"), Who.legacy(), host("10.1.2.3-"))).isEqualTo(Reason.CALLER_NOT_ALLOWED);
    assertThat(refused(bindings.hostId("host_id"), Who.legacy(), host(""))).isEqualTo(Reason.CALLER_NOT_ALLOWED);
    assertThat(refused(bindings.peerId("peer_id"), Who.legacy(), peer("10.1.2.4-a-" + UUID)))
        .isEqualTo(Reason.CALLER_NOT_ALLOWED);
    assertThat(refused(bindings.peerId("peer_id"), Who.legacy(), peer("10.1.2.3-a-" + UUID + "-seed")))
        .isEqualTo(Reason.CALLER_NOT_ALLOWED);
  }
}
