"""Third-party headers stay in their room, and the rooms that do no I/O keep Asio out of their headers (it costs seconds a file)."""

import re

import sources

HOMES = {  # header prefix: the rooms that may include it
    "yaml-cpp/": {"config"},
    "prometheus/": {"metrics"},
    "CLI/": {"app"},
    "systemd/": {"ops"},
    "spdlog/": {"base"},
    "nlohmann/": {"ops", "app", "hub", "provisioning", "steward"},
    "sqlite3": {"state"},
    "zlib.h": {"bundle"},
    "mqtt/": {"upstream"},
    "MQTT": {"upstream"},
}
NO_ASIO = {"base", "mqtt", "hub", "queue", "session"}


def room_of(path):
    match = re.match(r"(?:src|include/spheregate|tests/unit)/(\w+)/", path)
    return match[1] if match else None


# What a test may use to read what it judges, in any room.
OF_TESTS = ("nlohmann/",)


def faults_in(files):
    faults = []
    for path, text in files.items():
        room = room_of(path)
        for line, name in sources.includes(text):
            for prefix, homes in HOMES.items():
                allowed = room in homes or (path.startswith("tests/") and prefix in OF_TESTS)
                if name.startswith(prefix) and room is not None and not allowed:
                    faults.append(f"{path}:{line}: <{name}> belongs to {', '.join(sorted(homes))}")
            header = path.endswith(".hpp") and not path.startswith("tests/")
            if header and room in NO_ASIO and name.startswith(("boost/asio", "boost/beast")):
                faults.append(f"{path}:{line}: <{name}> in a header of {room}, which does no I/O")
    return faults


def look():
    return faults_in(sources.read("src", "include", "tests/unit"))


def self_test():
    def one(path, name):
        return faults_in({path: f"#include <{name}>\n"})

    assert not one("src/config/a.cpp", "yaml-cpp/yaml.h")
    assert not one("tests/hubsim/registry.cpp", "yaml-cpp/yaml.h")
    assert not one("include/spheregate/tls/a.hpp", "boost/asio/io_context.hpp")
    assert one("src/relay/a.cpp", "yaml-cpp/yaml.h") == ["src/relay/a.cpp:1: <yaml-cpp/yaml.h> belongs to config"]
    assert one("include/spheregate/relay/a.hpp", "prometheus/counter.h")
    assert one("src/main/main.cpp", "CLI/CLI.hpp")
    assert one("src/app/a.cpp", "systemd/sd-daemon.h")
    assert one("tests/unit/mqtt/a_test.cpp", "spdlog/spdlog.h")
    assert not one("tests/unit/mqtt/a_test.cpp", "nlohmann/json.hpp")
    assert one("include/spheregate/session/a.hpp", "boost/asio.hpp")
    assert one("src/queue/private.hpp", "boost/asio/post.hpp")


if __name__ == "__main__":
    sources.run(look, self_test)
