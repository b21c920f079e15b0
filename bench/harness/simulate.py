"""A flash crowd, simulated: every peer arrives within one second, all links are equal. The decisions (parents, origin
leases, piece choice) are taken by the code that scheduler and peer run. Times are simulated seconds; the floor is the
content's size over a link's rate. `wall_s` is what the simulation took."""
import argparse
import json
import subprocess

import report
from stack import ROOT, build, java


def main(words):
    parser = argparse.ArgumentParser(prog="bench/run simulate", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--peers", default="1000,10000,100000", help="numbers of peers, up to 1000000 (default 1000,10000,100000)")
    parser.add_argument("--pieces", default=128, type=int, help="pieces of 4 MiB (default 128)")
    parser.add_argument("--rate", default=200.0, type=float, help="Mbit/s of each link (default 200)")
    parser.add_argument("--rounds", default=1, type=int, help="seeds per number of peers")
    parser.add_argument("--heap", default="8g", help="heap of the simulation (default 8g)")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args(words)
    build(java_parts=True)
    rows = []
    for peers in map(int, args.peers.split(",")):
        runs = []
        for seed in range(1, args.rounds + 1):
            words = java("simulate.Simulate", peers, args.pieces, args.rate, seed, flags=["-Xmx" + args.heap, "-XX:+UseParallelGC"])
            words.remove("-XX:+UseSerialGC")
            runs.append(json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout))
        made = report.row(f"{peers} peers", [r["last"] if not r["unfinished"] else None for r in runs], runs[0]["floor"],
                          origin_ratio=max(r["origin_ratio"] for r in runs))
        made.update(median_peer=runs[0]["median"], p99_peer=runs[0]["p99"], events=runs[0]["events"], wall_s=runs[0]["wall_s"])
        rows.append(made)
    return report.show("simulate", f"{args.pieces} pieces of 4 MiB, links of {args.rate:g} Mbit/s, last peer's time",
                       rows, args, ROOT)
