"""Bars and sparklines of block characters, which any terminal shows."""

from collections.abc import Sequence

EIGHTHS = " ▏▎▍▌▋▊▉█"
HEIGHTS = "▁▂▃▄▅▆▇█"


def draw_bar(rate: float, width: int) -> tuple[str, str, str]:
    """Return the filled part of a bar, the block filled in part, and the empty part: together `width` columns.

    A rate between 0 and 1 never looks like either.
    """
    eighths = round(rate * width * 8)
    if 0 < rate < 1:
        eighths = min(max(eighths, 1), width * 8 - 4)
    whole, part = divmod(eighths, 8)
    partly = EIGHTHS[part] if part else ""
    return EIGHTHS[8] * whole, partly, "░" * (width - whole - len(partly))


def draw_spark(values: Sequence[int], width: int, top: float | None = None) -> str:
    """Return a line of at most `width` blocks, each as high as its value; nothing alone is of the lowest height.

    Where there are more values than blocks, each block stands for as many values one after another, added up.
    `top` is the sum that fills a block, by default the greatest.
    """
    sums = binned(values, width)
    highest = top if top is not None else max(sums, default=0)
    if not highest:
        return HEIGHTS[0] * len(sums)
    return "".join(HEIGHTS[min(7, 1 + int(value / highest * 6.999)) if value else 0] for value in sums)


def binned(values: Sequence[int], width: int) -> list[int]:
    """Return values added up in runs of the same length, so few that they fit the width."""
    size = -(-len(values) // width) if values else 1
    return [sum(values[place : place + size]) for place in range(0, len(values), size)]
