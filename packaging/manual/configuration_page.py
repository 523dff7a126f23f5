"""spheregate.yaml(5), made of docs/configuration.md, which the tests hold against the code."""

import re
import sys

from roff import literal, prose

EXAMPLE = "/usr/share/doc/spheregate/examples/spheregate.yaml"

BEGIN = r""".TH SPHEREGATE.YAML 5 "" "Spheregate" "File Formats"
.nh
.ad l
.SH NAME
spheregate.yaml \- configuration of the MQTT gateway spheregate
.SH DESCRIPTION
"""

END = r""".SH FILES
.TP
.I /etc/spheregate/spheregate.yaml
Made by
.BR "spheregate init" .
The package neither brings nor changes it.
.TP
.I """ + EXAMPLE + r"""
An example with every key.
.TP
.I /usr/share/doc/spheregate
The documents that are named here, and others.
.SH SEE ALSO
.BR spheregate (1)
"""


def cells(line):
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]


def table(lines):
    """A row becomes an entry: its first cell is the term. The table of keys says what a cell is by its heading."""
    heads = cells(lines[0])
    made = []
    for line in lines[2:]:
        row = dict(zip(heads, cells(line)))
        term, *rest = heads
        made += [".TP", prose(row[term])]
        if rest[:2] == ["what may stand there", "default"]:
            default = row["default"]
            values = row[rest[0]]
            made.append(prose(values[:1].upper() + values[1:] + (f"; default {default}." if default else "; must be given.")))
            made += [".br", prose(row[rest[2]])]
        else:
            for head in rest:
                # The heading says what is meant, unless there is one column only.
                text = f"{head[:1].upper()}{head[1:]}: {row[head]}" if len(rest) > 1 else row[head]
                made += [prose(text.rstrip(".") + "."), ".br"]
            made.pop()
    return made


def paragraphs(text):
    """Blocks of lines: a heading, a table, a code block, an item of a list, a paragraph."""
    blocks, fenced = [], False
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
            if fenced:
                blocks.append([line])
            continue
        if fenced:
            blocks[-1].append(line)
            continue
        begins = re.match(r"#|- |\d+\. ", line) or not blocks or (line.startswith("|") and not (blocks[-1] and blocks[-1][0].startswith("|")))
        if not line.strip():
            blocks.append([])
        elif begins or (blocks[-1] and blocks[-1][0].startswith(("#", "```"))):
            blocks.append([line])
        else:
            blocks[-1].append(line)
    return [block for block in blocks if block]


def body(text):
    made, keys = [], False
    for block in paragraphs(text):
        first = block[0]
        if first.startswith("# "):
            continue
        if first.startswith("## "):
            made.append(f'.SH "{literal(first[3:].upper())}"')
        elif first.startswith("#"):
            made.append(f'.SS "{literal(first.lstrip("# "))}"')
        elif first.startswith("```"):
            made += [".PP", ".RS", ".nf", *[literal(line) for line in block[1:]], ".fi", ".RE"]
        elif first.startswith("|"):
            if not keys:
                keys = True
                made.append(".SH KEYS")
            made += table(block)
        elif first.startswith("- "):
            made += [".IP \\(bu 2", prose(" ".join(line.strip() for line in [first[2:], *block[1:]]))]
        else:
            made += [".PP", prose(" ".join(line.strip() for line in block))]
    return made


def page(markdown):
    markdown = markdown.replace("[config/spheregate.yaml](../config/spheregate.yaml)", f"`{EXAMPLE}`")
    # A link to another document is followed by hand here.
    markdown = re.sub(r"(\[[^\]]*\])\(([a-z-]+\.md)[^)]*\)", lambda link: link[0] if link[2] in link[1] else f"{link[1]}() ({link[2]})", markdown)
    return BEGIN + "".join(line + "\n" for line in body(markdown)) + END


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: configuration_page.py docs/configuration.md > spheregate.yaml.5")
    with open(sys.argv[1], encoding="utf-8") as document:
        sys.stdout.write(page(document.read()))
