"""Completion by the Tab key: the script that a shell needs, and the answers to what it then asks.

The words of the line go through a pipe, each ended by a NUL: the arguments of a process are everybody's to see.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from dealtrack import settings
from dealtrack.cli.candidates import FILES, Candidate, CompletionQuery, values
from dealtrack.cli.commands import COMMANDS
from dealtrack.cli.language import _
from dealtrack.cli.options import argument
from dealtrack.cli.session import Session
from dealtrack.cli.usage import what_it_takes
from dealtrack.core.matching import nearest_names
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

PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,+@%=")
"""What bash takes for itself in a word without quotes, beside what is not ASCII."""

QUOTES = ("'", '"')


def completion(session: Session, shell: Annotated[str, argument("SHELL", "Shell: bash, zsh or fish.")]) -> None:
    """Print the shell completion script."""
    if shell not in SCRIPTS:
        near = suggestion(nearest_names(shell, SCRIPTS, 1))
        raise UnknownWord(what="The shell", value=shell, nearest=near, allowed=", ".join(SCRIPTS))
    sys.stdout.write(SCRIPTS[shell].replace("VARIABLE", VARIABLE))


@dataclass
class Place:
    """Where the word that is being typed stands: after which names, in which command, as the value of which option."""

    command: Any
    prefix: str
    names: tuple[str, ...] = ()
    option: Any = None
    used: frozenset[str] = frozenset()
    only_arguments: bool = False
    argument: int = 0
    db: str = ""

    def is_option(self, word: str) -> bool:
        """Tell whether a word is, or begins, an option."""
        return word.startswith("-") and word != "-" and not self.only_arguments


def answer(shell: str, words: Sequence[str], top: Any) -> None:
    """Print how the last of the words of a command line may go on, one a line; nothing where nothing is known."""
    kept, raw = "", ""
    if shell == "bash":
        words, raw, kept = split_line(*(*words, "", "")[:2])
        if quoting(raw) is None:
            return
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stderr(nowhere):
        try:
            lines = list(_lines(shell, _candidates(words, top), kept, raw))
        except Exception:  # noqa: BLE001 - whatever is wrong, the line that is typed stays as it is
            return
    sys.stdout.writelines(f"{line}\n" for line in lines)


def _lines(shell: str, candidates: list[Candidate], kept: str, raw: str) -> Iterable[str]:
    if candidates is FILES:
        yield FILES[0].value
        return
    is_ascii = shell == "bash" and not _reads_utf8()
    for candidate in candidates:
        value = candidate.value
        if not value.isprintable() or value == FILES[0].value or (is_ascii and not value.isascii()):
            continue
        meaning = " ".join(candidate.meaning.split())
        if shell == "bash":
            yield for_bash(value.removeprefix(kept), quoting(raw) or "")
        elif shell == "zsh":
            value = value.replace("\\", "\\\\").replace(":", "\\:")
            yield f"{value}:{meaning}" if meaning else value
        else:
            yield f"{value}\t{meaning}" if meaning else value


def quoting(raw: str) -> str | None:
    """Return the quote that a word, as it is typed for bash, has opened at its beginning; empty where it has none.

    None where quotes stand in its middle, so that what is added would be read one way by bash and another way here.
    """
    quote, index = (raw[0], 1) if raw.startswith(QUOTES) else ("", 0)
    while index < len(raw):
        if raw[index] == "\\" and quote != "'":
            index += 1
        elif raw[index] == quote or (not quote and raw[index] in QUOTES):
            return None
        index += 1
    return quote


def for_bash(value: str, quote: str) -> str:
    """Return a value as it is to be typed after a quote, or without one, so that bash takes it for itself."""
    if quote:
        # An exclamation mark calls up an earlier command inside double quotes too, whatever stands before it.
        special = {"'": "'\\''"} if quote == "'" else {"!": '"\\!"', **{c: f"\\{c}" for c in '\\"$`'}}
        text = "".join(special.get(c, c) for c in value)
        # Bash closes the quote itself, but for a text that ends as if it were closed.
        return text + quote if text.endswith(quote) else text
    return "".join(c if c in PLAIN or not c.isascii() else f"\\{c}" for c in value)


def _reads_utf8() -> bool:
    """Tell whether the shell reads bytes as UTF-8, or one by one; GBK takes what follows a byte for a part of it."""
    locale = next(filter(None, map(settings.variable, ("LC_ALL", "LC_CTYPE", "LANG"))), "C")
    return locale in ("C", "POSIX") or locale.partition(".")[2].partition("@")[0].lower().replace("-", "") == "utf8"


def words_from_input() -> list[str]:
    """Return the words that a shell hands over: through a pipe, each ended by a NUL."""
    if sys.stdin is None or sys.stdin.isatty():
        return []
    return sys.stdin.buffer.read().decode("utf-8", "surrogateescape").split("\0")[:-1]


def _candidates(words: Sequence[str], top: Any) -> list[Candidate]:
    place = find_place(words, top)
    candidates = _possible(place) if place else []
    if place is None or candidates is FILES:
        return candidates
    return [candidate for candidate in candidates if candidate.value.startswith(place.prefix)]


def _possible(place: Place) -> list[Candidate]:
    command, prefix = place.command, place.prefix

    def values_of(param: Any, option: str, prefix: str) -> list[Candidate]:
        return values(CompletionQuery(Session(place.db), " ".join(place.names), option, what_it_takes(param), prefix))

    if place.option is not None:
        return values_of(place.option, max(place.option.opts, key=len), prefix)
    written, equals, value = prefix.partition("=")
    if place.is_option(prefix) and prefix.startswith("--") and equals:
        option = _option(command, written)
        candidates = values_of(option, written, value) if option else []
        if candidates is FILES:
            return FILES
        return [Candidate(written + equals + each.value, each.meaning) for each in candidates]
    if place.is_option(prefix):
        return _options(command, place.used)
    if hasattr(command, "list_commands"):
        if command.commands:
            return [Candidate(name, part.get_short_help_str(80)) for name, part in command.commands.items()]
        # A word on each would take loading them all.
        return [Candidate(name, _(entry.section)) for name, entry in COMMANDS.items()]
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    if not arguments:
        return _options(command, place.used) if not prefix else []
    argument = arguments[min(place.argument, len(arguments) - 1)]
    if place.argument >= len(arguments) and argument.nargs != -1:
        return []
    return values_of(argument, "", prefix)


def _options(command: Any, used: Iterable[str]) -> list[Candidate]:
    candidates = [
        Candidate(max(param.opts, key=len), param.help or "")
        for param in command.params
        if param.param_type_name == "option" and (param.multiple or not set(param.opts).intersection(used))
    ]
    return [*candidates, Candidate("--help", _("Show this message and exit."))]


def _option(command: Any, word: str) -> Any:
    return next((param for param in command.params if param.param_type_name == "option" and word in param.opts), None)


def find_place(words: Sequence[str], top: Any) -> Place | None:
    """Return where the last of the words stands, None where those before it lead to no command."""
    place = Place(top, words[-1] if words else "")
    for word in words[:-1]:
        written, has_value, value = word.partition("=")
        if place.option is not None:
            place.db = word if "--db" in place.option.opts else place.db
            place.option = None
        elif word == "--" and not place.only_arguments:
            place.only_arguments = True
        elif place.is_option(word):
            option = _option(place.command, written)
            place.used |= {written}
            if option is not None and not option.is_flag:
                if not has_value:
                    place.option = option
                elif "--db" in option.opts:
                    place.db = value
        elif hasattr(place.command, "get_command"):
            place.command = place.command.get_command(None, word)
            if place.command is None:
                return None
            place.names, place.used = (*place.names, word), frozenset()
        else:
            place.argument += 1
    return place


def split_line(line: str, breaks: str) -> tuple[list[str], str, str]:
    """Return the words after the first of a line that bash is given, its last word as typed, and what of it is kept.

    Bash replaces only what follows the last of its `breaks` (= and :) in a word without quotes: what stands before
    is kept.
    """
    words: list[str] = []
    word: list[str] | None = None
    start, quote, index = len(line), "", 0
    while index < len(line):
        character = line[index]
        if not quote and character.isspace():
            if word is not None:
                words.append("".join(word))
            word, start = None, len(line)
        else:
            if word is None:
                word, start = [], index
            if character == quote:
                quote = ""
            elif not quote and character in "'\"":
                quote = character
            elif character == "\\" and quote != "'" and index + 1 < len(line):
                index += 1
                word.append(line[index])
            else:
                word.append(character)
        index += 1
    last, raw = "".join(word or ()), line[start:]
    places = [last.rfind(mark) for mark in "=:" if mark in breaks]
    kept = last[: max(places, default=-1) + 1] if raw[:1] not in ("'", '"') else ""
    return [*words[1:], last], raw[len(kept) :] if kept else raw, kept
