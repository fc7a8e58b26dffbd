"""Commands whose help is said in the user's language: Typer's, with what Click adds in English said too."""

import inspect
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from typer.core import TyperCommand, TyperGroup

from dealtrack.cli.language import _, is_english
from dealtrack.errors import EmptyValue, GivenTwice
from dealtrack.phrase import Phrase


def _speak(command: Any) -> None:
    """Put the help of a command and of its parameters in the user's language."""
    if is_english():
        return
    from dealtrack.cli.wide_help import WideContext

    command.context_class = WideContext
    command.help = _(inspect.cleandoc(command.help or ""))
    command.options_metavar = _(command.options_metavar)
    for param in command.params:
        param.help = _(param.help or "")
        param.takes = param.metavar
        if param.metavar:
            param.metavar = _(param.metavar)


def what_it_takes(param: Any) -> str:
    """Return the English name of what an option or argument takes, whatever the language of its help."""
    return str(getattr(param, "takes", param.metavar))


ORDER = "dealtrack.order"
"""Under what a context keeps the names of the options and arguments in the order in which they were given."""


def check_given(order: Iterable[Any], values: Mapping[str, Any]) -> None:
    """Check what a command line gives: nothing empty, and one value only where one is taken.

    `order` holds the options and arguments as often as they were given. A script's variable without a value must not
    become a default, nor one of two values be dropped in silence. A flag says the same however often it is given.
    Raises EmptyValue and GivenTwice.
    """
    times = Counter(param for param in order if not getattr(param, "is_flag", False))
    for param, count in times.items():
        value = values.get(param.name)
        texts = value if isinstance(value, (list, tuple)) else (value,)
        is_option = param.param_type_name == "option"
        name = max(param.opts, key=len) if is_option else param.make_metavar(None).strip("[].")
        if is_option and count > 1 and not param.multiple:
            raise GivenTwice(name=name, count=count)
        if any(isinstance(text, str) and not text.strip() for text in texts):
            instead = Phrase("Give it a value, or leave it out.") if is_option else Phrase("Give it a value.")
            raise EmptyValue(name=name, instead=instead)


class _Spoken:
    """What a command and a group of commands have in common."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take in what was given, once that is found to be neither empty nor given twice."""
        if args and not ctx.resilient_parsing:
            given, _rest, order = self.make_parser(ctx).parse_args(list(args))  # type: ignore[attr-defined]
            check_given(order, given)
            ctx.meta[ORDER] = [param.name for param in order]
        return list(super().parse_args(ctx, args))  # type: ignore[misc]

    def get_help_option(self, ctx: Any) -> Any:
        """Return the option that shows help."""
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None:
            option.help = _("Show this message and exit.")
        return option

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first sentence of the help."""
        if is_english():
            return str(super().get_short_help_str(limit))  # type: ignore[misc]
        return str(self.help).partition("。")[0].partition("\n")[0]  # type: ignore[attr-defined]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments and options with what they mean."""
        for kind, heading in (("argument", _("Arguments")), ("option", _("Options"))):
            told = [param.get_help_record(ctx) for param in self.get_params(ctx) if param.param_type_name == kind]  # type: ignore[attr-defined]
            rows = [(name, _in_brackets(text)) for name, text in filter(None, told)]
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)


def _in_brackets(text: str) -> str:
    """Say what Typer adds to a help text: its default, and that it is required."""
    if is_english():
        return text
    text = re.sub(r"(?<=\[)default: ", _("default: "), text)
    return re.sub(r"(?<=[\[ ])required(?=\]$)", _("required"), text)


class SpokenCommand(_Spoken, TyperCommand):
    """A command whose help is said in the user's language."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        _speak(self)


class SpokenGroup(_Spoken, TyperGroup):
    """A group of commands whose help is said in the user's language."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        _speak(self)
        self.subcommand_metavar = _(self.subcommand_metavar)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options, then the commands."""
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)
