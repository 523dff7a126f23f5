"""Every #include between rooms follows an arrow that src/CMakeLists.txt declares; a shared include root lets wrong ones compile."""

import re

import sources


def declared(text):
    """{room: the rooms it may use}, from the room() calls."""
    rooms = {}
    for call in re.findall(r"^room\(([^)]*)\)", text, re.MULTILINE):
        words = call.split()
        name, needs, key = None, set(), None
        for word in words:
            if word in ("NAME", "NEEDS", "PUBLIC_LIBS", "PRIVATE_LIBS"):
                key = word
            elif key == "NAME":
                name = word
            elif key == "NEEDS":
                needs.add(word)
        rooms[name] = needs
    return rooms


def faults_in(rooms, files):
    faults = []
    for path, text in files.items():
        match = re.match(r"(?:src|include/spheregate)/(\w+)/", path)
        if not match:
            continue
        room = match[1]
        # main.cpp stands above all rooms.
        allowed = set(rooms) if path.startswith("src/main/") else rooms.get(room)
        if allowed is None:
            faults.append(f"{path}: {room} is not declared in src/CMakeLists.txt")
            continue
        for line, name in sources.includes(text):
            target = re.match(r"spheregate/(\w+)/", name)
            if target and target[1] != room and target[1] not in allowed:
                faults.append(f"{path}:{line}: {room} may not use {target[1]} ({name})")
            elif re.search(r"(^|/)\.\./", name):
                faults.append(f"{path}:{line}: {name} climbs out of its room")
    return faults


def look():
    rooms = declared((sources.ROOT / "src/CMakeLists.txt").read_text())
    return faults_in(rooms, sources.read("src", "include"))


def self_test():
    rooms = declared("room(NAME base PUBLIC_LIBS x)\nroom(NAME mqtt NEEDS base)\nroom(NAME relay NEEDS base mqtt\n     PRIVATE_LIBS y)\n")
    assert rooms == {"base": set(), "mqtt": {"base"}, "relay": {"base", "mqtt"}}, rooms

    def one(path, name):
        return faults_in(rooms, {path: f'#pragma once\n#include "{name}"\n'})

    assert not one("src/relay/a.cpp", "spheregate/mqtt/packets.hpp")
    assert not one("src/mqtt/a.cpp", "spheregate/mqtt/packets.hpp")
    assert not one("src/main/main.cpp", "spheregate/relay/front.hpp")
    assert one("src/mqtt/a.cpp", "spheregate/relay/front.hpp") == ["src/mqtt/a.cpp:2: mqtt may not use relay (spheregate/relay/front.hpp)"]
    assert one("include/spheregate/base/a.hpp", "spheregate/mqtt/packets.hpp")
    assert one("src/util/a.cpp", "spheregate/base/bytes.hpp")
    assert one("src/relay/a.cpp", "../mqtt/private.hpp")
    assert len(declared((sources.ROOT / "src/CMakeLists.txt").read_text())) > 10, "the declarations of the project were not found"


if __name__ == "__main__":
    sources.run(look, self_test)
