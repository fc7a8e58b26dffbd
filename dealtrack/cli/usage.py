"""Help and refusals of wrong usage in the user's language, in lines that fit Chinese text too."""

import inspect
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

# Typer from 0.26 on contains its own Click, and does not export what the Chinese help and the usage errors of one line
# need: here alone is it imported.
from typer._click.core import Context
from typer._click.exceptions import ClickException, MissingParameter, NoArgsIsHelpError, NoSuchOption
from typer._click.formatting import HelpFormatter
from typer.core import TyperCommand, TyperGroup

from dealtrack.cli.language import _, _p, help_text, is_english, say
from dealtrack.cli.terminal import wrap_text
from dealtrack.core.text import display_width, pad_text
from dealtrack.core.vocabulary import nearest_names
from dealtrack.errors import EmptyValue, GivenTwice, suggestion
from dealtrack.phrase import Phrase

__all__ = [
    "ORDER",
    "ClickException",
    "NoArgsIsHelpError",
    "TranslatedCommand",
    "TranslatedGroup",
    "translate",
]


class WideFormatter(HelpFormatter):
    """Writes help in lines that fit where a Chinese character takes two columns."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line of usage."""
        head = f"{_('Usage: ')}{prog} "
        indent = display_width(head)
        lines = wrap_text(args, max(self.width - indent, 20))
        self.write(head + f"\n{' ' * indent}".join(lines) + "\n")

    def write_heading(self, heading: str) -> None:
        """Write a heading."""
        self.write(f"{'':>{self.current_indent}}{heading}{_(':')}\n")

    def write_text(self, text: str) -> None:
        """Write paragraphs."""
        indent = " " * self.current_indent
        paragraphs = [wrap_text(part, self.width - self.current_indent) for part in re.split(r"\n\s*\n", text)]
        self.write("\n\n".join("\n".join(indent + line for line in lines) for lines in paragraphs) + "\n")

    def write_dl(self, rows: Sequence[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Write names with what they mean beside them."""
        column = min(max(display_width(first) for first, _meaning in rows), col_max) + col_spacing
        indent = " " * self.current_indent
        for first, second in rows:
            lines = wrap_text(second, max(self.width - column - self.current_indent, 10))
            if display_width(first) > column - col_spacing:
                self.write(f"{indent}{first}\n")
                first = ""
            self.write(f"{indent}{pad_text(first, column)}{lines[0]}".rstrip() + "\n")
            self.write("".join(f"{indent}{' ' * column}{line}\n" for line in lines[1:]))


class WideContext(Context):
    """A context that writes help so."""

    formatter_class = WideFormatter


METAVAR_CONTEXTS = frozenset(("consumer", "phone"))
"""The options whose NAME is a person's, or whose NUMBER that of a telephone."""


def translate(command: Any) -> None:
    """Put the help of a command and of its parameters in the user's language, once: most calls show none of it."""
    if is_english() or command.is_translated:
        return
    command.is_translated = True
    command.help = _(inspect.cleandoc(command.help or ""))
    command.options_metavar = _(command.options_metavar)
    if hasattr(command, "subcommand_metavar"):
        command.subcommand_metavar = _(command.subcommand_metavar)
    for param in command.params:
        param.help, param.takes = _(param.help or ""), param.metavar
        param.metavar = _translated_metavar(param)


def _translated_metavar(param: Any) -> str | None:
    takes = getattr(param, "takes", param.metavar)
    return _p(param.name, takes) if param.name in METAVAR_CONTEXTS else takes and _(takes)


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
        if is_option and count > 1 and not param.multiple:
            raise GivenTwice(name=max(param.opts, key=len), count=count)
        if any(isinstance(text, str) and not text.strip() for text in texts):
            if is_option:
                raise EmptyValue(name=max(param.opts, key=len), instead=Phrase("Give a value or omit it."))
            name = (_translated_metavar(param) or "").strip("[].")
            raise EmptyValue(name=name, instead=Phrase("Give a value."))


class _Translated:
    """What a command and a group of commands have in common."""

    is_translated = False

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        command: Any = self
        if not is_english():
            command.context_class = WideContext

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take in what was given, once that is found to be neither empty nor given twice."""
        if args and not ctx.resilient_parsing:
            values, _rest, order = self.make_parser(ctx).parse_args(list(args))  # type: ignore[attr-defined]
            check_given(order, values)
            ctx.meta[ORDER] = [param.name for param in order]
        return list(super().parse_args(ctx, args))  # type: ignore[misc]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        translate(self)
        super().format_help(ctx, formatter)  # type: ignore[misc]

    def get_help_option(self, ctx: Any) -> Any:
        """Return the option that shows help."""
        option = super().get_help_option(ctx)  # type: ignore[misc]
        if option is not None and self.is_translated:
            option.help = _("Show this message and exit.")
        return option

    def get_short_help_str(self, limit: int = 45) -> str:
        """Return the first sentence of the help."""
        if is_english():
            return str(super().get_short_help_str(limit))  # type: ignore[misc]
        translate(self)
        return str(self.help).partition("。")[0].partition("\n")[0]  # type: ignore[attr-defined]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments and options with what they mean."""
        params = self.get_params(ctx)  # type: ignore[attr-defined]
        for kind, heading in (("argument", _("Arguments")), ("option", _("Options"))):
            records = (param.get_help_record(ctx) for param in params if param.param_type_name == kind)
            if rows := [(name, _in_brackets(text)) for name, text in filter(None, records)]:
                with formatter.section(heading):
                    formatter.write_dl(rows)


def _in_brackets(text: str) -> str:
    """Say what Typer adds to a help text: its default, and that it is required."""
    if is_english():
        return text
    text = re.sub(r"(?<=\[)default: ", _("default: "), text)
    return re.sub(r"(?<=[\[ ])required(?=\]$)", _("required"), text)


class TranslatedCommand(_Translated, TyperCommand):
    """A command whose help is said in the user's language, and ends with examples."""

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples, each on a line of its own that can be copied."""
        with formatter.section(_("Examples")):
            for line in help_text("examples.txt").splitlines():
                if f"{line} ".startswith(f"{ctx.command_path} "):
                    formatter.write(f"{' ' * formatter.current_indent}{line}\n")


class TranslatedGroup(_Translated, TyperGroup):
    """A group of commands whose help is said in the user's language; it refuses others with the nearest names."""

    default = ""
    """The command that is called where none is named."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Take in what was given."""
        return super().parse_args(ctx, args or ([self.default] if self.default else []))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command called, or refuse it."""
        name, names = args[0], self.list_commands(ctx)
        if name not in names and not name.startswith("-") and not ctx.resilient_parsing:
            text = _("No such command: {name}.{nearest}")
            ctx.fail(text.format(name=name, nearest=say(suggestion(nearest_names(name, names)))))
        return super().resolve_command(ctx, args)

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the options, then the commands."""
        super().format_options(ctx, formatter)
        self.format_commands(ctx, formatter)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands with what each does."""
        with formatter.section(_("Commands")):
            formatter.write_dl(
                [(name, self.commands[name].get_short_help_str(200)) for name in self.list_commands(ctx)]
            )


def refusal(error: ClickException, context: Any) -> str:
    """Return what is wrong with the usage, in the user's language; `context` is the command's, None where none is."""
    if context is not None:
        translate(context.command)
    if isinstance(error, NoSuchOption):
        return _no_such_option(error, context) if context is not None else error.message
    text = error.format_message()
    if is_english():
        return text
    text = text.rstrip(".").replace("\n", " ")
    if isinstance(error, MissingParameter) and error.param is not None and error.ctx is not None:
        return _("{name} is missing", name=error.param.make_metavar(ctx=error.ctx))
    value = r"Invalid value for '(?P<name>.+)': (?P<value>"
    # What Click says of wrong usage, as it writes it, and how it is said here.
    for pattern, translation in (
        (r"Missing command", _("Missing command")),
        (r"Option '(?P<name>.+)' requires an argument", _("Option {name} needs a value")),
        (r"Option '(?P<name>.+)' does not take a value", _("Option {name} takes no value")),
        (r"Got unexpected extra arguments?\(?s?\)? \((?P<words>.+)\)", _("Unexpected arguments: {words}")),
        (rf"{value}'.*') is not a valid int(?:eger)?(?: range)?", _("{name}: {value} is not a whole number")),
        (rf"{value}.+) is not in the range (?P<range>.+)", _("{name}: {value} is not in the range {range}")),
    ):
        if match := re.fullmatch(pattern, text):
            return translation.format(**match.groupdict())
    return text


def _no_such_option(error: NoSuchOption, context: Any) -> str:
    name = error.option_name
    translate(context.find_root().command)
    root = next((param for param in context.find_root().command.params if name in param.opts), None)
    if context.parent and root is not None:
        words = " ".join(filter(None, ("dealtrack", name, root.metavar, context.info_name)))
        return _("No such option: {name}. It goes before the command: {words}", name=name, words=words)
    options = [opt for param in context.command.params for opt in param.opts if opt.startswith("--")]
    near = suggestion(nearest_names(name, options, 2)) if name.startswith("--") else ""
    return _("No such option: {name}.{nearest}", name=name, nearest=say(near))
