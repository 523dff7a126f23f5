"""The sections of a manual page that a program's help has, in the place that its template leaves for them."""

from roff import bold, italic, prose

HELP = "-h"


def heading(option):
    text = ", ".join(map(bold, option.names)) if option.name.startswith("-") else italic(option.value or option.name)
    if option.name.startswith("-") and option.value:
        text += f" {italic(option.value)}"
    return text


def sentence(text):
    # What begins with a value is to be typed so.
    first = text.split(" ", 1)[0]
    return (text if first.endswith((":", ",")) else text[:1].upper() + text[1:]).rstrip(".") + "."


def explanation(option):
    text = sentence(option.text)
    if option.default:
        text += f" Default: `{option.default}`."
    if option.required and option.name.startswith("-"):
        text += " It must be given."
    return prose(text)


def options(command):
    lines = []
    for option in [*command.positionals, *command.options]:
        if HELP in option.names and len(command.path) > 1:
            continue
        lines += [".TP", heading(option), explanation(option)]
    return lines


def synopsis(command):
    parts = [bold(command.name)]
    for option in command.options:
        if option.required:
            parts.append(f"{bold(option.name)} {italic(option.value)}")
    if any(not option.required and HELP not in option.names for option in command.options):
        parts.append(f"[{italic('OPTIONS')}]")
    for positional in command.positionals:
        name = italic(positional.value or positional.name) + (" ..." if positional.repeated else "")
        parts.append(name if positional.required else f"[{name}]")
    return " ".join(parts)


def commands(program):
    lines = []
    for command in list(program.walk())[1:]:
        # A group that does nothing itself is named by what it has.
        if command.commands and all(HELP in option.names for option in command.options):
            continue
        lines += [f".SS {synopsis(command)}", prose(sentence(command.text)), *options(command)]
    return lines


def page(template, program):
    """The template with its two marks replaced."""
    text = template.replace("@OPTIONS@\n", "".join(line + "\n" for line in options(program)))
    return text.replace("@COMMANDS@\n", "".join(line + "\n" for line in commands(program)))
