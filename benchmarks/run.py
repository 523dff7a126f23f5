#!/usr/bin/env python3
"""Spheregate side by side with nginx and mosquitto, on the same load, in one run. See benchmarks/README.md."""

import argparse
import json
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(__file__).resolve().parents[1]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--quick", action="store_true", help="under two minutes; fewer devices, shorter, rougher")
    length.add_argument("--full", action="store_true", help="also 5,000 devices")
    parser.add_argument("--only", default="", metavar="PEERS", help="for example spheregate,nginx")
    parser.add_argument("--measures", default="", help="for example closed,idle")
    parser.add_argument("--json", type=Path, default=ROOT / "build/bench.json", metavar="FILE",
                        help="where everything measured goes")
    parser.add_argument("--markdown", action="store_true", help="print the table as README.md shows it")
    parser.add_argument("--programs", type=Path, default=Path(os.environ.get("SPHEREGATE_PROGRAMS", ROOT / "build/release")),
                        help="where spheregate, spheregate-load and spheregate-testpki are")
    return parser.parse_args()


def machine():
    model = next((line.split(":", 1)[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines()
                  if line.startswith(("model name", "Model"))), platform.machine())
    return {"cores": len(os.sched_getaffinity(0)), "cpu": model, "kernel": platform.release(), "load_before": os.getloadavg()[0]}


def chosen(text, known, what):
    names = [name for name in text.split(",") if name] or list(known)
    for name in names:
        if name not in known:
            sys.exit(f"bench: no {what} is called {name!r}; there are: {', '.join(known)}")
    return names


def raise_file_limit(devices):
    """Both ends of the generator, and both legs of a peer, need a descriptor for each device."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * devices + 500
    if hard != resource.RLIM_INFINITY and hard < wanted:
        sys.exit(f"bench: {devices} devices need {wanted} open files, the hard limit is {hard}: raise it with `ulimit -Hn`")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def make_certificates(programs, directory, devices):
    command = [programs / "spheregate-testpki", directory / "pki", "--devices", str(devices), "--shared-key"]
    ended = subprocess.run(command, capture_output=True, text=True)
    if ended.returncode != 0:
        sys.exit(f"bench: no certificates: {ended.stderr.strip()}")
    return directory / "pki"


def say(text):
    print(text, file=sys.stderr, flush=True)


def measure_all(laboratory, kinds, wanted):
    """{peer: figures}, {peer: {measure: runs}}, what went wrong in words, and whether it is ours. Peers take turns in every
    measure, so that a slow minute of the machine hits all of them."""
    from peers import Spheregate, Trouble
    figures = {kind.name: {} for kind in kinds}
    runs, troubles, failed = {kind.name: {} for kind in kinds}, [], False
    for name, measure in wanted.items():
        for kind in kinds:
            begun = time.monotonic()
            try:
                found, runs[kind.name][name] = measure(laboratory, kind)
                figures[kind.name] |= found
                note = faults(runs[kind.name][name])
                failed |= bool(note) and kind is Spheregate
            except Trouble as trouble:
                note, failed = str(trouble), True
            if note:
                troubles.append(f"{kind.name}, {name}: {note}")
            first_line = note.partition("\n")[0]
            say(f"  {name:<12} {kind.name:<17} {time.monotonic() - begun:5.1f} s  {first_line}".rstrip())
    return figures, runs, troubles, failed


def faults(runs):
    """What the books of these runs say against the peer; empty when every message arrived once and in order."""
    found = {}
    for run in runs:
        for key in ("lost", "repeated", "missing_in_order", "aliens"):
            found[key] = found.get(key, 0) + run.get("books", {}).get(key, 0)
    return ", ".join(f"{count} messages {key.replace('_', ' ')}" for key, count in found.items() if count)


def main():
    options = arguments()
    os.environ["SPHEREGATE_PROGRAMS"] = str(options.programs.resolve())
    import measures
    import table
    from peers import PEERS
    plan = measures.QUICK if options.quick else measures.FULL if options.full else measures.DEFAULT
    kinds = [PEERS[name] for name in chosen(options.only, PEERS, "peer")]
    all_measures = measures.measures(plan)
    wanted = {name: all_measures[name] for name in chosen(options.measures, all_measures, "measure")}
    for program in ("spheregate-load", "spheregate-testpki"):
        if not (options.programs / program).exists():
            sys.exit(f"bench: {options.programs / program} is missing; `./dev bench` builds it")
    devices = max(50, plan.idle_devices, *plan.paced_devices)
    raise_file_limit(devices)

    host = machine()
    absent = [trouble for kind in kinds if (trouble := kind().missing())]
    if absent:
        sys.exit("bench: " + "\n       ".join(absent + ["or leave it out with --only"]))
    host["versions"] = {kind.name: kind().version() for kind in kinds}
    versions = ", ".join(dict.fromkeys(host["versions"].values()))
    about = f"{host['cores']} cores of {host['cpu']}, Linux {host['kernel']}; {versions}"
    say(about)
    if host["load_before"] > 0.5:
        say(f"  the machine is not quiet (load {host['load_before']:.1f}); take the figures with care")
    (ROOT / "build").mkdir(exist_ok=True)
    directory = Path(tempfile.mkdtemp(prefix="bench-", dir=ROOT / "build"))  # on a disk, where writing counts
    begun = time.monotonic()
    try:
        pki = make_certificates(options.programs, directory, devices)
        laboratory = measures.Laboratory(options.programs / "spheregate-load", directory, pki, plan)
        figures, runs, troubles, failed = measure_all(laboratory, kinds, wanted)
    finally:
        shutil.rmtree(directory, ignore_errors=True)

    header, lines = table.grid(plan, figures, {kind.name: kind.title for kind in kinds})
    drawn = table.as_markdown(header, lines) if options.markdown else table.as_text(header, lines)
    print(f"\n{drawn}\n\n{about}")
    print(f"QoS 1, 256 bytes, TLS on both sides; {time.monotonic() - begun:.0f} s in all")
    for trouble in troubles:
        print(f"! {trouble}")
    options.json.parent.mkdir(parents=True, exist_ok=True)
    everything = {"machine": host, "figures": figures, "troubles": troubles, "runs": runs}
    options.json.write_text(json.dumps(everything, indent=1) + "\n")
    say(f"everything measured: {options.json}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
