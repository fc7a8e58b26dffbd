"""What a terminal shows: lines that fit its width, Chinese ones among them, and bars of blocks."""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TextIO

from dealtrack.core.text import display_width, pad_text, safe_text

GAP = "  "
Paint = Callable[[str, str], str]
CODES = {"bold": 1, "dim": 2, "red": 31, "green": 32, "yellow": 33, "magenta": 35, "cyan": 36}
"""The codes of styles (ECMA-48, Select Graphic Rendition); those of a background are higher by 10."""
NARROWEST = 10
OPENING, CLOSING = "“‘（《〈「『【([", "”’…，。、；：？！）》〉」』】％,.;:?!%)]"
EIGHTHS = " ▏▎▍▌▋▊▉█"
HEIGHTS = "▁▂▃▄▅▆▇█"


def terminal_width(out: TextIO) -> int | None:
    """Return the columns of the terminal that a stream writes to, None where it is none and nothing is to be cut."""
    if not out.isatty():
        return None
    return max(20, _terminal_size(out).columns)


def terminal_height(out: TextIO) -> int:
    """Return the lines of the terminal that a stream writes to."""
    return _terminal_size(out).lines


def _terminal_size(out: TextIO) -> os.terminal_size:
    from shutil import get_terminal_size

    try:
        # Where results go into a file, messages are still read on the terminal.
        own = os.get_terminal_size(out.fileno())
    except OSError:
        own = os.terminal_size((80, 24))
    return get_terminal_size(own)


def print_pages(lines: Sequence[str]) -> None:
    """Print lines on standard output, on a terminal that is not high enough for them through a pager."""
    if not sys.stdout.isatty() or len(lines) < terminal_height(sys.stdout):
        sys.stdout.writelines(f"{line}\n" for line in lines)
        return
    from pydoc import pager

    # Colours are kept, and what the pager showed stays on the screen.
    os.environ.setdefault("LESS", "-FRX")
    pager("".join(f"{line}\n" for line in lines))


def tell(text: str, out: TextIO | None = None) -> None:
    """Print a text of one line, on standard error unless told otherwise; on a terminal it breaks where it fits.

    What a terminal would obey is printed as a picture, and what would begin another line, in some value, as a space.
    """
    out = out or sys.stderr
    print("\n".join(wrap_text(text, terminal_width(out))), file=out)


_colours = ["auto"]


def choose_colours(word: str) -> None:
    """Write in colours on a terminal from now on: `auto` where it has them, `on`, or `off`, libraries included."""
    _colours[0] = word
    if word == "off":
        os.environ["NO_COLOR"] = "1"


def painter(out: TextIO) -> Paint:
    """Return the function that writes a text in a style, as `bold red` or `green on red`.

    It writes the text as it is where the stream is no terminal, under NO_COLOR, and, unless colours are set on, on a
    terminal without colours.
    """
    environment = os.environ
    has_colours = _colours[0] == "on" or (
        environment.get("TERM") not in ("dumb", "unknown") and (os.name != "nt" or "WT_SESSION" in environment)
    )
    return _painted if out.isatty() and has_colours and not environment.get("NO_COLOR") else lambda text, style: text


def _painted(text: str, style: str) -> str:
    if not (text and style):
        return text
    front, _on, back = style.partition(" on ")
    codes = [*sorted(CODES[word] for word in front.split()), *(CODES[word] + 10 for word in back.split())]
    return f"\x1b[{';'.join(map(str, codes))}m{text}\x1b[0m"


def tell_in_style(text: str, style: str = "dim") -> None:
    """Print a text in a style, as a note below a table, on standard output, in lines that fit."""
    paint = painter(sys.stdout)
    sys.stdout.writelines(paint(line, style) + "\n" for line in wrap_text(text, terminal_width(sys.stdout)))


def print_line(text: str) -> None:
    """Print a text of one line on standard output, as `tell` does."""
    tell(text, sys.stdout)


def warn(text: str) -> None:
    """Print a message about what was found or done on standard error, under dealtrack's name."""
    tell(f"dealtrack: {text}")


def tell_fields(fields: Iterable[str]) -> None:
    """Print a line of fields separated by tabs, on standard output; no field holds a tab or begins another line."""
    print("\t".join(map(safe_text, fields)))


