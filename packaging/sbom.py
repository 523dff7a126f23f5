"""The bill of materials of a built program as CycloneDX 1.5: every Debian package whose code it runs, with the version it was built with.

Shared libraries are those that the program needs, and those that these need. Libraries of which only headers are used are found among the files
that the compiler read for it. Nothing is listed by hand.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
import urllib.parse
import uuid
from pathlib import Path

# What only says how to talk to the kernel is no library.
NOT_LIBRARIES = {"linux"}
# Headers of C and C++ that come with a cross compiler: what is loaded of them is in other packages, which are listed.
CROSS = "-cross"
DISTRIBUTION = "debian"


def run(*arguments):
    return subprocess.run(arguments, capture_output=True, text=True, check=True, timeout=120).stdout


def needed(file):
    return re.findall(r"\(NEEDED\)\s+Shared library: \[(.+?)\]", run("readelf", "-d", str(file)))


class SharedLibraries:
    """Where the libraries of the machine that the program is built for are, and what each needs."""

    def __init__(self, multiarch):
        self.folders = [Path(prefix, "lib", folder) for prefix in ("/usr", "/") for folder in (multiarch, "")]

    def find(self, name):
        for folder in self.folders:
            if (folder / name).exists():
                return folder / name
        raise FileNotFoundError(f"{name} is in none of {', '.join(map(str, self.folders))}")

    def closure(self, program):
        """{name: (file, [names of what it needs])} of all that is loaded with the program."""
        found, waiting = {}, needed(program)
        while waiting:
            name = waiting.pop()
            if name not in found:
                file = self.find(name)
                found[name] = (file, needed(file))
                waiting += found[name][1]
        return found


def headers(build, program):
    """Every file outside the project that the compiler read for the program."""
    objects = {line for line in run("ninja", "-C", build, "-t", "inputs", program).splitlines() if line.endswith(".o")}
    read, wanted = set(), False
    for line in run("ninja", "-C", build, "-t", "deps").splitlines():
        if not line.startswith(" "):
            wanted = line.split(":", 1)[0] in objects
        elif wanted:
            read.add(os.path.abspath(os.path.join(build, line.strip())))
    if not read:
        raise LookupError(f"{build} does not say what {program} was compiled from; build it there with ninja first")
    return {file for file in read if file.startswith("/usr/")}


def without_usr(path):
    return path.removeprefix("/usr") if path.startswith("/usr/lib") else path


def owners(files):
    """{file: package} of files that dpkg knows. A library may be recorded under its name from before / and /usr were merged."""
    names = {spelled: file for file in map(str, files) for spelled in (file, without_usr(file))}
    done = subprocess.run(["dpkg-query", "-S", *names], capture_output=True, text=True, timeout=120)
    found = {}
    for line in done.stdout.splitlines():
        package, _, file = line.partition(": ")
        if file in names and not line.startswith("diversion by"):
            found[names[file]] = package.split(",")[0]
    return found


def quoted(text):
    """As a purl spells it: a plus in hexadecimal, a colon as it is."""
    return urllib.parse.quote(text, safe=":~")


class Package:
    def __init__(self, name):
        shown = run("dpkg-query", "-W", "-f", "${Package}\t${source:Package}\t${Version}\t${Architecture}", name)
        self.name, self.source, self.version, self.architecture = shown.split("\t")

    @property
    def purl(self):
        with open("/etc/os-release", encoding="utf-8") as file:
            release = re.search(r'^VERSION_ID="?([^"\n]+)', file.read(), re.MULTILINE)
        qualifiers = {"arch": self.architecture, "distro": f"{DISTRIBUTION}-{release[1]}" if release else DISTRIBUTION}
        if self.source != self.name:
            qualifiers["upstream"] = self.source
        return f"pkg:deb/{DISTRIBUTION}/{quoted(self.name)}@{quoted(self.version)}?{urllib.parse.urlencode(qualifiers)}"

    def component(self, linkage):
        return {"type": "library", "bom-ref": self.purl, "supplier": {"name": "Debian"}, "name": self.name, "version": self.version,
                "purl": self.purl, "properties": [{"name": "spheregate:linkage", "value": linkage}]}


def bill(arguments):
    libraries = SharedLibraries(arguments.multiarch).closure(arguments.program)
    files = {name: file for name, (file, _) in libraries.items()}
    owned = owners(files.values())
    unknown = [name for name, file in files.items() if str(file) not in owned]
    if unknown:
        raise LookupError(f"no Debian package has {', '.join(unknown)}")
    packages = {name: Package(owned[str(file)]) for name, file in files.items()}

    # A library of which the program also loads the shared part is in the list already.
    loaded = {package.source for package in packages.values()}
    read = map(Package, sorted(set(owners(headers(arguments.build, Path(arguments.program).name)).values())))
    compiled = [package for package in read if package.source not in loaded | NOT_LIBRARIES and not package.name.endswith(CROSS)]

    purl = f"pkg:generic/{arguments.name}@{quoted(arguments.version)}"
    main = {"type": "application", "bom-ref": purl, "supplier": {"name": "Spheregate maintainers"}, "name": arguments.name,
            "version": arguments.version, "licenses": [{"license": {"id": "Apache-2.0"}}], "purl": purl}
    components = {package.purl: package.component("dynamic") for package in packages.values()}
    components |= {package.purl: package.component("headers") for package in compiled}

    needs = {main["bom-ref"]: {packages[name].purl for name in needed(arguments.program)} | {package.purl for package in compiled}}
    needs |= {purl: set() for purl in components}
    for name, (_, below) in libraries.items():
        needs[packages[name].purl] |= {packages[one].purl for one in below} - {packages[name].purl}

    made = {"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
            "metadata": {"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(arguments.time)),
                         "authors": [{"name": "Spheregate maintainers"}], "component": main},
            "components": [components[purl] for purl in sorted(components)],
            "dependencies": [{"ref": ref, "dependsOn": sorted(needs[ref])} for ref in sorted(needs)]}
    # The same content has the same number, wherever and whenever it was made.
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(made, sort_keys=True))
    return {"bomFormat": made.pop("bomFormat"), "specVersion": made.pop("specVersion"), "serialNumber": f"urn:uuid:{number}", **made}


def main():
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("program", help="the file of the built program")
    arguments.add_argument("--build", required=True, metavar="DIR", help="the directory where ninja built it")
    arguments.add_argument("--name", required=True, help="of the package that it is in")
    arguments.add_argument("--version", required=True)
    arguments.add_argument("--multiarch", default=run("gcc", "-print-multiarch").strip(), help="where libraries are: x86_64-linux-gnu")
    arguments.add_argument("--time", type=int, default=int(os.environ.get("SOURCE_DATE_EPOCH", time.time())), help="seconds since 1970")
    try:
        made = bill(arguments.parse_args())
    except (LookupError, OSError, subprocess.SubprocessError) as error:
        sys.exit(f"sbom.py: {error}")
    json.dump(made, sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
