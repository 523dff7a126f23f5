"""Links of the documents that are installed side by side: python3 installed_links.py DIRECTORY

In the sources documents link each other across directories. What is in DIRECTORY is linked there; what is not installed is named."""

import os
import re
import sys
from pathlib import Path, PurePosixPath

LINK = re.compile(r"(?P<picture>!?)\[(?P<text>[^\[\]]*)\]\((?P<path>[^()#:\s]+)(?P<anchor>#[^()\s]*)?\)")
SOURCES = Path(__file__).resolve().parents[1]
FENCED = re.compile(r"(^```.*?^```)", re.MULTILINE | re.DOTALL)


def place(path, directory):
    """Where the file of the sources is below the directory, or None: as it is called there, without docs/, or among the examples."""
    parts = [part for part in PurePosixPath(path).parts if part != ".."]
    inside = parts[1:] if parts[0] == "docs" else parts
    for candidate in (PurePosixPath(path), PurePosixPath(*inside), PurePosixPath("examples", parts[-1])):
        if ".." not in candidate.parts and (directory / candidate).exists():
            return candidate
    return None


def named(text, path, folder):
    """The text of the link, and what it led to unless the text says so."""
    inside = os.path.normpath(f"{folder}/{path}")
    return text if text.strip("`") in (inside, PurePosixPath(inside).name) else f"{text} (`{inside}` of the sources)"


def rewritten(markdown, directory, folder):
    """Of a document that is in that folder of the sources."""
    def link(found):
        there = place(found["path"], directory)
        if there is None:
            return named(found["text"], found["path"], folder)
        return f"{found['picture']}[{found['text']}]({there}{found['anchor'] or ''})"

    return "".join(part if part.startswith("```") else LINK.sub(link, part) for part in FENCED.split(markdown))


def main(directory):
    for file in sorted(directory.glob("*.md")):
        markdown = file.read_text(encoding="utf-8")
        folder = "docs" if (SOURCES / "docs" / file.name).exists() else "."
        file.write_text(rewritten(markdown, directory, folder), encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: installed_links.py DIRECTORY")
    main(Path(sys.argv[1]))
