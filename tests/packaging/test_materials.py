"""The bill of materials: well formed, complete, the same at every call, and read from what was built."""

import copy
import json
import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

import cyclonedx

ROOT = Path(__file__).resolve().parents[2]
PROGRAMS = Path(os.environ.get("SPHEREGATE_PROGRAMS", ROOT / "build/release"))
TIME = 1767225600


def bill(program, name="spheregate", time=TIME, **environment):
    done = subprocess.run([sys.executable, str(ROOT / "packaging/sbom.py"), str(PROGRAMS / program), "--build", str(PROGRAMS), "--name", name,
                           "--version", "1.2.3+dev~1", "--time", str(time)], capture_output=True, text=True, timeout=60,
                          env={**os.environ, **environment})
    if done.returncode:
        raise AssertionError(done.stderr)
    return done.stdout


class BillOfMaterials(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = bill("spheregate")
        cls.bom = json.loads(cls.text)
        cls.components = {one["name"]: one for one in cls.bom["components"]}

    def test_is_cyclonedx(self):
        self.assertEqual(cyclonedx.faults(self.bom), [])
        self.assertEqual(cyclonedx.faults(json.loads(bill("spheregate-hubsim", "spheregate-hubsim"))), [])

    def test_has_every_library_that_is_loaded(self):
        """The linker's word, by a way of its own, against the list's."""
        loaded = subprocess.run(["ldd", str(PROGRAMS / "spheregate")], capture_output=True, text=True, check=True, timeout=30).stdout
        names = re.findall(r"^\s+(?:/\S*/)?(\S+?\.so\S*) (?:=>|\()", loaded, flags=re.MULTILINE)
        files = {name: re.search(rf"{re.escape(name)} => (\S+)", loaded) for name in names}
        packages = set()
        for match in filter(None, files.values()):
            for spelled in (match[1], match[1].removeprefix("/usr"), "/usr" + match[1]):
                found = subprocess.run(["dpkg-query", "-S", spelled], capture_output=True, text=True, timeout=30)
                packages |= {line.split(":")[0] for line in found.stdout.splitlines()}
        self.assertGreater(len(packages), 8)
        self.assertEqual({name for name, one in self.components.items() if one["properties"][0]["value"] == "dynamic"}, packages)

    def test_has_the_libraries_that_are_headers_only(self):
        headers = {name for name, one in self.components.items() if one["properties"][0]["value"] == "headers"}
        self.assertLessEqual({"libboost1.81-dev", "libcli11-dev", "nlohmann-json3-dev"}, headers)
        self.assertNotIn("linux-libc-dev", headers)
        self.assertNotIn("libgtest-dev", headers, "what only tests use is not in the product")

    def test_versions_are_those_that_dpkg_has(self):
        for name, one in self.components.items():
            there = subprocess.run(["dpkg-query", "-W", "-f", "${Version}\n", name], capture_output=True, text=True, timeout=30).stdout.split()
            self.assertIn(one["version"], there)
            self.assertIn(one["version"].replace("+", "%2B"), one["purl"])
            self.assertTrue(one["purl"].startswith(f"pkg:deb/debian/{name.replace('+', '%2B')}@"), one["purl"])

    def test_every_library_is_needed_by_something(self):
        reached, waiting = set(), [self.bom["metadata"]["component"]["bom-ref"]]
        needs = {entry["ref"]: entry["dependsOn"] for entry in self.bom["dependencies"]}
        while waiting:
            one = waiting.pop()
            if one not in reached:
                reached.add(one)
                waiting += needs[one]
        self.assertEqual(reached, set(needs))

    def test_is_the_same_at_every_call(self):
        self.assertEqual(bill("spheregate", TZ="Asia/Tokyo", LC_ALL="C"), self.text)
        later = json.loads(bill("spheregate", time=TIME + 1))
        self.assertNotEqual(later["serialNumber"], self.bom["serialNumber"], "another content has another number")

    def test_says_when_it_cannot_know(self):
        with self.assertRaisesRegex(AssertionError, "sbom.py: .*missing"):
            bill("missing")


class Rules(unittest.TestCase):
    """The rules find what is planted."""

    def test_each_fault_is_found(self):
        good = {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1, "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79",
                "metadata": {"timestamp": "2026-01-01T00:00:00Z", "component": {"type": "application", "name": "a", "bom-ref": "a"}},
                "components": [{"type": "library", "name": "b", "version": "1", "bom-ref": "b", "purl": "pkg:deb/debian/b@1:2%2B3?arch=amd64"}],
                "dependencies": [{"ref": "a", "dependsOn": ["b"]}, {"ref": "b", "dependsOn": []}]}
        self.assertEqual(cyclonedx.faults(good), [])
        for change, said in (
                (lambda bom: bom.update(specVersion="1.4"), "specVersion"),
                (lambda bom: bom.update(serialNumber="urn:uuid:1"), "serialNumber"),
                (lambda bom: bom.update(made="by hand"), "unknown key made"),
                (lambda bom: bom["metadata"].update(timestamp="yesterday"), "timestamp"),
                (lambda bom: bom["components"][0].pop("name"), "no name"),
                (lambda bom: bom["components"][0].update(type="lib"), "type"),
                (lambda bom: bom["components"][0].update(purl="pkg:deb/debian/b@1+2"), "purl"),
                (lambda bom: bom["components"][0].update(licence="MIT"), "unknown key licence"),
                (lambda bom: bom["components"].append(bom["components"][0]), "given twice"),
                (lambda bom: bom["dependencies"][0]["dependsOn"].append("c"), "c is no component"),
                (lambda bom: bom["dependencies"].append({"ref": "a"}), "there twice")):
            with self.subTest(said):
                bad = copy.deepcopy(good)
                change(bad)
                self.assertIn(said, " ".join(cyclonedx.faults(bad)))


if __name__ == "__main__":
    unittest.main()
