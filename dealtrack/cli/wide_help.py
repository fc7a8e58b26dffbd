"""Help in lines that fit Chinese text, and what Click says of wrong usage, in a language other than English."""

import re
from collections.abc import Callable, Sequence

from typer._click.core import Context
from typer._click.exceptions import ClickException, MissingParameter, NoSuchOption
from typer._click.formatting import HelpFormatter

from dealtrack.cli.language import _
from dealtrack.cli.terminal import wrap_text
from dealtrack.core.text import display_width, pad_text
from dealtrack.phrase import listed

CLICK_SAYS: tuple[tuple[str, Callable[[], str]], ...] = (
    # What Click says of wrong usage, as it writes it, and how it is said here.
    (r"Missing command", lambda: _("A command is missing")),
    (r"Option '(?P<name>.+)' requires an argument", lambda: _("Option {name} needs a value")),
    (r"Option '(?P<name>.+)' does not take a value", lambda: _("Option {name} takes no value")),
    (r"Got unexpected extra arguments?\(?s?\)? \((?P<words>.+)\)", lambda: _("More was given than is taken: {words}")),
    (
        r"Invalid value for '(?P<name>.+)': (?P<value>'.*') is not a valid int(?:eger)?(?: range)?",
        lambda: _("{name}: {value} is no whole number"),
    ),
    (
        r"Invalid value for '(?P<name>.+)': (?P<value>.+) is not in the range (?P<range>.+)",
        lambda: _("{name}: {value} is not in the range {range}"),
    ),
)


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


def refusal(error: ClickException) -> str:
    """Return what is wrong with the usage, in the user's language, without a full stop."""
    told = error.format_message().rstrip(".").replace("\n", " ")
    if isinstance(error, NoSuchOption):
        near = str(listed(sorted(error.possibilities or ())))
        unknown = _("No such option: {name}").format(name=error.option_name)
        return unknown + (_(" (possible options: {names})").format(names=near) if near else "")
    if isinstance(error, MissingParameter) and error.param is not None and error.ctx is not None:
        return _("{name} is missing").format(name=error.param.make_metavar(ctx=error.ctx))
    for pattern, say in CLICK_SAYS:
        if found := re.fullmatch(pattern, told):
            return say().format(**found.groupdict())
    return told
