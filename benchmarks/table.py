"""The figures side by side, as plain text and as Markdown."""


def rate(value):
    return f"{value:,.0f}"


def micros(value):
    return f"{value:.1f} µs" if value < 100 else f"{value:.0f} µs" if value < 1000 else f"{value / 1000:.1f} ms"


def millis(value):
    return f"{value:.2f} ms"


def size(value):
    return f"{value / 1000:.1f} kB" if abs(value) < 1e6 else f"{value / 1e6:.1f} MB"


def plain(value):
    return f"{value:.2f}" if 0 < value < 100 else f"{value:.0f}"


def rows(plan):
    """(key, what the row says, how a value is written)"""
    found = [("closed_rate", "closed loop, 50 devices × window 10: messages/s", rate),
             ("closed_cpu", "… CPU a message", micros),
             ("closed_p50", "… publish → hub, p50", micros),
             ("closed_p99", "… publish → hub, p99", micros)]
    for devices in plan.paced_devices:
        found += [(f"paced_cpu_{devices}", f"paced 20,000/s, {devices:,} devices: CPU a message", micros),
                  (f"paced_p99_{devices}", "… publish → hub, p99", micros)]
    return found + [("handshake_rate", "reconnecting devices: mTLS handshakes/s", rate),
                    ("handshake_cpu", "… CPU each", millis),
                    ("bring_in_cpu", f"{plan.idle_devices:,} devices connect and stay: CPU each, all legs", millis),
                    ("device_resident", "… resident memory each, all legs", size),
                    ("hub_connections", "… connections to the hub", rate),
                    ("daemon_resident", "resident memory without devices", size),
                    ("written_healthy", "written to disk for a payload byte, healthy uplink", plain),
                    ("written_all", "… when the hub answers late and all is written", plain),
                    ("written_rate", "… messages/s acknowledged meanwhile", rate),
                    ("drain_rate", "… messages/s to the hub when it answers again", rate)]


def parts(figures, key):
    """(value, note)"""
    value = figures.get(key)
    return value if isinstance(value, (tuple, list)) else (value, "")


def cell(figures, key, write):
    if key not in figures:
        return "–"
    value, note = parts(figures, key)
    return write(value) + (f" ({note})" if note else "")


def against(own, other, key):
    """own / other; empty when they cannot be compared: one is missing or zero, or was measured at another rate."""
    (mine, my_note), (theirs, their_note) = parts(own, key), parts(other, key)
    if key == "hub_connections" or (key.startswith("paced") and my_note != their_note):
        return ""
    return f"{mine / theirs:.2f} ×" if mine and theirs and mine > 0 and theirs > 0 else ""


def grid(plan, figures, titles):
    """Header and lines of text; columns of ratios follow when Spheregate and another peer were measured."""
    names = list(titles)
    ratios = [name for name in names if name in ("nginx", "mosquitto")] if "spheregate" in names else []
    header = [""] + [titles[name] for name in names] + [f"spheregate / {name}" for name in ratios]
    lines = []
    for key, what, write in rows(plan):
        cells = [cell(figures[name], key, write) for name in names]
        if any(text != "–" for text in cells):
            lines.append([what] + cells + [against(figures["spheregate"], figures[name], key) for name in ratios])
    return header, lines


def as_text(header, lines):
    widths = [max(len(line[column]) for line in [header] + lines) for column in range(len(header))]

    def drawn(line):
        return "  ".join([line[0].ljust(widths[0])] + [text.rjust(width) for text, width in zip(line[1:], widths[1:])]).rstrip()

    return "\n".join([drawn(header), "-" * (sum(widths) + 2 * len(widths) - 2)] + [drawn(line) for line in lines])


def as_markdown(header, lines):
    marks = ["---"] + ["---:"] * (len(header) - 1)
    return "\n".join("| " + " | ".join(line) + " |" for line in [header, marks] + lines)
