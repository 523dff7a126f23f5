"""The rules of CycloneDX 1.5 that a bill of materials of libraries can break, from the specification; the schema itself is not at hand offline."""

import re

COMPONENT_KEYS = {"type", "mime-type", "bom-ref", "supplier", "author", "publisher", "group", "name", "version", "description", "scope", "hashes",
                  "licenses", "copyright", "cpe", "purl", "swid", "modified", "pedigree", "externalReferences", "components", "evidence",
                  "releaseNotes", "modelCard", "data", "properties", "signature"}
COMPONENT_TYPES = {"application", "framework", "library", "container", "platform", "operating-system", "device", "device-driver", "firmware",
                   "file", "machine-learning-model", "data"}
TOP_KEYS = {"$schema", "bomFormat", "specVersion", "serialNumber", "version", "metadata", "components", "services", "externalReferences",
            "dependencies", "compositions", "vulnerabilities", "annotations", "formulation", "properties", "signature"}
METADATA_KEYS = {"timestamp", "lifecycles", "tools", "authors", "component", "manufacture", "supplier", "licenses", "properties"}
SERIAL_NUMBER = r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
TIMESTAMP = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)"
# What is not unreserved is in hexadecimal, but for the colon.
PURL = r"pkg:[a-z][a-z0-9.+-]*/(?:[A-Za-z0-9._~%-]+/)*[A-Za-z0-9._~%-]+(?:@[A-Za-z0-9._~:%-]+)?(?:\?[a-z][a-z0-9._-]*=[^&#\s]+(?:&[a-z][a-z0-9._-]*=[^&#\s]+)*)?"


def component_faults(one, place):
    if not isinstance(one, dict):
        return [f"{place}: is no object"]
    faults = [f"{place}: unknown key {key}" for key in one.keys() - COMPONENT_KEYS]
    if one.get("type") not in COMPONENT_TYPES:
        faults.append(f"{place}: type {one.get('type')!r}")
    if not isinstance(one.get("name"), str) or not one["name"]:
        faults.append(f"{place}: no name")
    if "version" in one and not isinstance(one["version"], str):
        faults.append(f"{place}: version is no text")
    if "bom-ref" in one and not one["bom-ref"]:
        faults.append(f"{place}: empty bom-ref")
    if "purl" in one and not re.fullmatch(PURL, one["purl"]):
        faults.append(f"{place}: purl {one['purl']}")
    for choice in one.get("licenses", []):
        if set(choice) == {"license"}:
            if len(choice["license"].keys() & {"id", "name"}) != 1:
                faults.append(f"{place}: a license has an id or a name")
        elif set(choice) != {"expression"}:
            faults.append(f"{place}: a license is a license or an expression")
    faults += [f"{place}: a property without name" for entry in one.get("properties", []) if not entry.get("name")]
    return faults


def faults(bom):
    """Each a sentence; none for a good one."""
    found = [f"unknown key {key}" for key in bom.keys() - TOP_KEYS]
    if bom.get("bomFormat") != "CycloneDX":
        found.append("bomFormat is not CycloneDX")
    if bom.get("specVersion") != "1.5":
        found.append("specVersion is not 1.5")
    if not isinstance(bom.get("version"), int) or bom["version"] < 1:
        found.append("version is no whole number from 1 on")
    if not re.fullmatch(SERIAL_NUMBER, bom.get("serialNumber", "")):
        found.append(f"serialNumber {bom.get('serialNumber')}")
    metadata = bom.get("metadata", {})
    found += [f"metadata: unknown key {key}" for key in metadata.keys() - METADATA_KEYS]
    if not re.fullmatch(TIMESTAMP, metadata.get("timestamp", "")):
        found.append(f"metadata: timestamp {metadata.get('timestamp')}")
    components = [metadata.get("component"), *bom.get("components", [])]
    for index, one in enumerate(components):
        found += component_faults(one, f"components[{index - 1}]" if index else "metadata.component")
    references = [one["bom-ref"] for one in components if isinstance(one, dict) and one.get("bom-ref")]
    found += [f"bom-ref {one} is given twice" for one in set(references) if references.count(one) > 1]
    named = [entry.get("ref") for entry in bom.get("dependencies", [])]
    found += [f"dependencies: {one} is there twice" for one in set(named) if named.count(one) > 1]
    for entry in bom.get("dependencies", []):
        if set(entry) - {"ref", "dependsOn"}:
            found.append(f"dependencies: unknown key in {entry.get('ref')}")
        if len(set(entry.get("dependsOn", []))) != len(entry.get("dependsOn", [])):
            found.append(f"dependencies: {entry.get('ref')} names one twice")
        found += [f"dependencies: {one} is no component" for one in [entry.get("ref"), *entry.get("dependsOn", [])] if one not in references]
    return found
