"""Text as a manual page wants it."""

import re


def escaped(text):
    text = text.replace("\\", "\\e")
    return re.sub(r"^(?=[.'])", r"\\&", text, flags=re.MULTILINE)


def literal(text):
    """As it is typed: every hyphen can be copied, and no quote is curled."""
    return escaped(text).replace("-", "\\-").replace("'", "\\(aq").replace("^", "\\(ha").replace("~", "\\(ti").replace("`", "\\(ga")


def breakable(text):
    """A long word may be broken where a reader expects it."""
    return re.sub(r"\S{40,}", lambda word: re.sub(r"(?<=[/;?])(?=\w)", r"\\:", word[0]), text)


def bold(text):
    return f"\\fB{breakable(literal(text))}\\fR"


def italic(text):
    return f"\\fI{literal(text)}\\fR"


def prose(text):
    """Markdown within a paragraph: `code`, **strong**, *emphasis*, [a link](to.md)."""
    made = []
    pattern = r"``(?P<twice>.+?)``|`(?P<code>[^`]+)`|\*\*(?P<strong>.+?)\*\*|\*(?P<emphasis>[^*\s][^*]*)\*|\[(?P<link>(?:[^\]`]|`[^`]*`)+)\]\((?P<to>[^)]*)\)"
    at = 0
    for match in re.finditer(pattern, text):
        made.append(escaped(text[at:match.start()]))
        code = match["twice"] or match["code"]
        if code:
            made.append(bold(code))
        elif match["strong"]:
            made.append(bold(match["strong"].replace("`", "")))
        elif match["emphasis"]:
            made.append(italic(match["emphasis"]))
        else:
            made.append(prose(match["link"]))
        at = match.end()
    made.append(escaped(text[at:]))
    return re.sub(r"^(?=[.'])", r"\\&", "".join(made))
