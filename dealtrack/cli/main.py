"""The `dealtrack` command: finds the one subcommand that was asked for, runs it, and puts errors in plain words."""

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, TextIO

import typer
from typer._click.exceptions import ClickException, NoArgsIsHelpError, NoSuchOption

from dealtrack import __version__
from dealtrack.cli.language import _, _n, choose_language, is_english, say
from dealtrack.cli.usage import SpokenCommand, SpokenGroup
from dealtrack.errors import BAD_INPUT, DealtrackError, TooFewFiles

if TYPE_CHECKING:
    from dealtrack.cli.session import Session


class Entry(NamedTuple):
    """Where a command's function, or the functions of a group of commands, stand.

    A function of a group that stands in another module is named with it, as module:function.
    """

    section: str
    module: str
    functions: tuple[str, ...]


def _group(section: str, module: str, names: str) -> Entry:
    return Entry(section, module, tuple(names.split()))


def _commands(section: str, module: str, names: str) -> dict[str, Entry]:
    return {name: Entry(section, module, (name.replace("-", "_"),)) for name in names.split()}


# A command's module is imported only when it is called: start-up is what a clerk waits for.
COMMANDS: dict[str, Entry] = {
    **_commands("Record", "add", "add"),
    **_commands("Record", "transitions", "accept"),
    **_commands("Record", "add", "forward complete withdraw reject"),
    **_commands("Record", "transitions", "reopen pause resume extend hand-on"),
    **_commands("Record", "add", "note"),
    **_commands("Record", "transitions", "amend"),
    **_commands("Record", "evidence", "evidence"),
    **_commands("Record", "transitions", "void"),
    **_commands("Record", "evidence", "erase"),
    **_commands("Look", "look", "list show explain"),
    **_commands("Look", "search", "search"),
    **_commands("Watch", "watch", "overdue due"),
    **_commands("Watch", "digest", "digest"),
    **_commands("Report", "report", "report"),
    **_commands("Watch", "board.command", "board"),
    **_commands("Exchange", "import_export", "import export"),
    **_commands("Set up", "setup", "init verify recheck"),
    **_commands("Set up", "admin", "backup restore doctor"),
    **_commands("Set up", "datasette", "datasette"),
    **_commands("Set up", "completion", "completion"),
    "calendar": _group("Set up", "calendar", "show next revising:amend revising:import revising:refresh"),
    "policy": _group("Set up", "policy", "list show try adopt"),
    "platform": _group("Set up", "platform", "list show add edit check"),
}

OPEN_FILES = 32
"""The files that a command may have to have open at once: 17 have been seen, in `verify` by two processes."""

WHOLE_SENTENCE = 400
"""How long a command's summary may be: lists of commands break it into lines rather than cut it."""

GROUP_HELP = {
    "calendar": "The working calendar: show a month, count working days, revise it.",
    "policy": "The policies that set the clocks: read them, try one out, adopt one.",
    "platform": "The platforms that complaints are about, and the contact channels they show.",
}


def _function(module_name: str, name: str) -> Callable[..., Any]:
    module = import_module(f"dealtrack.cli.{module_name}")
    # A command named like a Python word or built-in has a function with a trailing underscore.
    function: Callable[..., Any] = getattr(module, f"{name}_", None) or getattr(module, name)
    return function


def _new_app(**settings: Any) -> typer.Typer:
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        **settings,
    )


def load_command(name: str) -> Any:
    """Return the command, or group of commands, of this name, importing its module."""
    from dealtrack.cli.common import share_options

    entry = COMMANDS[name]
    if name not in GROUP_HELP:
        app = _new_app()
        app.command(name, cls=SpokenCommand)(_function(entry.module, entry.functions[0]))
        command = typer.main.get_command(app)
        share_options(name, command)
        return command
    app = _new_app(name=name, cls=PlainGroup, help=GROUP_HELP[name], no_args_is_help=True)
    app.callback()(lambda: None)
    for member in entry.functions:
        module, _, function = member.rpartition(":")
        app.command(function.replace("_", "-"), cls=SpokenCommand)(_function(module or entry.module, function))
    group = typer.main.get_command(app)
    group.name = name
    for part, command in group.commands.items():  # type: ignore[attr-defined]
        share_options(f"{name} {part}", command)
        command.short_help = command.get_short_help_str(WHOLE_SENTENCE)
    return group


