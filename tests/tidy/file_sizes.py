"""A file of more than 300 lines needs a thought, one of more than 400 must be divided."""

import sources

WARN, FAIL = 300, 400


def judge(files):
    """(warnings, faults)"""
    lengths = {path: text.count("\n") for path, text in files.items()}
    return ([f"{path}: {lines} lines, more than {WARN}" for path, lines in lengths.items() if WARN < lines <= FAIL],
            [f"{path}: {lines} lines, more than {FAIL}" for path, lines in lengths.items() if lines > FAIL])


def look():
    warnings, faults = judge(sources.read("src", "include", "tests", "benchmarks"))
    for warning in warnings:
        print(f"warning: {warning}")
    return faults


def self_test():
    warnings, faults = judge({"a.cpp": "\n" * 300, "b.cpp": "\n" * 301, "c.cpp": "\n" * 401})
    assert warnings == ["b.cpp: 301 lines, more than 300"], warnings
    assert faults == ["c.cpp: 401 lines, more than 400"], faults
    assert any(path.startswith("src/") for path in sources.read("src")), "no sources were found"


if __name__ == "__main__":
    sources.run(look, self_test)
