"""Every relative link of the documents leads somewhere, in the sources and as they are installed."""

import re
import shutil
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "packaging"))

import installed_links  # noqa: E402

SOURCES = [ROOT / name for name in ("README.md", "CHANGELOG.md", "SECURITY.md", "benchmarks/README.md", "tests/hubsim/README.md")]
SOURCES += sorted((ROOT / "docs").rglob("*.md"))


def prose(markdown):
    """Without code, in which brackets are no links and # is no heading."""
    return re.sub(r"`[^`\n]*`", lambda code: code[0].replace("]", ")"), re.sub(r"(?ms)^```.*?^```$", "", markdown))


def links(markdown):
    """(path, anchor) of each; pictures in links are two."""
    for target in re.findall(r"\]\(([^()\s]+)\)", prose(markdown)):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            yield path, anchor


def anchors(markdown):
    """Of the headings, as GitHub makes them."""
    found = set()
    for heading in re.findall(r"(?m)^#+ (.*)$", re.sub(r"(?ms)^```.*?^```$", "", markdown)):
        anchor = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()).replace(" ", "-")
        # The second of one name has a number.
        found.add(next(one for one in (anchor, *(f"{anchor}-{number}" for number in range(1, 100))) if one not in found))
    return found


def dead(files):
    """`file: link` of each that leads nowhere."""
    found = []
    for file in files:
        markdown = file.read_text(encoding="utf-8")
        for path, anchor in links(markdown):
            target = file.parent / path if path else file
            if not target.exists() or (anchor and (target.suffix != ".md" or anchor not in anchors(target.read_text(encoding="utf-8")))):
                found.append(f"{file.name}: {path}{'#' if anchor else ''}{anchor}")
    return found


def install(directory):
    """What packaging/debian puts into /usr/share/doc/spheregate."""
    entries = [(line.split()[0], "") for line in (ROOT / "packaging/debian/spheregate.docs").read_text(encoding="utf-8").splitlines()]
    entries += [(line.split()[0], "examples") for line in (ROOT / "packaging/debian/spheregate.examples").read_text(encoding="utf-8").splitlines()]
    for line in (ROOT / "packaging/debian/spheregate.install").read_text(encoding="utf-8").splitlines():
        source, target = line.split() if " " in line else (line, "")
        if target == "usr/share/doc/spheregate" and not source.startswith("debian/"):
            entries.append((source, ""))
    for source, folder in entries:
        target = directory / folder / Path(source).name
        target.parent.mkdir(exist_ok=True)
        (shutil.copytree if (ROOT / source).is_dir() else shutil.copy)(ROOT / source, target)


class Links(unittest.TestCase):
    def test_of_the_sources_lead_somewhere(self):
        self.assertEqual(dead(SOURCES), [])

    def test_of_the_installed_documents_lead_somewhere(self):
        with tempfile.TemporaryDirectory() as place:
            directory = Path(place)
            install(directory)
            documents = sorted(directory.glob("*.md"))
            self.assertGreater(len(documents), 8)
            self.assertNotEqual(dead(documents), [], "then nothing need be rewritten")
            installed_links.main(directory)
            self.assertEqual(dead(documents), [])
            once = {file: file.read_bytes() for file in documents}
            installed_links.main(directory)
            self.assertEqual({file: file.read_bytes() for file in documents}, once, "a second build would change them again")
            # What is installed is linked, what is not is named.
            security = (directory / "security.md").read_text(encoding="utf-8")
            self.assertIn("[SECURITY.md](SECURITY.md)", security)
            self.assertIn("the unit (`systemd/spheregate.service` of the sources)", security)
            self.assertIn("[config/spheregate.yaml](examples/spheregate.yaml)", (directory / "configuration.md").read_text(encoding="utf-8"))

    def test_the_package_has_them_rewritten(self):
        rules = (ROOT / "packaging/debian/rules").read_text(encoding="utf-8")
        # The examples are the last of what is linked that debhelper puts in place.
        self.assertIn("execute_after_dh_installexamples:\n\tpython3 packaging/installed_links.py debian/spheregate/usr/share/doc/spheregate\n", rules)

    def test_a_dead_link_is_found(self):
        with tempfile.TemporaryDirectory() as place:
            file = Path(place, "a.md")
            for text, found in (("[x](b.md)", ["a.md: b.md"]), ("[x](#there)\n## There", []), ("[x](#here)\n## There", ["a.md: #here"]),
                                ("[![x](c.png)](a.md)", ["a.md: c.png"]), ("`[x](b.md)`", []), ("```\n[x](b.md)\n```\n", []), ("[x](https://a.b/c)", []),
                                ("[`x`](b.md)", ["a.md: b.md"]), ("[x](a.md#one-two-c)\n### One: *two* `c`", []), ("[x](#a-1)\n# A\n# A", [])):
                with self.subTest(text):
                    file.write_text(text, encoding="utf-8")
                    self.assertEqual(dead([file]), found)

    def test_rewriting(self):
        with tempfile.TemporaryDirectory() as place:
            Path(place, "a.md").touch()
            for text, expected in (("[x](docs/a.md#b)", "[x](a.md#b)"), ("[x](../a.md)", "[x](a.md)"), ("[a](a.md)", "[a](a.md)"), ("[x](#b)", "[x](#b)"),
                                   ("[x](c/d.md)", "x (`docs/c/d.md` of the sources)"), ("[x](../c/d.md)", "x (`c/d.md` of the sources)"),
                                   ("[`c/d.md`](../c/d.md)", "`c/d.md`"),
                                   ("[x](https://a.b/c)", "[x](https://a.b/c)"), ("```\n[x](docs/a.md)\n```", "```\n[x](docs/a.md)\n```")):
                with self.subTest(text):
                    self.assertEqual(installed_links.rewritten(text, Path(place), "docs"), expected)


if __name__ == "__main__":
    unittest.main()
