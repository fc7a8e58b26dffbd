"""The command that prints what a shell needs to complete command lines by the Tab key.

The words of the line go through a pipe, each ended by a NUL: the arguments of a process are everybody's to see.
"""

import sys
from typing import Annotated

import typer

from dealtrack.core.text import nearest
from dealtrack.errors import UnknownWord, suggestion

VARIABLE = "_DEALTRACK_COMPLETE"
"""Set, to the shell's name, where a shell asks how the words that follow may go on."""

BASH = """\
_dealtrack() {
    local each
    COMPREPLY=()
    while IFS= read -r each; do
        if [ "$each" = @files ]; then
            compopt -o default 2>/dev/null
            return
        fi
        COMPREPLY+=("$each")
    done < <(printf '%s\\0' "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" | VARIABLE=bash "$1" 2>/dev/null)
}
complete -o nosort -F _dealtrack dealtrack 2>/dev/null || complete -F _dealtrack dealtrack
"""
ZSH = """\
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i }
_dealtrack() {
    local -a answer given
    given=("${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}")
    answer=("${(@f)$(printf '%s\\0' "${given[@]}" | VARIABLE=zsh ${(Q)words[1]} 2>/dev/null)}")
    if [[ $answer[1] == @files ]]; then
        _files
    elif [[ -n $answer[1] ]]; then
        _describe -V 'dealtrack' answer
    fi
}
compdef _dealtrack dealtrack
"""
FISH = """\
function __dealtrack
    set -l words (commandline -opc)
    set -l program $words[1]
    set -e words[1]
    set -l begun (commandline -ct)
    # What is begun may have a quote that is not closed yet.
    for end in '' '"' "'"
        set -l plain (string unescape -- "$begun$end")
        and set begun "$plain"
        and break
    end
    set -l answer (printf '%s\\0' $words "$begun" | env VARIABLE=fish $program 2>/dev/null)
    if test "$answer[1]" = @files
        __fish_complete_path "$begun"
    else
        string join \\n -- $answer
    end
end
complete -c dealtrack -f -k -a '(__dealtrack)'
"""
SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def completion(
    shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print what makes a shell complete commands, options, names and open complaints by the Tab key."""
    if shell not in SCRIPTS:
        near = suggestion(nearest(shell, SCRIPTS, 1))
        raise UnknownWord(what="The shell", value=shell, nearest=near, allowed=", ".join(SCRIPTS))
    sys.stdout.write(SCRIPTS[shell].replace("VARIABLE", VARIABLE))
