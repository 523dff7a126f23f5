"""What bash would offer: the completion of a program is asked as readline asks it."""

import subprocess
from pathlib import Path

LIBRARY = Path("/usr/share/bash-completion/bash_completion")

ASK = r"""
source "$1" && source "$2" || exit 3
declare program=${2##*/}
# Of what completes the program bash itself knows best.
declare asked=$(complete -p "$program"); asked=${asked#*-F }; asked=${asked%% *}
while IFS= read -r line; do
    IFS=$'\t' read -ra typed <<<"$line"
    # An empty word at the end is where the cursor is; read drops it.
    [[ $line == *$'\t' ]] && typed+=('')
    COMP_WORDS=("${typed[@]}") COMP_CWORD=$((${#typed[@]} - 1)) COMP_TYPE=9 COMP_KEY=9 COMPREPLY=()
    COMP_LINE="${typed[*]}" COMP_POINT=${#COMP_LINE}
    "$asked" "$program" "${typed[-1]}" "${typed[-2]}" </dev/null
    printf '%s\t' "${COMPREPLY[@]}"
    printf '\n'
done
"""


def offered(script, lines, directory):
    """For each line, a list of words of which the last is begun, the set of what is offered, with `directory` as the working directory."""
    asked = "".join("\t".join(line) + "\n" for line in lines)
    done = subprocess.run(["bash", "--norc", "-c", ASK, "ask", str(LIBRARY), str(script)], input=asked, capture_output=True, text=True,
                          cwd=directory, timeout=60, env={"PATH": "/usr/bin:/bin", "HOME": str(directory), "LC_ALL": "C.UTF-8"})
    if done.returncode or done.stderr:
        raise AssertionError(f"{script}: {done.returncode} {done.stderr}")
    return [{word for word in line.split("\t") if word} for line in done.stdout.splitlines()]
