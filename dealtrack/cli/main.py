"""The `dealtrack` command: runs the one subcommand that is asked for, and puts errors in plain words."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import typer

from dealtrack.cli.commands import top_command
from dealtrack.cli.language import _, _n, choose_language
from dealtrack.cli.terminal import choose_colours, tell
from dealtrack.cli.usage import ClickException, NoArgsIsHelpError, refusal
from dealtrack.core.text import first_few
from dealtrack.errors import BAD_INPUT, REGISTER_UNUSABLE, DealtrackError, ServerLost, ServerLostAfterwards, TooFewFiles
from dealtrack.settings import KEYS, Settings

if TYPE_CHECKING:
    from dealtrack.cli.session import Session

OPEN_FILES = 32
"""The files that a command may have to have open at once: fewer than 17 have been seen."""


FOR_HELP = ("", "config", "help", "completion")
HELP_OPTIONS = frozenset(("--help", "-h", "--version"))
"""What must work where a file of settings is broken."""


class Call:
    """One command line: its settings, its session, once that is begun, and the exit status of its command."""

    def __init__(self) -> None:
        self.settings = Settings({})
        self.session: Session | None = None
        self.status = 0

    @property
    def change(self) -> str:
        """Return what to say of a change that was made before something failed, nothing where none was."""
        result = self.session.result if self.session else None
        if result is None or not result.is_change:
            return ""
        ids = result.complaints
        if not ids:
            return _(" It was done all the same.")
        return _n(
            " It was recorded all the same: complaint {ids}. Do not enter it again.",
            " It was recorded all the same: complaints {ids}. Do not enter them again.",
            len(ids),
            ids=first_few(ids),
        )

    @property
    def status_of_change(self) -> int:
        """Return the exit status of what was done, where showing it then fails."""
        return self.status or (self.session.status if self.session else 0)


def _end(error: BaseException, call: Call) -> int | None:
    """Say what a command line ends by, and return the exit status; None for a fault of dealtrack's own."""
    match error:
        case NoArgsIsHelpError():
            error.show(file=sys.stdout)
            return BAD_INPUT
        case ClickException():
            context = getattr(error, "ctx", None)
            hint = _(" See '{command} --help'.", command=context.command_path) if context else ""
            text = refusal(error, context)
            _say(text.rstrip(".。").replace("\n", " ") + ("" if text.endswith(("?", "？")) else _(".")) + hint)
            return BAD_INPUT
        case typer.Abort():
            _say(_("cancelled; nothing was written."))
            return BAD_INPUT
        case ServerLost() if call.change:
            _end(ServerLostAfterwards(**error.values), call)
            return call.status_of_change
        case DealtrackError():
            from dealtrack.cli.session import show_value

            _say(error.message(show_value, _) + call.change)
            # What was asked for was no bad input, then: only showing what came of it failed.
            return call.status_of_change if call.change and error.exit_code == BAD_INPUT else error.exit_code
        case BrokenPipeError():
            # The reader of a pipe has seen enough: leave quietly.
            _drop(sys.stdout)
            return call.status_of_change
        case MemoryError():
            _say(_("out of memory.") + call.change if call.change else _("out of memory; nothing was written."))
            return REGISTER_UNUSABLE
        case OSError():
            _drop(sys.stdout)
            _say(_("cannot write the output: {reason}.", reason=_(error.strerror or str(error))) + call.change)
            # What was asked for is done: who asks again would enter it twice.
            return call.status_of_change if call.change else REGISTER_UNUSABLE
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status."""
    _prepare_streams()
    call = Call()
    # What is handed to Typer it takes as it is; what it reads itself it fills in on Windows: $NAME, %NAME% and *.
    args = list(sys.argv[1:] if arguments is None else arguments)
    try:
        shell = os.environ.get("_DEALTRACK_COMPLETE")
        if shell in ("bash", "zsh", "fish"):
            from dealtrack.cli.completion import answer, words_from_input

            with suppress(DealtrackError):
                choose_language("")
                choose_language(Settings({}).value("language"))
            # A script of an earlier dealtrack hands them over as arguments.
            answer(shell, args or words_from_input(), top_command())
        else:
            options, command = _options_before(args)
            choose_language(options.get("language", ""))
            is_for_help = command in FOR_HELP or not HELP_OPTIONS.isdisjoint(args)
            call.settings = Settings(options, _warn_of if is_for_help else None)
            choose_language(call.settings.value("language"))
            if sys.stdout.isatty() or sys.stderr.isatty():
                choose_colours(call.settings.value("colours"))
            _check_files()
            status = top_command().main(args, prog_name="dealtrack", standalone_mode=False, obj=call)
            call.status = status if isinstance(status, int) else 0
        sys.stdout.flush()
        return call.status
    except BaseException as error:
        # Typer itself ends the process where a pipe is closed in the middle.
        is_typers = isinstance(error, SystemExit) and isinstance(error.__context__, BrokenPipeError)
        status = _end(error.__context__ or error if is_typers else error, call)
        if status is None:
            raise
        return status


def _options_before(arguments: Sequence[str]) -> tuple[dict[str, str], str]:
    """Return the settings that stand before the command, and the command: help and refusals need a language too."""
    keys = {key.option: key.name for key in KEYS.values() if key.option}
    options: dict[str, str] = {}
    words = iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if name in keys:
            options[keys[name]] = (value if equals else next(words, "")).strip()
        elif not word.startswith("-") or word == "--":
            return options, word
    return options, ""


def _warn_of(fault: DealtrackError) -> None:
    """Say what is wrong with a file of settings, where the command helps to mend it."""
    _say(fault.message(translate=_))


def _check_files() -> None:
    """Refuse to begin with so few open files that one may be missing in the middle, where it would mean anything."""
    allowed = os.sysconf("SC_OPEN_MAX") if hasattr(os, "sysconf") else OPEN_FILES
    if 0 <= allowed < OPEN_FILES:
        raise TooFewFiles(allowed=allowed, needed=OPEN_FILES)


def _prepare_streams() -> None:
    # A stream that the caller closed is None: what would go there is dropped, and nothing is read.
    nowhere = Path(os.devnull)
    sys.stdin = sys.stdin or nowhere.open()
    sys.stdout = sys.stdout or nowhere.open("w")
    sys.stderr = sys.stderr or nowhere.open("w")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            if stream.isatty():
                stream.reconfigure(errors="backslashreplace")
            else:
                stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def _say(message: str) -> None:
    try:
        # Of two lines, as the catalogue has them: its values are of one.
        for line in f"dealtrack: {message}".split("\n"):
            tell(line)
    except OSError:
        _drop(sys.stderr)


def _drop(stream: TextIO) -> None:
    """Send what is still to be written nowhere, so that the end of the process does not try it again."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def run() -> None:
    """Run the command line of this process and exit with its status."""
    sys.exit(main())