def _check_command(ctx: Any, name: str, known: Iterable[str]) -> None:
    """Refuse a command that there is not with the nearest names."""
    if name not in known and not name.startswith("-") and not ctx.resilient_parsing:
        from dealtrack.core.text import nearest
        from dealtrack.errors import suggestion

        refused = _("No such command: {name}.{nearest}")
        ctx.fail(refused.format(name=name, nearest=say(suggestion(nearest(name, known)))))


class PlainGroup(SpokenGroup):
    """A group of commands, which refuses what it does not know as the top command does."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command called, or refuse with the nearest names."""
        _check_command(ctx, args[0], self.commands)
        return super().resolve_command(ctx, args)


class LazyGroup(SpokenGroup):
    """The top command, which knows its subcommands by name and loads the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands, in the order of help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of this name, None where there is none."""
        return load_command(cmd_name) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command called, or refuse with the nearest names."""
        _check_command(ctx, args[0], COMMANDS)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands under their sections."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for name, entry in COMMANDS.items():
            sections.setdefault(entry.section, []).append((name, load_command(name).get_short_help_str(WHOLE_SENTENCE)))
        for section, rows in sections.items():
            with formatter.section(_(section)):
                formatter.write_dl(rows, col_max=12)


app = _new_app(cls=LazyGroup, no_args_is_help=True)


def _print_version(value: bool) -> None:
    if value:
        print(f"dealtrack {__version__}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    db: Annotated[
        str, typer.Option("--db", metavar="PATH", help="The register's file (else DEALTRACK_DB, else the user's own).")
    ] = "",
    lang: Annotated[
        str, typer.Option("--lang", metavar="LANGUAGE", help="en or zh (else DEALTRACK_LANG, else the locale's).")
    ] = "",
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A register of consumer complaints that knows every deadline, and why."""
    from dealtrack.cli.session import Session

    sessions: list[Session] = context.obj
    sessions.append(Session(db))
    context.obj = sessions[-1]


def _say(message: str) -> None:
    from dealtrack.cli.terminal import tell

    try:
        # Of two lines, as the catalogue has them: its values are of one.
        for line in f"dealtrack: {message}".split("\n"):
            tell(line)
    except OSError:
        _drop(sys.stderr)


def _no_such_option(error: NoSuchOption, context: Any) -> str:
    name = error.option_name
    if context is None:
        return error.message
    root = next((param for param in context.find_root().command.params if name in param.opts), None)
    if context.parent and root is not None:
        words = " ".join(filter(None, ("dealtrack", name, root.metavar, context.info_name)))
        return _("No such option: {name}. It stands before the command: {words}").format(name=name, words=words)
    from dealtrack.core.text import nearest
    from dealtrack.errors import suggestion

    known = [opt for param in context.command.params for opt in param.opts if opt.startswith("--")]
    near = suggestion(nearest(name, known, 2)) if name.startswith("--") else ""
    return _("No such option: {name}.{nearest}").format(name=name, nearest=say(near))


def _refusal(error: ClickException) -> str:
    """Return what is wrong with the usage."""
    if is_english():
        return error.format_message()
    from dealtrack.cli.wide_help import refusal

    return refusal(error)


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


def _drop(stream: TextIO) -> None:
    """Send what is still to be written nowhere, so that the end of the process does not try it again."""
    with suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _check_files() -> None:
    """Refuse to begin with so few open files that one may be missing in the middle, where it would mean anything."""
    allowed = os.sysconf("SC_OPEN_MAX") if hasattr(os, "sysconf") else OPEN_FILES
    if 0 <= allowed < OPEN_FILES:
        raise TooFewFiles(allowed=allowed, needed=OPEN_FILES)


