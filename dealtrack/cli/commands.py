"""The table of commands: in which module each stands, and how it is made into one that speaks the user's language."""

import os
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, cast

import typer
from typer.core import TyperOption

from dealtrack import __version__
from dealtrack.cli.language import _, say
from dealtrack.cli.usage import TranslatedCommand, TranslatedGroup
from dealtrack.core.lifecycle import COMMAND_OF
from dealtrack.core.matching import nearest_names
from dealtrack.errors import suggestion

if TYPE_CHECKING:
    from dealtrack.cli.main import Call


class CommandEntry(NamedTuple):
    """Where a command's function, or the functions of a group of commands, stand.

    A function of a group that stands in another module is named with it, as module:function.
    """

    section: str
    module: str
    functions: tuple[str, ...]


def _group(section: str, module: str, names: str) -> CommandEntry:
    return CommandEntry(section, module, tuple(names.split()))


def _commands(section: str, module: str, names: str) -> dict[str, CommandEntry]:
    return {name: CommandEntry(section, module, (name.replace("-", "_"),)) for name in names.split()}


# A command's module is imported only when it is called: start-up is what a clerk waits for.
COMMANDS: dict[str, CommandEntry] = {
    **_commands("Record", "transitions", " ".join(COMMAND_OF.values())),
    **_commands("Record", "add", "add"),
    **_commands("Record", "evidence", "evidence erase"),
    **_commands("Look", "look", "list show explain search"),
    **_commands("Watch", "watch", "overdue due"),
    **_commands("Watch", "digest", "digest"),
    **_commands("Report", "report", "report"),
    **_commands("Watch", "board.command", "board"),
    **_commands("Exchange", "import_export", "import export"),
    **_commands("Set up", "admin", "init verify recheck backup restore doctor datasette"),
    **_commands("Set up", "completion", "completion"),
    "calendar": _group(
        "Set up", "calendar", "show next calendar_revision:amend calendar_revision:import calendar_revision:refresh"
    ),
    "policy": _group("Set up", "policy", "list show try adopt"),
    "platform": _group("Set up", "platform", "list show add edit check"),
    **_commands("Help", "help", "help"),
}

GROUP_HELP = {
    "calendar": "The working calendar: show a month, count working days, revise it.",
    "policy": "The policies that set the clocks: read them, try one out, adopt one.",
    "platform": "The platforms that complaints are about, and the contact channels they show.",
}

ASKING = frozenset(
    {"add", "extend", "erase", "policy adopt", "calendar amend", "calendar import", "calendar refresh", "restore"}
)
"""The commands that may ask before they write, each with --no-input, and with --yes of its own."""

QUIET = (
    ASKING
    | {name for name, entry in COMMANDS.items() if entry.section == "Record"}
    | {"import", "init", "recheck", "backup", "platform add", "platform edit", "platform check"}
)
"""The commands that write, each with --quiet."""

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
            if name in GROUP_HELP:
                yield from ((section, f"{name} {part}", inner) for part, inner in command.commands.items())
            else:
                yield section, name, command


def load_command(name: str) -> Any:
    """Return the command, or group of commands, of this name, importing its module."""
    entry = COMMANDS[name]
    if name not in GROUP_HELP:
        app = _new_app()
        app.command(name, cls=TranslatedCommand)(_function(entry.module, entry.functions[0]))
        command = typer.main.get_command(app)
        _share_options(name, command)
        return command
    app = _new_app(name=name, cls=CommandGroup, help=GROUP_HELP[name], no_args_is_help=True)
    app.callback()(lambda: None)
    for member in entry.functions:
        module, _, function = member.rpartition(":")
        app.command(function.replace("_", "-"), cls=TranslatedCommand)(_function(module or entry.module, function))
    group = typer.main.get_command(app)
    group.name = name
    for part, command in group.commands.items():  # type: ignore[attr-defined]
        _share_options(f"{name} {part}", command)
        command.short_help = command.get_short_help_str(WHOLE_SENTENCE)
    return group


def _new_app(**settings: Any) -> typer.Typer:
    return typer.Typer(
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
        **settings,
    )


def _function(module_name: str, name: str) -> Callable[..., Any]:
    module = import_module(f"dealtrack.cli.{module_name}")
    if hasattr(module, "FUNCTIONS"):
        return cast("Callable[..., Any]", module.FUNCTIONS[name])
    # A command named like a Python word or built-in has a function with a trailing underscore.
    function: Callable[..., Any] = getattr(module, f"{name}_", None) or getattr(module, name)
    return function


def _share_options(name: str, command: Any) -> None:
    """Give a command, named as it is typed, the options that its kind has without naming them."""
    if name in QUIET:
        text = _("Print no result and no advice; errors and warnings still come.")
        command.params.append(_flag("--quiet", text, _hush))
    if name in ASKING:
        command.params.append(_flag("--no-input", _("Never ask, as off a terminal."), _forbid_asking))


def _flag(name: str, text: str, callback: Any) -> TyperOption:
    return TyperOption(
        param_decls=[name], is_flag=True, default=False, expose_value=False, callback=callback, help=text
    )


def _hush(context: Any, param: Any, value: bool) -> None:
    if value and not context.resilient_parsing:
        context.obj.is_quiet = True
        nowhere = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - closed as the command ends
        context.with_resource(redirect_stdout(context.with_resource(nowhere)))


def _forbid_asking(context: Any, param: Any, value: bool) -> None:
    if value and not context.resilient_parsing:
        context.obj.may_ask = False


class CommandGroup(TranslatedGroup):
    """A group of commands, which refuses what is none of them with the nearest names."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command called, or refuse it."""
        name, names = args[0], self.list_commands(ctx)
        if name not in names and not name.startswith("-") and not ctx.resilient_parsing:
            text = _("No such command: {name}.{nearest}")
            ctx.fail(text.format(name=name, nearest=say(suggestion(nearest_names(name, names)))))
        return super().resolve_command(ctx, args)


class LazyGroup(CommandGroup):
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

    call: Call = context.obj
    call.session = context.obj = Session(db)


def top_command() -> Any:
    """Return the command `dealtrack` itself."""
    return typer.main.get_command(app)
