"""What packaging/debian says, against the sources and against what is built; nothing is compiled."""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(os.environ.get("SPHEREGATE_PROGRAMS", ROOT / "build/release"))
DEBIAN = ROOT / "packaging/debian"
# For people who build it, not for those who run it.
NOT_SHIPPED = {"docs/architecture.md"}


def text(path):
    return (ROOT / path).read_text(encoding="utf-8")


def entries(name):
    return [line.split() for line in (DEBIAN / name).read_text(encoding="utf-8").splitlines() if line.strip()]


def stanzas():
    """{package: {field: value}} of debian/control."""
    found = {}
    for block in text("packaging/debian/control").split("\n\n"):
        fields = dict(re.findall(r"^([A-Za-z-]+):((?:.*\n?)(?:[ \t].*\n?)*)", block, flags=re.MULTILINE))
        found[fields.get("Package", "source").strip()] = {key: value.strip() for key, value in fields.items()}
    return found


class Package(unittest.TestCase):
    def test_has_the_version_of_the_program(self):
        version = re.search(r"^project\(spheregate VERSION (\S+)", text("CMakeLists.txt"), re.MULTILINE)[1]
        newest = re.match(r"spheregate \(([^)]+)\)", text("packaging/debian/changelog"))[1]
        self.assertEqual(re.split(r"[~+-]", newest)[0], version, "packaging/debian/changelog begins with another version than CMakeLists.txt")
        self.assertIn(f"## {version}", text("CHANGELOG.md"))

    def test_ships_what_is_there(self):
        """Every file that a package takes is in the sources, is installed by cmake, or is made by the rules."""
        rules = text("packaging/debian/rules").replace("$(MADE)", "debian/made")
        programs = ["spheregate", "spheregate-hubsim", "spheregate-testpki", "spheregate-load"]
        with tempfile.TemporaryDirectory() as staged:
            for component in ("programs", "tools"):
                subprocess.run(["cmake", "--install", str(PROGRAMS), "--prefix", "/usr", "--component", component], check=True, timeout=60,
                               env={**os.environ, "DESTDIR": staged}, stdout=subprocess.DEVNULL)
            installed = {file.relative_to(staged).as_posix() for file in Path(staged).rglob("*") if file.is_file()}
            self.assertEqual(installed, {f"usr/bin/{name}" for name in programs})
        taken = set()
        for package in ("spheregate", "spheregate-tools"):
            for kind in ("install", "manpages", "docs", "examples"):
                name = f"{package}.{kind}"
                for entry in entries(name) if (DEBIAN / name).exists() else []:
                    with self.subTest(f"{name}: {entry[0]}"):
                        if entry[0].startswith("usr/"):
                            self.assertIn(entry[0], installed)
                            taken.add(entry[0])
                        elif entry[0].startswith("debian/made/"):
                            self.assertTrue(entry[0] in rules or entry[0].removeprefix("debian/made/").removesuffix(".cdx.json") in programs)
                        else:
                            self.assertTrue(list(ROOT.glob(entry[0].replace("debian/", "packaging/debian/", 1))), "is not there")
        self.assertEqual(taken, installed, "no package takes it")

    def test_ships_every_document_for_users(self):
        shipped = {entry[0] for entry in entries("spheregate.docs")}
        # With the pictures that they show.
        there = {f"docs/{file.name}" for file in (ROOT / "docs").glob("*.md")} | {"docs/images"}
        self.assertEqual({file for file in shipped if file.startswith("docs/")}, there - NOT_SHIPPED)
        for file in sorted(shipped - {"docs/images"}):
            for link in re.findall(r"\]\(([\w-]+\.md)", text(file)):
                with self.subTest(f"{file}: {link}"):
                    self.assertIn(link, {Path(one).name for one in shipped}, "leads to a document that is not shipped")
            for picture in re.findall(r"\]\((images/[\w.-]+)\)", text(file)):
                with self.subTest(f"{file}: {picture}"):
                    self.assertTrue((ROOT / "docs" / picture).is_file(), "is not there")

    def test_every_manual_page_and_completion_is_shipped(self):
        pages = {entry[0] for name in ("spheregate.manpages", "spheregate-tools.manpages") for entry in entries(name)}
        self.assertEqual({page for page in pages if page.startswith("packaging/")},
                         {f"packaging/man/{file.name}" for file in (ROOT / "packaging/man").iterdir()})

    def test_the_user_is_the_one_that_the_unit_and_init_know(self):
        user = re.search(r"^u (\S+) - ", text("packaging/debian/spheregate.sysusers"), re.MULTILINE)[1]
        self.assertRegex(text("systemd/spheregate.service"), rf"(?m)^User={user}$")
        self.assertIn(f'kUser = "{user}"', text("src/app/new_gateway.cpp"))
        path, mode = re.search(rf"^d (\S+) (\d+) {user} {user} -$", text("packaging/debian/spheregate.tmpfiles"), re.MULTILINE).groups()
        self.assertRegex(text("systemd/spheregate.service"), rf"(?m)^StateDirectory={path.removeprefix('/var/lib/')}$")
        self.assertRegex(text("systemd/spheregate.service"), rf"(?m)^StateDirectoryMode={mode}$")

    def test_nothing_starts_before_there_is_a_configuration(self):
        """Or installing the package would leave a failed service behind."""
        for unit in sorted((ROOT / "systemd").iterdir()):
            with self.subTest(unit.name):
                self.assertIn("\nConditionPathExists=/etc/spheregate/spheregate.yaml\n", unit.read_text(encoding="utf-8"))

    def test_purge_deletes_what_the_gateway_made_and_nothing_else(self):
        commands = [line.strip() for line in text("packaging/debian/spheregate.postrm").splitlines() if line.strip().startswith("rm ")]
        self.assertEqual(commands, ["rm -rf /etc/spheregate /var/lib/spheregate || mountpoint -q /var/lib/spheregate"])
        self.assertRegex(text("packaging/debian/spheregate.postrm"), r'if \[ "\$1" = purge \]; then\n(?:\s+#.*\n)*\s+rm -rf')

    def test_purge_ends_well_where_the_store_is_a_disk_of_its_own(self):
        """The root of a mounted disk cannot be removed; every other failure is told to dpkg."""
        script = text("packaging/debian/spheregate.postrm").replace("#DEBHELPER#", "echo the rest")
        for mounted in (True, False):
            with self.subTest(mounted=mounted), tempfile.TemporaryDirectory() as programs:
                for name, code in (("rm", 1), ("mountpoint", 0 if mounted else 1)):
                    stub = Path(programs) / name
                    stub.write_text(f"#!/bin/sh\nexit {code}\n", encoding="ascii")
                    stub.chmod(0o755)
                done = subprocess.run(["/bin/sh", "-c", script, "postrm", "purge"], env={"PATH": programs}, capture_output=True, text=True, timeout=10)
                self.assertEqual((done.returncode == 0, done.stdout), (mounted, "the rest\n" if mounted else ""), done.stderr)

    def test_the_configuration_is_no_conffile(self):
        """dpkg would ask about it at each upgrade, since `spheregate init` writes it."""
        into_etc = {f"{entry[-1]}/{Path(entry[0]).name}" for entry in entries("spheregate.install") if entry[-1].startswith("etc/")}
        self.assertEqual(into_etc, {"etc/ufw/applications.d/spheregate"})
        self.assertFalse((DEBIAN / "spheregate.conffiles").exists())

    def test_the_firewall_profile_has_the_port_of_the_example(self):
        port = re.search(r"^  # port: (\d+)$", text("config/spheregate.yaml"), re.MULTILINE)[1]
        self.assertIn(f"\nports={port}/tcp\n", text("packaging/debian/ufw/spheregate"))

    def test_builds_for_the_same_machines(self):
        found = stanzas()
        self.assertEqual({name: fields.get("Architecture") for name, fields in found.items() if name != "source"},
                         {"spheregate": "amd64 arm64", "spheregate-tools": "amd64 arm64"})

    def test_what_was_changed_during_an_earlier_build_is_built_again(self):
        """Such a file is older than the object that was made of its former text."""
        with tempfile.TemporaryDirectory() as directory:
            old, new = Path(directory, "old"), Path(directory, "new")
            for folder, changed in ((old, "before"), (new, "after")):
                (folder / "src").mkdir(parents=True)
                (folder / "src/same.cpp").write_text("same")
                (folder / "src/ancient.cpp").write_text("older than the package")
                (folder / "src/changed.cpp").write_text(changed)
            (new / "src/added.cpp").write_text("added")
            for file, time in ((old / "src/same.cpp", 100), (old / "src/ancient.cpp", 10), *((file, 200) for file in new.glob("src/*"))):
                os.utime(file, (time, time))
            built = (old / "src/changed.cpp").stat().st_mtime
            subprocess.run(["bash", "-ec", 'source packaging/package.sh; keep_times "$@"', "test", old, new, "50"], check=True, cwd=ROOT)
            self.assertEqual((new / "src/same.cpp").stat().st_mtime, 100)
            self.assertEqual((new / "src/ancient.cpp").stat().st_mtime, 50, "two builds write the same time of it")
            for name in ("changed", "added"):
                self.assertGreaterEqual((new / f"src/{name}.cpp").stat().st_mtime, built)

    def test_dev_installs_what_the_package_needs_to_be_built(self):
        needed = {re.sub(r"[ :(].*", "", one.strip()) for one in stanzas()["source"]["Build-Depends"].split(",") if one.strip()}
        listed = set(re.search(r"package_packages=\(([^)]*)\)", text("packaging/package.sh"))[1].split())
        self.assertLessEqual(needed - {"debhelper-compat", "dh-sequence-installsysusers"}, listed)
        self.assertLessEqual({"debhelper", "lintian"}, listed)


if __name__ == "__main__":
    unittest.main()
