"""A bash completion made of a program's help: tables of what can follow each command, and the code that reads them."""

FILES = {"FILE": "file", "PATH": "file", "DIR": "directory"}

HEAD = """\
# bash completion for {name}(1)                            -*- shell-script -*-
# Written by packaging/manual/write.py from the program's own help; a change here is lost.

# What can follow a command: its commands, its flags, its options with a value, and what stands as a value of these and as its arguments.
{function}_knows()
{{
    commands= flags= valued= arguments=
    case $1 in
"""

BODY = """\
    esac
}}

{function}_value()
{{
    case $1 in
        file) _filedir ;;
        directory) _filedir -d ;;
        *"|"*) COMPREPLY=($(compgen -W "${{1//|/ }}" -- "$cur")) ;;
    esac
}}

{function}()
{{
    local cur prev words cword split
    _init_completion -s || return
    local commands flags valued arguments one word command=- given=0 waiting=
    {function}_knows "$command"
    # What was written before tells which command it is, and how many arguments it has.
    for word in "${{words[@]:1:cword-1}}"; do
        if [[ $waiting ]]; then
            waiting=
        elif [[ $word == -* ]]; then
            [[ " $valued " == *" $word:"* ]] && waiting=1
        elif [[ " $commands " == *" $word "* ]]; then
            command+=" $word"
            {function}_knows "$command"
        else
            ((++given))
        fi
    done

    if [[ $prev == -* ]]; then
        for one in $valued; do
            if [[ ${{one%%:*}} == "$prev" ]]; then
                {function}_value "${{one#*:}}"
                return
            fi
        done
    fi
    $split && return
    if [[ $cur == -* ]]; then
        COMPREPLY=($(compgen -W "$flags $(for one in $valued; do printf '%s ' "${{one%%:*}}"; done)" -- "$cur"))
        return
    fi
    ((given == 0)) && COMPREPLY=($(compgen -W "$commands" -- "$cur"))
    set -- $arguments
    shift "$((given < $# ? given : $#))"
    [[ ${{1-}} ]] && {function}_value "$1"
}} &&
    complete -F {function} {name}
"""


def kind(option):
    """What is offered for a value: files, directories, one of a few words; or nothing, since it is not known here."""
    value = option.value or option.name
    return FILES.get(value, value if "|" in value else "any")


def table(command):
    lines = []
    for name, words in (
            ("commands", [one.path[-1] for one in command.commands]),
            ("flags", [name for option in command.options if not option.value for name in option.names if name.startswith("--")]),
            ("valued", [f"{name}:{kind(option)}" for option in command.options if option.value for name in option.names]),
            ("arguments", [kind(option) for option in command.positionals])):
        if words:
            lines.append(f"            {name}='{' '.join(words)}'")
    return lines


def script(program):
    name = program.path[0]
    names = {"name": name, "function": "_" + name.replace("-", "_")}
    lines = [HEAD.format(**names)]
    for command in program.walk():
        key = " ".join(["-", *command.path[1:]])
        lines += [f"        '{key}')\n", *[line + "\n" for line in table(command)], "            ;;\n"]
    return "".join(lines) + BODY.format(**names)
