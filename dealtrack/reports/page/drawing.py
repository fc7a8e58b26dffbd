"""Charts as SVG for a page: drawn by pygal, then freed of its styles, scripts and references."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, NamedTuple

from dealtrack.core.text import display_width, fit_text, safe_text

WIDTH, FONT = 640, 13
WIDEST_NAME = 24
DRAWN = {
    "g": ("class", "transform"),
    "rect": ("class", "x", "y", "width", "height"),
    "path": ("class", "d"),
    "circle": ("class", "cx", "cy", "r"),
    "text": ("class", "x", "y", "transform"),
}
"""The elements that a chart is drawn with, and the attributes that say where; nothing else comes onto the page."""
LEFT_OUT = ("titles", "tooltip", "legends")


class Point(NamedTuple):
    """A value, and the words that say it; None for none."""

    value: float | None
    words: str


@dataclass(frozen=True, slots=True)
class Series:
    """The values of a series, with its name and the class by which the page colours it."""

    name: str
    key: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Chart:
    """What a chart shows: its labels along one side, its series, how a scale is written, and what it tells in words.

    `kind` is bars, parts (bars of parts), days, periods (days of parts) or rates (lines). `key` is unique on a page.
    `usual` is a value with words that a line marks. `top` is the end of the scale, None for the greatest value.
    """

    key: str
    kind: str
    title: str
    words: str
    labels: Sequence[str]
    series: Sequence[Series]
    form: Callable[[float], str]
    top: float | None = None
    usual: Point | None = None


KINDS = {
    "bars": "HorizontalBar",
    "parts": "HorizontalStackedBar",
    "days": "Bar",
    "periods": "StackedBar",
    "rates": "Line",
}


def draw_chart(chart: Chart) -> str:
    """Return a chart as an SVG element with a title and a description, coloured by the page's own styles alone."""
    import pygal

    is_flat = chart.kind in ("bars", "parts")
    names = [fit_text(safe_text(label), WIDEST_NAME) for label in chart.labels]
    each = 14 * len(chart.series) + 12 if chart.kind == "bars" else 30
    height = 56 + each * len(names) if is_flat else 250
    drawn = getattr(pygal, KINDS[chart.kind])(
        width=WIDTH,
        height=height,
        js=(),
        show_legend=False,
        style=pygal.style.Style(**_fonts()),
        truncate_label=-1,
        margin=6,
        margin_right=14,
        value_formatter=chart.form,
        dots_size=3,
        allow_interruptions=True,
        show_minor_x_labels=is_flat,
        include_x_axis=True,
    )
    widest = max(map(display_width, names), default=0)
    # pygal takes every character to be as wide as a Latin one.
    drawn.margin_left = 6 + max(0, (widest - max(map(len, names), default=0)) * FONT // 2) if is_flat else 6
    if chart.top is not None:
        drawn.range = (0, chart.top)
    highest = chart.top if chart.top is not None else _highest(chart)
    ticks = [tick for tick in _ticks(highest, counts=chart.top is None) if not _is_near(chart.usual, tick, highest)]
    marks: list[Any] = list(ticks)
    if chart.usual is not None and chart.usual.value is not None:
        marks.append({"value": chart.usual.value, "label": chart.usual.words})
        drawn.y_labels_major = [chart.usual.value]
    drawn.y_labels = marks
    places = range(len(names))[::-1] if is_flat else range(len(names))
    drawn.x_labels = [names[place] for place in places]
    if not is_flat:
        step = -(-len(names) // max(1, WIDTH // (FONT * (widest + 2) * 2 // 3)))
        drawn.x_labels_major = [names[place] for place in places][::step]
    for series in chart.series:
        points = [series.points[place] for place in places]
        drawn.add(series.name, [point.value and {"value": point.value, "label": point.words} for point in points])
    shapes = "".join(_shapes(drawn.render_tree(), [series.key for series in chart.series]))
    name = escape(chart.key, quote=True)
    return (
        f'<svg class="chart {chart.kind}" role="img" viewBox="0 0 {WIDTH} {height}"'
        f' aria-labelledby="{name}-title {name}-words">'
        f'<title id="{name}-title">{_text(chart.title)}</title><desc id="{name}-words">{_text(chart.words)}</desc>'
        f"{shapes}</svg>"
    )


def _fonts() -> dict[str, Any]:
    sizes = ("label", "major_label", "value", "value_label")
    return {"font_family": "sans-serif", **{f"{name}_font_size": FONT for name in sizes}}


def _highest(chart: Chart) -> float:
    columns = zip(*([point.value or 0 for point in series.points] for series in chart.series), strict=True)
    together = sum if chart.kind in ("parts", "periods") else max
    values: Iterable[float] = (together(column) for column in columns)
    return max([*values, (chart.usual and chart.usual.value) or 0, 1])


def _ticks(highest: float, *, counts: bool) -> list[float]:
    """Return four to six round values from nought to the highest."""
    size = 10.0 ** (len(str(int(highest))) - 1) if highest >= 1 else 0.1
    steps = [size / 10 * part for part in (1, 2, 2.5, 5, 10, 20)]
    step = next((step for step in steps if highest / step <= 5 and (not counts or step == int(step))), 1.0)
    return [step * place for place in range(int(highest / step + 1e-9) + 1)]


def _is_near(usual: Point | None, tick: float, highest: float) -> bool:
    return usual is not None and usual.value is not None and abs(usual.value - tick) < highest / 12


def _shapes(element: Any, keys: Sequence[str]) -> Iterator[str]:
    """Yield what is drawn in an element as text: shapes and their places, and the words of each value."""
    for child in element:
        if not isinstance(child.tag, str):
            continue
        tag = child.tag.rpartition("}")[2]
        name = child.get("class", "")
        if tag not in DRAWN or set(name.split()) & set(LEFT_OUT):
            continue
        if tag == "rect" and (name == "background" or not child.get("width") or not child.get("height")):
            continue
        values = {key: value for key in DRAWN[tag] if (value := child.get(key))}
        colour = re.search(r"color-(\d+)", name)
        values["class"] = f"series {keys[int(colour[1])]}" if colour else name
        attributes = "".join(f' {key}="{escape(_short(value), quote=True)}"' for key, value in values.items() if value)
        words = [each.text or "" for each in child if _is_words(each)]
        inner = "".join(f"<title>{_text(text)}</title>" for text in words[:1])
        inner += _text(child.text or "") if tag == "text" else "".join(_shapes(child, keys))
        if inner or tag not in ("g", "text"):
            yield f"<{tag}{attributes}>{inner}</{tag}>" if inner else f"<{tag}{attributes}/>"


def _is_words(element: Any) -> bool:
    return isinstance(element.tag, str) and element.tag.endswith("desc") and element.get("class") == "label"


def _short(text: str) -> str:
    """Return a text with its numbers to a tenth, finer than a screen shows."""
    return re.sub(r"-?\d+\.\d+", lambda match: f"{float(match[0]):.1f}".removesuffix(".0"), text)


def _text(text: str) -> str:
    return escape(safe_text(text), quote=False)
