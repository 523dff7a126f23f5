"""Answers in JSON compared with docs/schemas: what is required is there, and nothing is there that is not described."""

import copy
import json
import sys
from pathlib import Path

try:
    import jsonschema
except ImportError:  # another Python than Debian's comes first in the path
    sys.path.append("/usr/lib/python3/dist-packages")
    import jsonschema

FOLDER = Path(__file__).resolve().parents[2] / "docs/schemas"


def exact(schema):
    """Users must put up with members of later versions; a test must not, or nobody would describe them."""
    if isinstance(schema, list):
        return [exact(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: exact(value) for key, value in schema.items()}
    if made.get("type") == "object" and isinstance(made.get("properties"), dict):
        made.setdefault("additionalProperties", False)
    return made


def schema_of(name):
    schema = json.loads((FOLDER / f"{name}.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    return schema


def assert_fits(test, name, answer):
    """`answer` is text or what it stands for; returns the latter."""
    value = json.loads(answer) if isinstance(answer, str) else answer
    faults = list(jsonschema.Draft202012Validator(exact(schema_of(name))).iter_errors(copy.deepcopy(value)))
    test.assertEqual([f"{'/'.join(map(str, fault.absolute_path))}: {fault.message[:300]}" for fault in faults], [], name)
    return value
