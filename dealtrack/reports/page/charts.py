"""The charts of a report's page: what they show and say, and their SVG, drawn by pygal and freed of its styles."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, NamedTuple

from dealtrack.core.text import display_width, fit_text, safe_text
from dealtrack.reports import words
from dealtrack.reports.figures import PARTS, TIMED, Report, Whole
from dealtrack.reports.tables import Table, charted, clock_names
from dealtrack.reports.words import Translate

FONT = 13
BROAD, NARROW = 640, 340
"""The widths of a chart: for screens and paper, and for a telephone, on which a broad one could not be read whole."""
WIDEST_NAMES = {BROAD: 24, NARROW: 14}
DRAWN = {
    "g": ("class", "transform"),
    "rect": ("class", "x", "y", "width", "height"),
    "path": ("class", "d"),
    "circle": ("class", "cx", "cy", "r"),
    "text": ("class", "x", "y", "transform"),
}
"""The elements that a chart is drawn with, and the attributes that say where; nothing else comes onto the page."""
LEFT_OUT = ("titles", "tooltip", "legends")
LABELS = ("label", "major_label", "value", "value_label")


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


def draw_chart(chart: Chart, width: int = BROAD) -> str:
    """Return a chart as an SVG element with a title and a description, coloured by the page's own styles alone."""
    import pygal
    import pygal.etree

    # It would take lxml where that is installed, which refuses some characters of names.
    pygal.etree.etree.to_etree()
    is_flat = chart.kind in ("bars", "parts")
    names = [fit_text(safe_text(label), WIDEST_NAMES[width]) for label in chart.labels]
    each = 14 * len(chart.series) + 12 if chart.kind == "bars" else 30
    height = 56 + each * len(names) if is_flat else 250
    drawn = getattr(pygal, KINDS[chart.kind])(
        width=width,
        height=height,
        js=(),
        show_legend=False,
        style=pygal.style.Style(font_family="sans-serif", **{f"{name}_font_size": FONT for name in LABELS}),
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
    ticks: list[Any] = _ticks(highest, counts=chart.top is None)
    # Without any pygal emphasizes 0, as if that were usual.
    drawn.y_labels_major = [-1]
    if chart.usual is not None and (usual := chart.usual.value) is not None:
        ticks = [tick for tick in ticks if abs(usual - tick) >= highest / 12]
        ticks.append({"value": usual, "label": chart.usual.words})
        drawn.y_labels_major = [usual]
    drawn.y_labels = ticks
    places = range(len(names))[::-1] if is_flat else range(len(names))
    drawn.x_labels = [names[place] for place in places]
    if not is_flat:
        step = -(-len(names) // max(1, width // (FONT * (widest + 2) * 2 // 3)))
        drawn.x_labels_major = [names[place] for place in places][::step]
    for series in chart.series:
        points = [series.points[place] for place in places]
        drawn.add(series.name, [point.value and {"value": point.value, "label": point.words} for point in points])
    shapes = "".join(_shapes(drawn.render_tree(), [series.key for series in chart.series]))
    size = "broad" if width == BROAD else "narrow"
    name = escape(chart.key if width == BROAD else f"{chart.key}-{size}", quote=True)
    return (
        f'<svg class="chart {size} {chart.kind}" role="img" viewBox="0 0 {width} {height}"'
        f' aria-labelledby="{name}-title {name}-words">'
        f'<title id="{name}-title">{_text(chart.title)}</title><desc id="{name}-words">{_text(chart.words)}</desc>'
        f"{shapes}</svg>"
    )


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
        described = (each for each in child if isinstance(each.tag, str) and each.tag.endswith("desc"))
        labels = [each.text or "" for each in described if each.get("class") == "label"]
        inner = "".join(f"<title>{_text(text)}</title>" for text in labels[:1])
        inner += _text(child.text or "") if tag == "text" else "".join(_shapes(child, keys))
        if inner or tag not in ("g", "text"):
            yield f"<{tag}{attributes}>{inner}</{tag}>" if inner else f"<{tag}{attributes}/>"


def _short(text: str) -> str:
    """Return a text with its numbers to a tenth, finer than a screen shows."""
    return re.sub(r"-?\d+\.\d+", lambda match: f"{float(match[0]):.1f}".removesuffix(".0"), text)


def _text(text: str) -> str:
    return escape(safe_text(text), quote=False)


MOST_BARS, MOST_WORDS, COLOURS = 120, 36, 6


def intake_chart(report: Report, _: Translate) -> Chart | None:
    """Return the complaints of each day, a bar as many days as keep it readable; None where there are no days."""
    main = report.main
    daily = list(main.daily())
    if not daily:
        return None
    size = -(-len(daily) // MOST_BARS)
    runs = [daily[place : place + size] for place in range(0, len(daily), size)]
    points = []
    for run in runs:
        count = sum(received for _day, received in run)
        days = run[0][0].isoformat()
        if len(run) > 1:
            days = _("{first} to {last}").format(first=days, last=run[-1][0].isoformat())
        points.append(Point(count, f"{days}{_(': ')}{count:,}"))
    title = _("complaints received, day by day")
    if size > 1:
        title = _("complaints received, each bar {days} days").format(days=size)
    usual = None
    if main.usual is not None and main.usual.rate is not None:
        rate = main.usual.count * size / main.usual.whole
        usual = Point(rate, _("mean {rate}").format(rate=words.number_of(rate)))
    labels = [run[0][0].isoformat() for run in runs]
    series = [Series(_("received"), "s1", points)]
    return Chart("intake", "days", title, words.intake_words(report, _), labels, series, "{:,.0f}".format, usual=usual)


def rates_chart(report: Report, table: Table, _: Translate) -> Chart | None:
    """Return the rate on time of each clock, for each of the groups charted; None without any."""

    def rate(row: Sequence[Any], column: int) -> tuple[float | None, str]:
        if row[column] is None:
            return None, ""
        text = _("{rate} of {whole}")
        return row[column], text.format(rate=words.percent(row[column]), whole=f"{row[column + 1]:,}")

    lines = [
        (words.rate_title(name, _), f"s{place % COLOURS + 1}", 2 + 4 * place)
        for place, name in enumerate(clock_names(report))
    ]
    title = _("on time: share of {whole}").format(whole=words.whole_words(Whole.DECIDED, _))
    return _grouped(report, table, "rates", ("bars", "rates"), title, lines, rate, "{:.0%}".format, _, top=1.0)


def parts_chart(report: Report, table: Table, name: str, place: int, _: Translate) -> Chart | None:
    """Return the parts into which the runs of a clock fell, for each of the groups charted; `place` tells it apart."""
    lines = [
        (words.part_words(part, _), part.replace("_", "-"), column)
        for column, part in enumerate(PARTS, 1)
        if any(row[column] for row in _charted(report, table))
    ]
    title = f"{_(name)}{_(': ')}{words.rules_of_clock(report, name, _)}"
    count, key = "{:,.0f}".format, f"parts-{place}"
    return _grouped(
        report, table, key, ("parts", "periods"), title, lines, lambda row, at: (row[at], count(row[at])), count, _
    )


def compared_chart(report: Report, table: Table, _: Translate) -> Chart | None:
    """Return the complaints a day of each span, for each of the groups charted; None where spans cannot be matched."""

    def a_day(row: Sequence[Any], column: int) -> tuple[float, str]:
        rate = row[column] or 0
        return rate, words.number_of(rate)

    if report.by in TIMED:
        return None
    each = (len(table.columns) - 1) // len(report.sections)
    lines = [
        (words.role_words(section.role, _), f"s{place + 1}", 2 + place * each)
        for place, section in enumerate(report.sections)
    ]
    title = _("complaints per day")
    return _grouped(report, table, "compared", ("bars", "bars"), title, lines, a_day, words.number_of, _)


def _charted(report: Report, table: Table) -> Sequence[Sequence[Any]]:
    """Return the rows of a table that its chart shows: every week and month, else the first of them."""
    return table.groups[: charted(report, len(table.groups))]


def _grouped(
    report: Report,
    table: Table,
    key: str,
    kinds: tuple[str, str],
    title: str,
    lines: Iterable[tuple[str, str, int]],
    value_of: Callable[[Sequence[Any], int], tuple[float | None, str]],
    form: Callable[[float], str],
    _: Translate,
    *,
    top: float | None = None,
) -> Chart | None:
    """Return a chart of a table, None of one without values; the second of `kinds` is that of weeks and months.

    `lines` are the series, each with its name, its class and its column, of whose cells `value_of` gives the value and
    the text, empty for none.
    """
    rows, series = _charted(report, table), []
    for name, style, column in lines:
        points = []
        for row in rows:
            value, text = value_of(row, column)
            label = _("{some}, {other}").format(some=row[0], other=f"{name}{_(': ')}{text}") if text else ""
            points.append(Point(value, label))
        series.append(Series(name, style, points))
    said = [
        point.words for column in zip(*(each.points for each in series), strict=True) for point in column if point.words
    ]
    if not said:
        return None
    summary = "; ".join(said[:MOST_WORDS]) + ("; …" if len(said) > MOST_WORDS else "")
    kind = kinds[report.by in TIMED and len(rows) > 1]
    return Chart(key, kind, title, summary, [row[0] for row in rows], series, form, top)
