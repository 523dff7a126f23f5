"""What the tidy tests share: reading the project's sources, and a command line whose --self-test plants a fault."""

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CODE = (".hpp", ".cpp", ".h", ".c")


def read(*folders):
    """{path relative to the project: text} of all C and C++ files under the folders."""
    found = {}
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.suffix in CODE and "node_modules" not in path.parts:
                found[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
    return found


def blank(match):
    return re.sub(r"[^\n]", " ", match[0])


def without_comments(text):
    """Comments and literals become spaces, so that every offset and line number stays right."""
    pattern = r'R"([^()\\ ]{0,16})\((?:.|\n)*?\)\1"|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)+\'(?!\w)|//[^\n]*|/\*(?:.|\n)*?\*/'
    return re.sub(pattern, blank, text)


def includes(text):
    """(line number, name) of every #include."""
    return [(text.count("\n", 0, match.start()) + 1, match[1])
            for match in re.finditer(r'^[ \t]*#[ \t]*include[ \t]*["<]([^">]+)[">]', text, re.MULTILINE)]


def run(look, self_test):
    """`look()` gives the faults of the project, one text each; `self_test()` asserts that planted faults are found."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--self-test", action="store_true", help="prove that the check can fail")
    if arguments.parse_args().self_test:
        self_test()
        print("the check finds what was planted")
        return
    faults = look()
    print("\n".join(faults) if faults else "nothing to say")
    sys.exit(1 if faults else 0)
