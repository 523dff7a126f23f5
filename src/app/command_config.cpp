#include <cstdio>
#include <memory>
#include <utility>

#include "command_line.hpp"
#include "config_json.hpp"
#include "exit_code.hpp"
#include "json_answer.hpp"

namespace spheregate::app {
namespace {

struct Question {
  std::string file = kConfigFile;
  bool asJson = false;
};

int check(const Question& question) {
  if (!question.asJson) {
    if (!loadOrComplain(question.file)) return kBadConfiguration;
    std::printf("%s: good\n", question.file.c_str());
    std::fprintf(stderr, "note: the files and hosts that it names are looked at by `spheregate check`\n");
    return kGood;
  }
  const config::Loaded loaded = config::load(question.file);
  std::printf("%s\n", jsonText(problemsJson(question.file, loaded.problems)).c_str());
  return loaded.problems.empty() ? kGood : kBadConfiguration;
}

int show(const Question& question) {
  if (!question.asJson) {
    const auto config = loadOrComplain(question.file);
    if (!config) return kBadConfiguration;
    std::fputs(config::show(*config).c_str(), stdout);
    return kGood;
  }
  const config::Loaded loaded = config::load(question.file);
  if (!loaded.problems.empty()) {
    std::printf("%s\n", jsonText(problemsJson(question.file, loaded.problems)).c_str());
    return kBadConfiguration;
  }
  const nlohmann::ordered_json answer{{"file", question.file}, {"good", true}, {"values", valuesJson(loaded.config)}};
  std::printf("%s\n", answer.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace).c_str());
  return kGood;
}

void addOne(CLI::App& configs, Deed& deed, const char* name, const char* text, int (*act)(const Question&)) {
  const auto question = std::make_shared<Question>();
  CLI::App* command = configs.add_subcommand(name, text);
  command->add_option("file,--config", question->file, "the configuration file")->type_name("FILE")->capture_default_str();
  command->add_flag("--json", question->asJson, "for scripts");
  command->callback([=, &deed] { deed = [=] { return act(*question); }; });
}

}  // namespace

std::optional<config::Config> loadOrComplain(const std::string& file) {
  config::Loaded loaded = config::load(file);
  for (const config::Problem& problem : loaded.problems) std::fprintf(stderr, "%s\n", config::text(problem).c_str());
  if (!loaded.problems.empty()) return std::nullopt;
  return std::move(loaded.config);
}

void addConfigCommands(CLI::App& program, Deed& deed) {
  CLI::App* configs = program.add_subcommand("config", "check or show a configuration file");
  configs->require_subcommand(1);
  addOne(*configs, deed, "check", "name every mistake, with its place and what to do", check);
  addOne(*configs, deed, "show", "print the values in effect, defaults included", show);
}

}  // namespace spheregate::app
