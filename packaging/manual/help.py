"""What a program says of itself: its --help, and that of every command below it, as a tree."""

import re
import subprocess
from dataclasses import dataclass, field

COLUMN = 30  # where CLI11 begins its explanations


@dataclass
class Option:
    names: list          # ["-h", "--help"]; of a positional, its one name
    value: str = ""      # what stands for its value: FILE; empty for a flag, and for a positional without a word of its own
    default: str = ""
    text: str = ""
    required: bool = False
    repeated: bool = False

    @property
    def name(self):
        return self.names[-1]


@dataclass
class Command:
    path: list           # ["spheregate", "tenant", "add"]
    text: str = ""
    positionals: list = field(default_factory=list)
    options: list = field(default_factory=list)
    commands: list = field(default_factory=list)

    @property
    def name(self):
        return " ".join(self.path)

    def walk(self):
        yield self
        for command in self.commands:
            yield from command.walk()


def entries(lines):
    """(head, explanation) of each line of a section. A head that is too long has its explanation on the line below."""
    found = []
    for line, following in zip(lines, lines[1:] + [""]):
        if line.startswith(" " * COLUMN):
            found[-1] = (found[-1][0], f"{found[-1][1]} {line.strip()}".strip())
        elif following.startswith(" " * COLUMN) or len(line) <= COLUMN:
            found.append((line.strip(), ""))
        else:
            found.append((line[:COLUMN].strip(), line[COLUMN:].strip()))
    return found


def without(words, word):
    """The words less that one, and whether it was there."""
    kept = [one for one in words.split(" ") if one != word]
    return " ".join(kept), len(kept) < len(words.split(" "))


def option(head, text):
    names, _, rest = head.partition(" ")
    rest = re.sub(r" ?\b(Needs|Excludes):( --?[\w-]+)+", "", " " + rest).strip()
    made = Option(names.split(","), text=text)
    rest, made.required = without(rest, "REQUIRED")
    rest, made.repeated = without(rest, "...")
    # What the value is checked for stands behind a colon: N:INT in [1 - 100]=50, TEXT:{one,other}.
    match = re.fullmatch(r"(?P<value>[^:=\s]*(?:=[A-Z]+(?![^ ]))?)(?::(?P<check>[^=]*))?(?:=(?P<default>\S+))?", rest)
    if not match:
        raise ValueError(f"cannot read the help's line for {head!r}")
    made.value, made.default = match["value"], match["default"] or ""
    if words := re.fullmatch(r"\{([^{}]+)\}", match["check"] or ""):
        made.value = words[1].replace(",", "|")
    return made


def read(program, *path):
    """Runs the program once for each of its commands."""
    said = subprocess.run([program, *path, "--help"], capture_output=True, text=True, check=True, timeout=30).stdout
    name = program.rsplit("/", 1)[-1]
    before, _, after = said.partition("\nUsage: ")
    command = Command([name, *path], " ".join(before.split()))
    sections = re.split(r"^(Positionals|Options|Subcommands):$", after, flags=re.MULTILINE)[1:]
    for title, body in zip(sections[::2], sections[1::2]):
        lines = [line for line in body.splitlines() if line.strip()]
        if title == "Positionals":
            command.positionals = [option(*entry) for entry in entries(lines)]
        elif title == "Options":
            command.options = [option(*entry) for entry in entries(lines)]
        else:
            command.commands = [read(program, *path, head) for head, _ in entries(lines)]
    return command
