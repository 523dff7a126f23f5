"""Writes packaging/man and packaging/completion anew from what the built programs say of themselves."""

import sys
from pathlib import Path

import completion
import help
import pages

HERE = Path(__file__).resolve().parent
PACKAGING = HERE.parent


def programs():
    """Those with a manual page: the templates name them."""
    return [template.name.removesuffix(".1.in") for template in sorted(HERE.glob("*.1.in"))]


def written(directory):
    """{file: text} of everything that the programs in that directory determine."""
    made = {}
    for name in programs():
        tree = help.read(f"{directory}/{name}")
        made[PACKAGING / "man" / f"{name}.1"] = pages.page((HERE / f"{name}.1.in").read_text(encoding="utf-8"), tree)
        made[PACKAGING / "completion" / name] = completion.script(tree)
    return made


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: write.py DIRECTORY-OF-PROGRAMS")
    for file, text in written(sys.argv[1]).items():
        if not file.exists() or file.read_text(encoding="utf-8") != text:
            file.write_text(text, encoding="utf-8")
            print(f"wrote {file.relative_to(PACKAGING.parent)}")