def wrap_text(text: str, width: int | None) -> list[str]:
    """Return a text in lines of at most `width` columns of a terminal; in one line where that is None.

    Lines break at spaces and beside full-width characters, and within a word that is longer than a line.
    """
    text = safe_text(text).rstrip()
    if width is None or display_width(text) <= width:
        return [text]
    lines: list[str] = []
    start = place = used = 0
    indent = len(text) - len(text.lstrip())
    for index, mark in enumerate(text):
        if index > indent and _may_part(text[index - 1], mark):
            place = index
        used += display_width(mark)
        if used > width and index > start and not mark.isspace():
            place = place if place > start else index
            lines.append(text[start:place].rstrip())
            start, used = place, display_width(text[place : index + 1])
    return [*lines, text[start:]]


def _may_part(before: str, mark: str) -> bool:
    """Tell whether a line may end between two characters: none ends in opening punctuation or begins with closing."""
    if before.isspace() or mark.isspace():
        return not mark.isspace()
    sizes = display_width(before), display_width(mark)
    # What has no width of its own joins or changes what stands beside it.
    return 2 in sizes and 0 not in sizes and before not in OPENING and mark not in CLOSING


def share_room(columns: Sequence[Sequence[str]], room: int) -> list[int]:
    """Return a width for each column of texts so that all fit a room: the widest give way first.

    A column stays as wide as its longest word where that is possible, else at least NARROWEST, else as can be.
    """
    sizes = [max(map(display_width, texts), default=0) for texts in columns]
    words = [max((display_width(word) for text in texts for word in text.split()), default=0) for texts in columns]
    for floors in (words, [min(NARROWEST, word) for word in words], [1] * len(words)):
        while sum(sizes) > room:
            free = [place for place, size in enumerate(sizes) if size > floors[place]]
            if not free:
                break
            sizes[max(free, key=lambda place: sizes[place])] -= 1
    return sizes


def aligned_lines(
    rows: Sequence[Sequence[str]], room: int | None, others: Iterable[Sequence[str]] = ()
) -> Iterator[str]:
    """Yield rows of texts in columns, indented; the last text of a row goes on below itself where the room ends.

    `room` is the terminal's width, None for any; `others` are rows that stand elsewhere in the same columns.
    """
    widths = [max(map(display_width, texts)) for texts in zip(*rows, *others, strict=True)][:-1]
    for *texts, last in rows:
        padded = map(pad_text, texts, widths)
        yield from lines_beside(GAP + "".join(text + GAP for text in padded), last, room)


def lines_beside(head: str, text: str, room: int | None) -> Iterator[str]:
    """Yield a text behind its head, going on below itself where it is longer than the room; None is any room.

    Where little room is left beside the head, the text goes on below that.
    """
    indent = display_width(head)
    if room is None or room - indent < 2 * NARROWEST:
        yield from wrap_text(head + text, room)
        return
    first, *others = wrap_text(text, room - indent)
    yield f"{head}{first}".rstrip()
    for line in others:
        yield " " * indent + line


def draw_bar(rate: float, width: int) -> tuple[str, str, str]:
    """Return the filled part of a bar, the block filled in part, and the empty part: together `width` columns."""
    eighths = round(rate * width * 8)
    # What is neither nothing nor all never looks like either.
    if 0 < rate < 1:
        eighths = min(max(eighths, 1), width * 8 - 4)
    whole, part = divmod(eighths, 8)
    partly = EIGHTHS[part] if part else ""
    return EIGHTHS[8] * whole, partly, "░" * (width - whole - len(partly))


def draw_spark(values: Sequence[int], width: int) -> str:
    """Return a line of at most `width` blocks, each as high as its value; nothing alone is of the lowest height.

    Where there are more values than blocks, each block stands for as many values one after another, added up.
    """
    size = -(-len(values) // width) or 1
    sums = [sum(values[place : place + size]) for place in range(0, len(values), size)]
    highest = max(sums, default=0)
    if not highest:
        return HEIGHTS[0] * len(sums)
    return "".join(HEIGHTS[min(7, 1 + int(value / highest * 6.999)) if value else 0] for value in sums)
