"""The command that shows the guides, a page of Markdown each: written, or filled in from the program's own tables."""

import inspect
import re
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from dealtrack.cli.commands import COMMANDS, all_commands
from dealtrack.cli.language import CHINESE, GLOSSARY, _, help_text, is_english, translated
from dealtrack.cli.options import argument
from dealtrack.cli.terminal import Paint, aligned_lines, lines_beside, painter, print_pages, terminal_width, wrap_text
from dealtrack.core.vocabulary import nearest_names
from dealtrack.errors import UnknownTopic, all_errors, suggestion
from dealtrack.phrase import in_context
from dealtrack.settings import KEYS

TOPICS = (
    *("start", "day", "settings", "lifecycle", "deadlines", "calendar", "policies", "import", "reports"),
    *("cron", "keeping", "sharing", "letters", "datasette", "board", "errors", "commands", "words"),
)
"""The guides, in the order in which they are listed; `dealtrack/help` has a file of each in English and in Chinese."""

WIDEST = 100
"""The most columns of a line of a guide, however wide the terminal."""


def help_(
    context: typer.Context,
    topic: Annotated[list[str], argument("[TOPIC]...", "Guide, e.g. start, or command, e.g. calendar next.")],
) -> None:
    """Show a guide or the help of a command; without a topic, list the guides."""
    name, root = " ".join(topic), context.find_root()
    if not topic:
        rows = [(name, help_text(f"{name}.md").partition("\n")[0].removeprefix("# ")) for name in TOPICS]
        print(*aligned_lines(rows, terminal_width(sys.stdout)), sep="\n")
        text = _("'dealtrack help TOPIC' shows a guide, 'dealtrack help COMMAND' the options of a command.")
        context.obj.advise(text)
    elif name in TOPICS:
        _show(_page(name))
    elif usage := _usage(root, topic):
        print(usage)
    else:
        raise UnknownTopic(name=name, nearest=suggestion(nearest_names(name, [*TOPICS, *COMMANDS])))


def _usage(root: Any, words: list[str]) -> str:
    """Return what `--help` prints of the command with this name; nothing where there is none."""
    context = root
    for word in words:
        command = context.command.get_command(context, word) if hasattr(context.command, "get_command") else None
        if command is None:
            return ""
        context = command.context_class(command, parent=context, info_name=word)
    return str(context.get_help())


def _page(name: str) -> str:
    """Return a guide in Markdown, its lists filled in and without the comments by which its outputs are made."""
    text = help_text(f"{name}.md")
    for mark, lines in (("messages", _messages), ("commands", _commands), ("words", _words), ("keys", _keys)):
        place = f"<!-- {mark} -->\n"
        if place in text:
            text = text.replace(place, "\n".join(lines()) + "\n")
    text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL)
    return re.sub(r"\n{3,}", "\n\n", text)


def _messages() -> Iterator[str]:
    """Yield the message of each error by its exit status; capitals stand for what is filled in."""
    for error in sorted(all_errors(), key=lambda error: error.exit_code):
        template = error.template()
        # What follows another word without a space is said in some cases only.
        added = set(re.findall(r"(?<=[\w.])\{(\w+)\}", template))
        text = re.sub(
            r"\{(\w+)(?:!r)?\}",
            lambda place, added=added: "" if place[1] in added else place[1].upper(),  # type: ignore[misc]
            _(template).replace("\n", " " if is_english() else ""),
        )
        yield f"- {error.exit_code}{_(':')}{' ' if is_english() else ''}{text}"


def _commands() -> Iterator[str]:
    """Yield each command with what it does and its options, by section."""
    last = ""
    for section, name, command in all_commands():
        if section != last:
            yield f"{chr(10) if last else ''}## {_(section)}\n"
            last = section
        arguments = [param.metavar for param in command.params if param.param_type_name == "argument"]
        named = [param for param in command.params if param.param_type_name == "option"]
        options = [max(param.opts, key=len) + ("" if param.is_flag else f" {param.metavar}") for param in named]
        what = inspect.cleandoc(command.help).partition("\n\n")[0].replace("\n", " ")
        usage = " ".join(["dealtrack", name, *arguments])
        yield f"- `{usage}`{_(':')}{' ' if is_english() else ''}{what}" + (f" `{' '.join(options)}`" if options else "")


def _words() -> Iterator[str]:
    """Yield the terms of the field in English and Chinese, the user's language first."""
    for word in GLOSSARY:
        chinese = in_context("term", word, lambda text: translated(text, CHINESE))
        yield f"- {word}: {chinese}" if is_english() else f"- {chinese}：{word}"


def _keys() -> Iterator[str]:
    """Yield the keys of the settings with what each means, and the option and variable that go before it."""
    for key in KEYS.values():
        others = " ".join(f"`{name}`" for name in (key.option, key.variable) if name)
        limit = "" if key.is_office else _(" Not in the office's file.")
        gap = " " if is_english() else ""
        yield f"- `{key.name}`{_(':')}{gap}{_(str.__str__(key.meaning))}{limit}{gap if others else ''}{others}"


def _show(page: str) -> None:
    """Print a guide: drawn, and through a pager, on a terminal; elsewhere as it is."""
    room = terminal_width(sys.stdout)
    if room is None:
        sys.stdout.write(page)
        return
    print_pages(list(_drawn(page, min(room, WIDEST), painter(sys.stdout))))


def _drawn(page: str, room: int, paint: Paint) -> Iterator[str]:
    """Yield the lines of a guide for a terminal: paragraphs and lists filled, headings bold, outputs as they are."""
    filled: list[str] = []

    def fill() -> Iterator[str]:
        if filled:
            text = re.sub(r"\*\*([^*]+)\*\*", r"\1", " ".join(line.strip() for line in filled))
            head = "- " if text.startswith("- ") else ""
            yield from lines_beside(head, text.removeprefix(head), room) if head else wrap_text(text, room)
            filled.clear()

    is_output = False
    for line in page.splitlines():
        if line.startswith("```"):
            yield from fill()
            is_output = not is_output
        elif is_output:
            yield paint(line, "dim") if line else ""
        elif line.startswith("#"):
            yield from fill()
            yield from (paint(part, "bold") for part in wrap_text(line.lstrip("# "), room))
        elif not line:
            yield from fill()
            yield ""
        else:
            if line.startswith("- "):
                yield from fill()
            filled.append(line)
    yield from fill()
