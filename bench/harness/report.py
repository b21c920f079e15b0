"""Rows of figures: one table for people, one JSON document for programs, with the facts of the machine."""
import json
import os
import platform
import statistics
import subprocess
import sys

COLUMNS = ("program", "ratio_to_floor", "median", "min", "max", "origin_ratio", "cpu_s_per_gib", "rss_mib", "note")


def facts(root):
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as f:
        models = {line.split(":", 1)[1].strip() for line in f if line.startswith("model name")}
    with open("/proc/meminfo", encoding="ascii") as f:
        memory = int(f.readline().split()[1]) / 2**20
    head = subprocess.run(["git", "-C", root, "rev-parse", "--short=12", "HEAD"], capture_output=True, text=True)
    return {"cores": os.cpu_count(), "cpu": ", ".join(sorted(models)), "memory_gib": round(memory, 1),
            "kernel": platform.release().split("-")[0], "load": round(os.getloadavg()[0], 1), "commit": head.stdout.strip() or "unknown"}


def free_memory():
    with open("/proc/meminfo", encoding="ascii") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("MemAvailable"))


def row(program, times, floor=None, **more):
    """A row from the times of all runs, `None` for a failed one."""
    good = sorted(t for t in times if t is not None)
    made = {"program": program, "runs": len(times), "failed": len(times) - len(good)}
    if good:
        median = statistics.median(good)
        made.update(median=round(median, 4), min=round(good[0], 4), max=round(good[-1], 4))
        if floor:
            made["ratio_to_floor"] = round(median / floor, 3)
    made.update({key: value for key, value in more.items() if value is not None})
    return made


def show(name, what, rows, args, root):
    """Prints the report; exit code 0 when every row is complete."""
    document = {"bench": name, "what": what, "machine": facts(root), "rows": rows}
    if args.json:
        json.dump(document, sys.stdout, indent=1)
        print()
    else:
        machine = document["machine"]
        print(f"\n{name}: {what}")
        print(f"{machine['cores']} cores ({machine['cpu']}), {machine['memory_gib']} GiB, kernel {machine['kernel']}, "
              f"load {machine['load']}, commit {machine['commit']}")
        keys = [c for c in COLUMNS if any(c in r for r in rows)]
        keys += [c for r in rows for c in r if c not in COLUMNS and c not in ("runs", "failed", "details")]
        keys = list(dict.fromkeys(keys))
        cells = [keys] + [[str(r.get(k, "-")) for k in keys] for r in rows]
        widths = [max(len(line[i]) for line in cells) for i in range(len(keys))]
        for line in cells:
            print("  ".join(text.ljust(width) for text, width in zip(line, widths)).rstrip())
        for r in rows:
            if r.get("failed"):
                print(f"{r['program']}: {r['failed']} of {r['runs']} runs failed")
    return 1 if any(r.get("failed") for r in rows) else 0
