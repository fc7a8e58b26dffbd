"""The table of commands: the module of each, and how it becomes a Typer command in the user's language."""

import sys
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from dealtrack import __version__
from dealtrack.cli.language import _, current_language
from dealtrack.cli.usage import NoArgsIsHelpError, TranslatedCommand, TranslatedGroup, translate
from dealtrack.core.lifecycle import COMMAND_OF

if TYPE_CHECKING:
    from dealtrack.cli.main import Call


class CommandEntry(NamedTuple):
    """Where the functions of a command, or of the members of a group, stand; each is named as its command is."""

    section: str
    module: str
    members: tuple[str, ...] = ()


def _commands(section: str, module: str, names: str) -> dict[str, CommandEntry]:
    return dict.fromkeys(names.split(), CommandEntry(section, module))


# A command's module is imported only when it is called: start-up is what a clerk waits for.
COMMANDS: dict[str, CommandEntry] = {
    **_commands("Record", "transitions", " ".join(COMMAND_OF.values())),
    **_commands("Record", "transfer", "transfer"),
    **_commands("Record", "undo", "undo"),
    **_commands("Record", "add", "add"),
    **_commands("Record", "evidence", "evidence erase"),
    **_commands("Record", "letters", "letter"),
    **_commands("View", "look", "list show explain search"),
    **_commands("Watch", "look", "overdue due"),
    **_commands("Watch", "digest", "digest"),
    **_commands("Report", "report", "report"),
    **_commands("Watch", "look", "board"),
    **_commands("Import and export", "import_export", "import export"),
    **_commands("Set up", "setup", "init"),
    **_commands("Set up", "admin", "verify recheck backup restore move doctor datasette"),
    **_commands("Set up", "completion_script", "completion"),
    "calendar": CommandEntry("Set up", "calendar", ("show", "next", "amend", "import", "refresh")),
    "config": CommandEntry("Set up", "config", ("list", "get", "set", "unset")),
    "policy": CommandEntry("Set up", "policy", ("list", "show", "try", "adopt")),
    "platform": CommandEntry(
        "Set up", "platform", ("list", "show", "add", "edit", "check", "rename", "merge", "remove", "import")
    ),
    "office": CommandEntry(
        "Set up", "office", ("add", "grant", "revoke", "upgrade", "list", "complaints", "overdue", "report", "seal")
    ),
    **_commands("Help", "help", "help"),
}

GROUP_HELP = {
    "config": "Settings that stay: language, register, columns, letterhead; without a command, list them.",
    "calendar": "Working calendar: show a month, count working days, revise days.",
    "policy": "Policies that set the deadlines: list, show, try and adopt them.",
    "office": "Offices on a server: add them, give people their rights, see how all stand, seal their journals.",
    "platform": "Platforms, their names and the contact channels they display.",
}

QUIET = frozenset(
    (
        *(name for name, entry in COMMANDS.items() if entry.section == "Record"),
        *("import", "init", "recheck", "backup", "restore", "move", "policy adopt", "config set", "config unset"),
        *("office add", "office grant", "office revoke", "office upgrade", "office seal"),
        *(f"platform {name}" for name in ("add", "edit", "check", "rename", "merge", "remove", "import")),
        *("calendar amend", "calendar import", "calendar refresh"),
    )
)
"""The commands that write, each with --quiet."""

FOR_PEOPLE = frozenset(("list", "search", "overdue", "due"))
"""The commands whose lists people open in Excel, each with --for-people."""

WHOLE_SENTENCE = 400
"""How long a command's summary may be: lists of commands break it into lines rather than cut it."""


def sections() -> dict[str, list[str]]:
    """Return the names of commands and groups by the section in which help lists them."""
    names: dict[str, list[str]] = {}
    for name, entry in COMMANDS.items():
        names.setdefault(entry.section, []).append(name)
    return names


def all_commands() -> Iterator[tuple[str, str, Any]]:
    """Yield each command, those of groups one by one: its section, its name as it is typed, the command."""
    for section, names in sections().items():
        for name in names:
            command = load_command(name)
            translate(command)
            if name in GROUP_HELP:
                for part, inner in command.commands.items():
                    translate(inner)
                    yield section, f"{name} {part}", inner
            else:
                yield section, name, command


def load_command(name: str) -> Any:
    """Return the command, or group of commands, of this name, importing its module."""
    return _load(name, current_language())


@cache
def _load(name: str, language: str) -> Any:
    """Return a command whose help is in the language that is spoken; who runs many in a process has each made once."""
    entry = COMMANDS[name]
    if not entry.members:
        app = _new_app()
        _add_command(app, name, entry.module)
        return typer.main.get_command(app)
    app = _new_app(name=name, cls=TranslatedGroup, help=GROUP_HELP[name], no_args_is_help=True)
    app.callback()(lambda: None)
    for member in entry.members:
        _add_command(app, f"{name} {member}", entry.module)
    group: Any = typer.main.get_command(app)
    group.name = name
    for command in group.commands.values():
        command.short_help = command.get_short_help_str(WHOLE_SENTENCE)
    if name == "config":
        group.default = "list"
        # The value of a saved filter is options itself.
        group.commands["set"].ignore_unknown_options = True
    return group


def _new_app(**settings: Any) -> typer.Typer:
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        **settings,
    )


def _add_command(app: typer.Typer, name: str, module_name: str) -> None:
    """Add a command, named as it is typed, with the options that its kind has without naming them."""
    from dealtrack.cli.options import command_function

    module = import_module(f"dealtrack.cli.{module_name}")
    # A command named like a Python word or built-in has a function with a trailing underscore.
    word = name.rpartition(" ")[2]
    function = word.replace("-", "_")
    plain = getattr(module, f"{function}_", None) or getattr(module, function, None) or module.function_of(name)
    app.command(word, cls=TranslatedCommand)(command_function(plain, name in QUIET, name in FOR_PEOPLE))


class LazyGroup(TranslatedGroup):
    """The top command, which knows its subcommands by name and loads the one that is called."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands, in the order of help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of this name, None where there is none."""
        return load_command(cmd_name) if cmd_name in COMMANDS else None

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands under their sections."""
        for section, names in sections().items():
            with formatter.section(_(section)):
                rows = [(name, load_command(name).get_short_help_str(WHOLE_SENTENCE)) for name in names]
                formatter.write_dl(rows, col_max=12)


app = _new_app(cls=LazyGroup)


def _print_version(value: bool) -> None:
    if value:
        print(f"dealtrack {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    db: Annotated[
        str,
        typer.Option(
            "--db",
            metavar="PATH",
            help="Register: file or server address [default: DEALTRACK_DB, your settings, your own register].",
        ),
    ] = "",
    lang: Annotated[
        str,
        typer.Option(
            "--lang", metavar="LANGUAGE", help="en or zh [default: DEALTRACK_LANG, the settings, the locale]."
        ),
    ] = "",
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Keep a register of consumer complaints and their deadlines."""
    from dealtrack.cli.session import Session

    call: Call = context.obj
    call.session = context.obj = Session(call.settings)
    if context.invoked_subcommand is None:
        if sys.stdout.isatty() and context.obj.may_have_register:
            from dealtrack.cli.today import print_today

            print_today(context.obj)
        elif db or lang:
            context.fail("Missing command.")
        else:
            raise NoArgsIsHelpError(context)


def top_command() -> Any:
    """Return the command `dealtrack` itself."""
    return typer.main.get_command(app)
