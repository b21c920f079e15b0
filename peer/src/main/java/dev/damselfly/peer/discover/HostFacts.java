package dev.damselfly.peer.discover;

import com.sun.management.OperatingSystemMXBean;
import dev.damselfly.api.wire.common.v2.Build;
import dev.damselfly.api.wire.common.v2.CPU;
import dev.damselfly.api.wire.common.v2.Disk;
import dev.damselfly.api.wire.common.v2.Host;
import dev.damselfly.api.wire.common.v2.Memory;
import dev.damselfly.api.wire.common.v2.Network;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/// Measures this host for its announcement. Facts that the machine does not tell are 0.
public final class HostFacts {
  private final HostSelf self;
  private final Path disk;
  private final NetworkFacts network;

  /// @param disk a path on the file system of the content store
  /// @param procfs normally `/proc`
  public HostFacts(HostSelf self, Path disk, Path procfs) {
    this.self = self;
    this.disk = disk;
    this.network = new NetworkFacts(procfs);
  }

  /// The complete message (download-flow 2.4), measured now.
  public Host measure() {
    var os = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    String family = System.getProperty("os.name", "").toLowerCase(Locale.ROOT);
    return Host.newBuilder()
        .setId(self.id().value())
        .setType(self.seed() ? 1 : 0)
        .setHostname(self.hostname())
        .setIp(self.ip())
        .setPort(self.rpcPort())
        .setDownloadPort(self.rpcPort())
        .setOs(family)
        .setPlatform(family)
        .setPlatformFamily(family)
        .setKernelVersion(System.getProperty("os.version", ""))
        .setCpu(cpu(os))
        .setMemory(memory(os))
        .setNetwork(network())
        .setDisk(disk())
        .setBuild(Build.newBuilder().setGitVersion(version()).setPlatform(System.getProperty("os.arch", "")))
        .setName(self.hostname())
        .build();
  }

  /// Network numbers alone, for the stream that children watch.
  public Network network() {
    var now = network.sample(System.nanoTime());
    return Network.newBuilder()
        .setIdc(self.idc())
        .setLocation(self.location())
        .setMaxRxBandwidth(now.maxBits())
        .setMaxTxBandwidth(now.maxBits())
        .setRxBandwidth(now.receivedBits())
        .setTxBandwidth(now.sentBits())
        .build();
  }

  /// Version of this build.
  public static String version() {
    String version = HostFacts.class.getPackage().getImplementationVersion();
    return version == null ? "0.1.0" : version;
  }

  private static CPU cpu(OperatingSystemMXBean os) {
    int count = os.getAvailableProcessors();
    return CPU.newBuilder()
        .setLogicalCount(count)
        .setPhysicalCount(count)
        .setPercent(percent(os.getCpuLoad()))
        .setProcessPercent(percent(os.getProcessCpuLoad()))
        .build();
  }

  private static Memory memory(OperatingSystemMXBean os) {
    long total = Math.max(0, os.getTotalMemorySize());
    long free = Math.clamp(os.getFreeMemorySize(), 0, total);
    long process = Runtime.getRuntime().totalMemory();
    return Memory.newBuilder()
        .setTotal(total)
        .setFree(free)
        .setAvailable(free)
        .setUsed(total - free)
        .setUsedPercent(share(total - free, total))
        .setProcessUsedPercent(share(Math.min(process, total), total))
        .build();
  }

  private Disk disk() {
    try {
      FileStore store = Files.getFileStore(disk);
      long total = Math.max(0, store.getTotalSpace());
      long free = Math.clamp(store.getUsableSpace(), 0, total);
      return Disk.newBuilder().setTotal(total).setFree(free).setUsed(total - free).setUsedPercent(share(total - free, total)).build();
    } catch (IOException e) {
      return Disk.getDefaultInstance(); // an announcement without disk numbers is better than none
    }
  }

  private static double percent(double load) {
    return Double.isFinite(load) ? Math.clamp(load * 100, 0.0, 100.0) : 0;
  }

  private static double share(long part, long whole) {
    return whole <= 0 ? 0 : Math.clamp(100.0 * part / whole, 0.0, 100.0);
  }
}