def _done(sessions: "list[Session]") -> str:
    """Return what to say of a change that was made before something failed, nothing where none was."""
    ids = sessions[-1].done if sessions else None
    if ids is None:
        return ""
    if not ids:
        return _(" It is done all the same.")
    from dealtrack.core.text import first_few

    told = _n(
        " It is recorded all the same: complaint {ids}. Do not enter it again.",
        " It is recorded all the same: complaints {ids}. Do not enter them again.",
        len(ids),
    )
    return told.format(ids=first_few(ids))


def _asked_language(arguments: Sequence[str]) -> str:
    """Return the language that is asked for before the command: help and refusals of wrong usage are said in it too."""
    words = iter(arguments)
    for word in words:
        name, equals, value = word.partition("=")
        if name == "--lang":
            return value if equals else next(words, "")
        if not word.startswith("-") or word == "--":
            break
        if word == "--db":
            next(words, None)
    return ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line and return its exit status."""
    _prepare_streams()
    sessions: list[Session] = []
    status = 0
    # What is handed to Typer it takes as it is; what it reads itself it fills in on Windows: $NAME, %NAME% and *.
    args = list(sys.argv[1:] if arguments is None else arguments)
    try:
        asking = os.environ.get("_DEALTRACK_COMPLETE")
        if asking in ("bash", "zsh", "fish"):
            from dealtrack.cli.answering import answer, given_words

            with suppress(DealtrackError):
                choose_language("")
            # A script of an earlier dealtrack hands them over as arguments.
            answer(asking, args or given_words(), typer.main.get_command(app))
            sys.stdout.flush()
            return 0
        choose_language(_asked_language(args))
        _check_files()
        told = typer.main.get_command(app).main(args, prog_name="dealtrack", standalone_mode=False, obj=sessions)
        status = told if isinstance(told, int) else 0
        sys.stdout.flush()
        return status
    except NoArgsIsHelpError as error:
        error.show(file=sys.stdout)
        return BAD_INPUT
    except ClickException as error:
        context = getattr(error, "ctx", None)
        hint = _(" See '{command} --help'.").format(command=context.command_path) if context else ""
        told = _no_such_option(error, context) if isinstance(error, NoSuchOption) else _refusal(error)
        _say(told.rstrip(".。").replace("\n", " ") + ("" if told.endswith(("?", "？")) else _(".")) + hint)
        return BAD_INPUT
    except typer.Abort:
        _say(_("cancelled; nothing was written."))
        return BAD_INPUT
    except DealtrackError as error:
        from dealtrack.cli.session import show_value

        done = _done(sessions)
        _say(error.message(show_value, _) + done)
        # What was asked for was no bad input, then: only showing what came of it failed.
        return sessions[-1].status if done and error.exit_code == BAD_INPUT else error.exit_code
    except (BrokenPipeError, SystemExit) as error:
        # Typer itself ends the process where a pipe is closed in the middle.
        if not isinstance(error, BrokenPipeError) and not isinstance(error.__context__, BrokenPipeError):
            raise
        # The reader of a pipe has seen enough: leave quietly.
        _drop(sys.stdout)
        return status or (sessions[-1].status if sessions else 0)
    except MemoryError:
        done = _done(sessions)
        _say(_("out of memory.") + done if done else _("out of memory; nothing was written."))
        return 3
    except OSError as error:
        _drop(sys.stdout)
        done = _done(sessions)
        _say(_("cannot write the output: {reason}.").format(reason=_(error.strerror or str(error))) + done)
        # What was asked for is done: who asks again would enter it twice.
        return status or sessions[-1].status if done else 3


def run() -> None:
    """Run the command line of this process and exit with its status."""
    sys.exit(main())
