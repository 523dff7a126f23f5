#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

// How the commands write an answer of the gateway for people.
namespace spheregate::app {

// A member as text; `otherwise` where it is not there, null or empty.
std::string textOf(const nlohmann::json& object, const char* key, const std::string& otherwise = "-");
// Names in certificates are the peer's choice, and one long name must not push the columns apart. Commands take this form of an id too.
std::string shownName(const std::string& name);
// The alias of a device, or its id in that form.
std::string nameOf(const nlohmann::json& device, const char* key = "id");
// `name            value`
void line(std::string& out, const std::string& name, const std::string& value);

// `1 message`, `2 messages`.
std::string counted(std::uint64_t count, const std::string& what);
// A reason with each long id in it in its short form; the whole one is in the JSON.
std::string shortIdsIn(const std::string& text);
// `340 bytes`, `1.2 MiB`.
std::string bytesText(std::uint64_t bytes);
// `12 s`, `3 h 5 min`.
std::string ageText(double seconds);

}  // namespace spheregate::app
