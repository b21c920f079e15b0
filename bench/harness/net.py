"""A test network: one namespace per host on one bridge, both directions of each link shaped. Root and Linux only."""
import json
import subprocess


def sh(*cmd, check=True):
    return subprocess.run(cmd, check=check, capture_output=True, text=True).stdout


class Net:
    def __init__(self, tag, subnet):
        self.tag, self.subnet, self.spaces = tag, subnet, []
        self.switch = tag + "sw"
        sh("ip", "netns", "add", self.switch)
        try:
            for words in ("link add br0 type bridge stp_state 0 mcast_snooping 0", "link set br0 up", "link set lo up"):
                sh("ip", "-n", self.switch, *words.split())
        except subprocess.CalledProcessError:
            self.close()
            raise

    def host(self, name, number, mbit):
        """Adds a host; returns (namespace, address). `mbit` 0 leaves its link unshaped."""
        space, port, ip = self.tag + name, "v" + name, f"{self.subnet}.{number}"
        self.spaces.append(space)
        sh("ip", "netns", "add", space)
        for words in ("link set lo up",
                      f"link add eth0 type veth peer name {port} netns {self.switch}",
                      f"addr add {ip}/24 dev eth0",
                      "link set eth0 up"):
            sh("ip", "-n", space, *words.split())
        sh("ip", "-n", self.switch, "link", "set", port, "master", "br0")
        sh("ip", "-n", self.switch, "link", "set", port, "up")
        if mbit:
            self._shape(space, "eth0", mbit)        # what the host sends
            self._shape(self.switch, port, mbit)    # what it receives
        return space, ip

    @staticmethod
    def _shape(space, device, mbit):
        queue = max(50_000, int(mbit * 2000))       # bytes: a queue counted in packets would hold 64 KiB ones
        for words in (f"qdisc add dev {device} root handle 1: htb default 1",
                      f"class add dev {device} parent 1: classid 1:1 htb rate {mbit}mbit ceil {mbit}mbit"
                      " burst 128k cburst 128k quantum 60000",
                      f"qdisc add dev {device} parent 1:1 bfifo limit {queue}"):
            sh("tc", "-n", space, *words.split())

    @staticmethod
    def bytes(space):
        """(sent, received) of a host's link."""
        link = json.loads(sh("ip", "-n", space, "-s", "-j", "link", "show", "eth0"))[0]["stats64"]
        return link["tx"]["bytes"], link["rx"]["bytes"]

    def traffic(self):
        """(sent, received) of every host, by name."""
        ports = json.loads(sh("ip", "-n", self.switch, "-s", "-j", "link", "show"))
        return {port["ifname"][1:]: (port["stats64"]["rx"]["bytes"], port["stats64"]["tx"]["bytes"])
                for port in ports if port["ifname"].startswith("v")}

    def close(self):
        for space in self.spaces + [self.switch]:
            sh("ip", "netns", "del", space, check=False)
