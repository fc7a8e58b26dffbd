"""A report as one page: every table and chart in a file of its own right, without a network, on screen and paper."""

from base64 import b64encode
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from dealtrack.core.text import display_width, safe_text
from dealtrack.reports import tables, words
from dealtrack.reports.figures import Report, Share
from dealtrack.reports.page.charts import (
    NARROW,
    Chart,
    compared_chart,
    draw_chart,
    intake_chart,
    parts_chart,
    rates_chart,
)
from dealtrack.reports.tables import Col, Table
from dealtrack.reports.words import Translate

FOLDER = Path(__file__).parent
LINE = 14
"""The widest name that is never broken, in columns of a terminal."""
UNFOLDED = 31
"""The most days whose table is shown unasked."""


class Shown(NamedTuple):
    """A cell as a page shows it: its text, the value that it is sorted by, its class, its part of a bar in percent."""

    text: str
    value: str
    style: str
    bar: float | None = None


class Part(NamedTuple):
    """A part of a page: its heading, a sentence, a chart with its legend, and tables."""

    title: str
    words: str = ""
    chart: Chart | None = None
    tables: tuple[Table, ...] = ()
    is_folded: bool = False


def make_page(report: Report, language: str, _: Translate) -> str:
    """Return a report as an HTML page in a language, named by its tag such as en or zh-CN."""
    import jinja2

    style, script = ((FOLDER / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"safe_text": safe_text, "digest": _digest}
    template = environment.from_string((FOLDER / "page.html").read_text(encoding="utf-8"))
    return template.render(
        language=language,
        title=words.title_of(report, _),
        days=words.days_of(report.main, _),
        style=style,
        script=script,
        facts=[
            (label, show(value, form).text) for label, value, form in tables.brief_lines(report, _) if form != "date"
        ],
        shares=[
            (
                title,
                words.percent(share.rate),
                _("{count} of {whole}").format(count=f"{share.count:,}", whole=f"{share.whole:,}"),
                words.whole_words(share.of, _),
            )
            for title, share in tables.total_shares(report, _)
        ],
        parts=list(parts_of(report, _)),
        nothing="" if report.main.total.complaints else _("No complaints were received in these days."),
        draw=lambda chart: draw_chart(chart) + draw_chart(chart, NARROW),
        cells=lambda table, row: map(_cell, table.columns, row),
        unfold=_("show the table"),
    )


def parts_of(report: Report, _: Translate) -> list[Part]:
    """Return the parts of a report's page, in their order; none where no complaint was received."""
    if not report.main.total.complaints:
        return []
    days, charted = tables.days_table(report, _), tables.charted_words(report, len(report.main.groups), _)
    rates = tables.rates_table(report, _)
    parts = [
        Part(_("complaints received"), words.intake_words(report, _) + _("."), intake_chart(report, _)),
        Part(_("on time"), charted, rates_chart(report, rates, _), (rates,)),
    ]
    for place, name in enumerate(tables.clock_names(report), 1):
        table = tables.parts_table(report, name, _)
        parts.append(Part(_(name), "", parts_chart(report, table, name, place, _), (table,)))
    parts.append(Part(_("measures"), "", None, tuple(tables.measure_tables(report, _))))
    if report.compared:
        table, compared = tables.compared_table(report, _), tables.charted_words(report, len(report.keys), _)
        note = "" if compared == charted else compared
        parts.append(Part(_("compared"), note, compared_chart(report, table, _), (table,)))
    parts.append(Part(_("day by day"), "", None, (days,), is_folded=len(days.groups) > UNFOLDED))
    return parts


def _cell(column: Col, value: Any) -> Shown:
    if isinstance(value, Share):
        value = value.rate
    shown = show(value, "rate" if column.form == "share" else column.form)
    if column.colour == "late" and value:
        return shown._replace(style="late")
    if column.colour == "rate" and value is not None:
        return shown._replace(bar=float(words.rounded(value, words.RATE_PLACES, is_share=True) * 100))
    return shown


def show(value: Any, form: str) -> Shown:
    """Return a value of a form as a page shows it."""
    if value is None:
        return Shown("–", "", "none")
    if isinstance(value, datetime):
        return Shown(f"{value:%Y-%m-%d %H:%M}", value.isoformat(), "")
    if isinstance(value, date):
        return Shown(value.isoformat(), value.isoformat(), "line")
    if form == "text":
        text = safe_text(str(value))
        return Shown(text, "", "line" if display_width(text) <= LINE else "")
    return Shown(words.TEXT_OF[form](value) if value or form == "rate" else "–", repr(value), "" if value else "none")


def _digest(text: str) -> str:
    """Return a text's digest as a content security policy names what may be used."""
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"
