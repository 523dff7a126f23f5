"""What docs/monitoring.md says of the metrics, and what a gateway says of them itself."""

import re
from typing import NamedTuple

from harness import http_request
from prometheus import DOCUMENT


class Metric(NamedTuple):
    kind: str
    labels: frozenset  # names
    text: str          # of the documentation, or HELP


def documented():
    """{full name: Metric} of the tables."""
    found = {}
    for line in DOCUMENT.read_text().split("## Metrics", 1)[1].splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("| `") or len(cells) != 4:
            continue
        for name in re.findall(r"`(\w+)`", cells[0]):
            full = name if name.startswith("process_") else "spheregate_" + name
            if full in found:
                raise AssertionError(f"{full} is documented twice")
            found[full] = Metric(cells[1], frozenset(re.findall(r"`(\w+)`", cells[2])), cells[3])
    return found


def exported(http_port):
    """({full name: Metric}, {(full name, label): values}) of /metrics."""
    status, body = http_request(http_port, "GET", "/metrics")
    if status != 200:
        raise AssertionError(f"/metrics answered {status}")
    kinds, helps, labels, values = {}, {}, {}, {}
    for line in body.decode().splitlines():
        if match := re.fullmatch(r"# TYPE (\S+) (\S+)", line):
            kinds[match[1]] = match[2]
        elif match := re.fullmatch(r"# HELP (\S+) (.*)", line):
            helps[match[1]] = match[2]
        elif match := re.fullmatch(r"([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+", line):
            name = match[1] if match[1] in kinds else re.sub(r"_(bucket|sum|count)$", "", match[1])
            for label, value in re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or ""):
                if label != "le":
                    labels.setdefault(name, set()).add(label)
                    values.setdefault((name, label), set()).add(value)
            labels.setdefault(name, set())
        else:
            raise AssertionError(f"no line of the format: {line}")
    if set(labels) != set(kinds):
        raise AssertionError(f"without TYPE or without samples: {set(labels) ^ set(kinds)}")
    return {name: Metric(kind, frozenset(labels[name]), helps.get(name, "")) for name, kind in kinds.items()}, values
