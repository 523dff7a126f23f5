"""One co_await a statement, its result named or dropped: g++ 12 miscompiles the rest (double frees, crashes).

Refused: co_await in a condition, a ternary, && or ||, in braces, twice in a statement, inside another call, in co_return, and
braces or lambdas among its arguments.
"""

import re

import sources

NAMED = re.compile(r"(?:(?:const |static |\[\[maybe_unused\]\] )?[\w:<>,&* .\->\[\]]+=\s*|\(void\)\s*|)$")


def faults_in(path, text):
    code = sources.without_comments(text)
    return [f"{path}:{code.count(chr(10), 0, match.start()) + 1}: co_await {why}"
            for match in re.finditer(r"\bco_await\b", code) if (why := fault(code, match.start(), match.end()))]


def fault(code, at, after):
    begin = max(code.rfind(mark, 0, at) for mark in ";{}") + 1
    before = re.sub(r"\s+", " ", code[begin:at].replace("\n", " ")).lstrip()
    before = re.sub(r"^(?:(?:case [\w:]+|default|public|private|protected) ?: ?)+", "", before)
    if re.search(r"\bco_return\s*$", before):
        return "in a co_return; name its result first"
    header_ends = before.count(")") > before.count("(")  # of a `for (…; …; …)` that begins before the last semicolon
    before = without_control(before)
    if before is None or (in_loop_header(code, begin) and not header_ends):
        return "in a condition or a loop header"
    if re.search(r"&&\s*\S|\|\||\?", before):
        return "in a ternary, && or ||"
    if "co_await" in before:
        return "twice in one statement"
    if not NAMED.fullmatch(before):
        return f"inside an expression (`{before[-40:]}co_await`)"
    return fault_after(code, after)


def without_control(before):
    """The statement without the `if (…)`, `else`, `for (…)` in front of it; None when one of their parentheses is still open."""
    while match := re.match(r"(?:else|do)\b ?|(?:if|while|for|switch)\b(?: constexpr)? ?\(", before):
        end = match.end()
        depth = 1 if match[0].endswith("(") else 0
        while depth:
            if end == len(before):
                return None
            depth += {"(": 1, ")": -1}.get(before[end], 0)
            end += 1
        before = before[end:].lstrip()
    if before.count(")") > before.count("("):
        before = before[before.rindex(")") + 1:].lstrip()
    return before


def in_loop_header(code, begin):
    """Whether the statement that begins here is a part of `for (…; …; …)`: a parenthesis of this block is open."""
    depth, braces = 0, 0
    for char in reversed(code[max(0, begin - 4000):begin]):
        if char == "}":
            braces += 1
        elif char == "{":
            if braces == 0:
                return False
            braces -= 1
        elif braces == 0 and char in "()":
            depth += 1 if char == "(" else -1
            if depth > 0:
                return True
    return False


def fault_after(code, after):
    """What follows up to the end of the statement."""
    depth = 0
    for at in range(after, len(code)):
        char = code[at]
        if char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
            if depth < 0:
                return "inside an expression"
        elif char == "{":
            return "with braces or a lambda in its statement; name the argument first"
        elif char == "}" or (char == "," and depth == 0):
            return "inside braces or a list"
        elif char == "?" or code.startswith(("&&", "||"), at):
            return "with a ternary, && or || in its statement"
        elif char == ";":
            return "twice in one statement" if "co_await" in code[after:at] else None
    return "without an end"


def look():
    return [fault for path, text in sources.read("src", "include", "tests", "benchmarks").items() for fault in faults_in(path, text)]


def self_test():
    right = ["co_await f();", "auto v = co_await f(named);", "const auto [e, n] = co_await f(a, g(b));", "value = co_await x->f();",
             "(void)co_await f();", "if (a) { co_await f(); }", "std::size_t n = co_await f(text(1, 2));", "object.member = co_await f();",
             "// if (co_await f())", 'log("co_await {");', "for (;;) { co_await f(); }", "spawn([this] { co_await f(); });",
             "if (a) co_await f();", "if (g(a)) co_await f(); else co_await h();", "for (;;) co_await f();",
             "for (int i = 0; i < 3; ++i) co_await f();", "while (a) v = co_await f();",
             "switch (a) { case A::b: co_await f(); break; default: co_await g(); }"]
    wrong = ["if (co_await f()) {}", "while (co_await f()) {}", "for (; co_await f();) {}", "switch (co_await f()) {}",
             "auto v = c ? co_await f() : g();", "auto v = a && co_await f();", "auto v = co_await f() || b;", "co_await f(Aggregate{1});",
             "co_await f({.a = 1});", "Aggregate a{co_await f(), 1};", "g(co_await f());", "auto v = co_await f(co_await g());",
             "co_await [x = 1]() -> awaitable<void> { co_return; }();", "co_await Temp{1}.method(a);", "co_return co_await f();",
             "auto v = 1 + co_await f();", "return_value(g(1), co_await f());", "if (auto v = co_await f()) {}", "if (a && co_await f()) co_await g();",
             "for (int i = 0; i < 3; i += co_await f()) {}"]
    for text in right:
        assert not faults_in("right.cpp", f"void f() {{ {text} }}"), (text, faults_in("right.cpp", f"void f() {{ {text} }}"))
    for text in wrong:
        assert faults_in("wrong.cpp", f"void f() {{ {text} }}"), text


if __name__ == "__main__":
    sources.run(look, self_test)
