#include "pin_question.hpp"

#include "spheregate/base/check.hpp"

namespace spheregate::tls {
namespace {

int answer(UI* ui, UI_STRING* line) {
  auto* question = static_cast<PinQuestion*>(UI_get0_user_data(ui));
  if (question == nullptr || UI_get_string_type(line) != UIT_PROMPT) return 1;
  question->asked = true;
  if (question->pin.empty()) return 0;
  return UI_set_result(ui, line, question->pin.c_str()) == 0 ? 1 : 0;
}

UI_METHOD* makeMethod() {
  UI_METHOD* method = UI_create_method("Spheregate PIN");
  SPHEREGATE_CHECK(method != nullptr && UI_method_set_reader(method, answer) == 0);
  return method;
}

}  // namespace

const UI_METHOD& pinMethod() {
  static const UI_METHOD* const method = makeMethod();
  return *method;
}

}  // namespace spheregate::tls
