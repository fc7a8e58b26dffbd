"""The tables of a report, for a terminal, a page and a workbook: columns with titles and forms, rows of values."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from dealtrack.phrase import in_context, in_language, listed
from dealtrack.reports import words
from dealtrack.reports.figures import PARTS, TIMED, Group, Report, Share, Whole
from dealtrack.reports.words import Translate

CHARTED = 12
"""The most groups in a chart, or side by side; of weeks and months a chart holds all."""
COLOURS = {"on_time": "met", "late": "late", "open_late": "late"}


class Col(NamedTuple):
    """A column of a table: its title, the form of its values, and what colours it: met, late or rate.

    Forms are text, count, number, rate, money, date, moment and share, a rate that a terminal shows with its whole.
    On a terminal a column has its `short` title where it has one, and columns side by side with the same one make
    one. Where room lacks, that of the highest `rank` is left out first, with all of its `group`, which has a name;
    those of rank 0 never are, and those of None do not stand there at all.
    """

    title: str
    form: str = "count"
    colour: str = ""
    rank: int | None = None
    short: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns, the rows of its groups, the row of the total where it has one, and a note below."""

    name: str
    columns: Sequence[Col]
    groups: Sequence[Sequence[Any]]
    total: Sequence[Any] | None = None
    note: str = ""

    @property
    def rows(self) -> list[Sequence[Any]]:
        """Return all rows, that of the total last."""
        return [*self.groups, *([] if self.total is None else [self.total])]


def clock_names(report: Report) -> list[str]:
    """Return the names of the clocks that the complaints asked about have."""
    return [name for name in report.rules if name in report.main.total.clocks]


def group_name(key: str | None, by: str, _: Translate) -> str:
    """Return the name of a group of what complaints are grouped by, or that it is not stated."""
    if key is None:
        return _("not stated")
    if by in ("seller", "platform"):
        return in_context(by, key, _)
    return _(in_context(by, key, _)) if by == "category" else key


def group_names(names: Sequence[str], by: str, _: Translate) -> str:
    """Return the names of groups as a list in a sentence."""
    return str(in_language(listed(group_name(name, by, _) for name in names), _))


def charted(report: Report, groups: int) -> int:
    """Return how many of so many groups a chart shows: every week and month, else the first of them."""
    return groups if report.by in TIMED else min(CHARTED, groups)


def charted_words(report: Report, groups: int, _: Translate) -> str:
    """Return which of so many groups the charts and the table day by day show, nothing where all."""
    count = charted(report, groups)
    if count == groups:
        return ""
    text = _(
        "Charts show the first {count} of {all}; the table by day has the others in one column; the other "
        "tables have a row for each."
    )
    return text.format(count=count, all=f"{groups:,}")


def by_group(report: Report, _: Translate) -> Col:
    """Return the column of the groups' names."""
    return Col(in_context("heading", report.by, _), "text", rank=0)


def make_table(report: Report, name: str, columns: Sequence[Col], row: Any, note: str, _: Translate) -> Table:
    """Return a table with a row of values for each group and for the total, as `row` gives them."""
    groups = [[group_name(group.key, report.by, _), *row(group)] for group in report.main.groups]
    total = [_("all"), *row(report.main.total)]
    return Table(name, [by_group(report, _), *columns], groups, total, note)


def intake_keys(report: Report) -> Sequence[str | None]:
    """Return the keys of the groups of `intake_table`: of weeks and months, those of the span alone."""
    return [group.key for group in report.main.groups] if report.by in TIMED else report.keys


def intake_table(report: Report, _: Translate) -> Table:
    """Return how many complaints each group received, and a day, beside the spans that the report is compared with.

    A group that received some in those days alone has a row too, so that the rows add up to all. A week or a month
    stands alone: it has no mean, and is not compared.
    """
    main = report.main
    sections = [] if report.by in TIMED else [main, *words.sections_compared(report)]
    columns = [by_group(report, _), Col(_("received"), rank=0)]
    for section in sections:
        title = _("a day") if section is main else _("{span} a day").format(span=words.role_words(section.role, _))
        columns.append(Col(title, "number", rank=1))

    def row(name: str, groups: Sequence[Group]) -> list[Any]:
        counts = [group.complaints for group in groups]
        days = [section.days for section in sections]
        return [name, counts[0], *(Share(*each, Whole.DAYS).rate for each in zip(counts, days, strict=False))]

    spans = sections or [main]
    rows = [
        row(group_name(key, report.by, _), [section.group(key) for section in spans]) for key in intake_keys(report)
    ]
    return Table(_("complaints received"), columns, rows, row(_("all"), [section.total for section in spans]))


def rates_table(report: Report, _: Translate) -> Table:
    """Return the rate on time of each clock, with what it is of, and the median and ninth decile of its days."""
    names = clock_names(report)
    columns = [Col(_("received"), rank=len(names))]
    for rank, name in enumerate(names):
        title = words.rate_title(name, _)
        columns += [
            Col(title, "rate", "rate", rank, group=title),
            Col(_("{clock}: done or past due").format(clock=_(name))),
            Col(_("{clock} median, working days").format(clock=_(name)), "number", "", rank, _("median/p90"), title),
            Col(_("{clock} p90, working days").format(clock=_(name)), "count", "", rank, _("median/p90"), title),
        ]

    def row(group: Group) -> list[Any]:
        values: list[Any] = [group.complaints]
        for name in names:
            clock = group.clocks.get(name)
            values += (clock.on_time.rate, clock.on_time.whole, clock.median, clock.ninetieth) if clock else [None] * 4
        return values

    note = _("On time: share of {whole}. Median/p90: working days within which 50% and 90% were done.")
    return make_table(report, _("on time"), columns, row, note.format(whole=words.whole_words(Whole.DECIDED, _)), _)


def parts_table(report: Report, name: str, _: Translate) -> Table:
    """Return into which part each run of a clock fell; the parts add up to all."""
    total = report.main.total.clock(name)

    def rank(count: int, order: int = 0) -> int | None:
        return order if count else None

    columns = [
        *(Col(words.part_words(part, _), "count", COLOURS.get(part, ""), rank(total.part(part))) for part in PARTS),
        Col(_("all"), rank=0),
        Col(_("provisional"), rank=rank(total.provisional, 9)),
    ]

    def row(group: Group) -> list[int]:
        clock = group.clock(name)
        return [*map(clock.part, PARTS), clock.runs, clock.provisional]

    note = _("{clock}: {rules}. Each deadline is in one part; a reopened complaint counts again.")
    text = note.format(clock=_(name), rules=words.rules_of_clock(report, name, _))
    return make_table(report, _(name), columns, row, text, _)


def measure_tables(report: Report, _: Translate) -> list[Table]:
    """Return what else is asked: what is done, advance compensation, and what was reopened or entered later."""
    handled = [
        Col(_("received")),
        Col(_("open")),
        Col(_("provisional")),
        Col(_("completed")),
        Col(_("first contact")),
        Col(_("first contact, share of completed"), "share", "rate", 0, _("first contact")),
    ]
    advance = [
        Col(_("third-party sellers")),
        Col(_("advance compensation, third-party")),
        Col(_("share of third-party"), "share", "rate", 1, _("advance compensation, third-party")),
        Col(_("advance compensation, all")),
        Col(_("advance paid, all sellers"), "money", rank=2),
    ]
    again = [
        Col(_("reopened"), rank=3),
        Col(_("reopened, share of all"), "rate"),
        Col(_("backdated"), rank=4),
        Col(_("backdated, share of all"), "rate"),
    ]

    def handled_row(group: Group) -> list[Any]:
        first = group.first_contact
        return [group.complaints, group.open, group.provisional, group.completed, first.count, first]

    def advance_row(group: Group) -> list[Any]:
        share, paid = group.advance, group.advance_paid
        return [group.third_party, share.count, share, group.advanced, None if paid is None else float(paid)]

    def again_row(group: Group) -> list[Any]:
        return [group.reopened.count, group.reopened.rate, group.backdated.count, group.backdated.rate]

    lacking = report.main.total.advanced_without_amount
    note = _("Advance compensation without an amount: {count}.").format(count=f"{lacking:,}") if lacking else ""
    return [
        make_table(report, _("first contact"), handled, handled_row, words.unknown_note(report, _), _),
        make_table(report, _("advance compensation"), advance, advance_row, note, _),
        make_table(report, _("reopened and backdated"), again, again_row, "", _),
    ]


def measures_table(report: Report, _: Translate) -> Table:
    """Return all of `measure_tables` as one."""
    tables = measure_tables(report, _)
    columns = [by_group(report, _), *(column for table in tables for column in table.columns[1:])]
    alike = zip(*(table.rows for table in tables), strict=True)
    rows = [[rows[0][0], *(value for row in rows for value in row[1:])] for rows in alike]
    return Table(_("measures"), columns, rows[:-1], rows[-1], " ".join(table.note for table in tables if table.note))


def days_table(report: Report, _: Translate) -> Table:
    """Return how many complaints came in on each day, of all, of the first groups, and of the others together.

    There is no row where none came in, and no column of groups where they are weeks or months.
    """
    main = report.main
    groups = main.groups[:CHARTED] if report.by not in TIMED else ()
    others = len(main.groups) - len(groups) if groups else 0
    daily = [list(main.daily(group)) for group in (main.total, *groups)]
    usual = main.usual.rate if main.usual else None
    columns = [Col(_("day"), "date"), Col(_("received")), Col(_("daily mean"), "number")]
    columns += [Col(group_name(group.key, report.by, _)) for group in groups]
    rows: list[list[Any]] = []
    for place, (day, count) in enumerate(daily[0]):
        counts = [row[place][1] for row in daily[1:]]
        rows.append([day, count, usual, *counts, *([count - sum(counts)] if others else [])])
    notes: list[str] = []
    if others:
        columns.append(Col(_("others")))
        notes.append(_("Others: {count} beyond the first {shown}.").format(count=f"{others:,}", shown=len(groups)))
    if main.usual:
        notes.append(_("Daily mean: {whole}.").format(whole=words.usual_words(report, _)))
    return Table(_("day by day"), columns, rows, None, " ".join(notes))


def compared_table(report: Report, _: Translate) -> Table:
    """Return the span beside those it is compared with: complaints, complaints a day, and rates on time.

    A week or a month of a span has no mean of the span's days.
    """
    names = clock_names(report)
    columns = [by_group(report, _)]
    for place, section in enumerate(report.sections):
        span = words.role_words(section.role, _)
        group = span if place else ""
        # The ranks of a span are above those of the one before it.
        first = 20 * place if section.total.complaints else None
        ranks = [None if first is None else first + rank for rank in range(len(names))]
        columns += [
            Col(_("{span}, received").format(span=span), "count", "", first, span, group),
            Col(_("{span}, per day").format(span=span), "number"),
        ]
        columns += [
            Col(_("{span}, {clock} on time").format(span=span, clock=_(name)), "rate", "rate", rank, _(name), group)
            for name, rank in zip(names, ranks, strict=True)
        ]

    def row(name: str, groups: Sequence[Group]) -> Iterator[Any]:
        yield name
        for section, group in zip(report.sections, groups, strict=True):
            has_mean = report.by not in TIMED or group is section.total
            yield group.complaints
            yield Share(group.complaints, section.days, Whole.DAYS).rate if has_mean else None
            yield from (group.clock(name).on_time.rate for name in names)

    names_of_groups = {key: group_name(key, report.by, _) for key in report.keys}
    rows = [list(row(name, [s.group(key) for s in report.sections])) for key, name in names_of_groups.items()]
    total = list(row(_("all"), [section.total for section in report.sections]))
    spans = [f"{words.role_words(s.role, _)}: {s.first} – {s.last}" for s in report.sections if s.first and s.last]
    since = [words.since_words(report, section, _) for section in report.sections]
    return Table(_("compared"), columns, rows, total, " ".join(["; ".join(spans), *filter(None, since)]))


def spans_table(report: Report, _: Translate) -> Table:
    """Return a row for the span, and for each that it is compared with in which complaints were received."""
    names = clock_names(report)
    columns = [
        Col(_("compared"), "text", rank=0),
        Col(_("days"), "text", rank=len(names) + 1),
        Col(_("received"), rank=0),
        Col(_("a day"), "number", rank=len(names)),
        *(Col(words.rate_title(name, _), "rate", rank=rank) for rank, name in enumerate(names)),
    ]
    rows = []
    for section in (report.main, *words.sections_compared(report)):
        total = section.total
        row = [words.role_words(section.role, _), words.days_of(section, _), total.complaints, section.a_day.rate]
        rows.append([*row, *(total.clock(name).on_time.rate for name in names)])
    return Table(_("compared"), columns, rows)


def brief_lines(report: Report, _: Translate) -> list[tuple[str, Any, str]]:
    """Return what a report is about: each line's label, value and form, those without a value left out."""
    main, total, zone = report.main, report.main.total, ZoneInfo(report.zone)
    lines: list[tuple[str, Any, str]] = [
        (_("received from"), main.first, "date"),
        (_("received to"), main.last, "date"),
        (_("as of"), report.moment.astimezone(zone).replace(tzinfo=None), "moment"),
        (_("as known at"), report.known_at and report.known_at.astimezone(zone).replace(tzinfo=None), "moment"),
        (_("time zone"), report.zone, "text"),
        *(
            (in_context("heading", field, _), group_names(names, field, _), "text")
            for field, names in report.only.items()
        ),
        (_("complaints"), total.complaints, "count"),
        (_("open"), total.open, "count"),
        (_("with a provisional deadline"), total.provisional, "count"),
        (_("complaints per day"), main.a_day.rate, "number"),
    ]
    return [line for line in lines if line[1] is not None]


def total_shares(report: Report, _: Translate) -> list[tuple[str, Share]]:
    """Return the shares of all complaints with their titles.

    That of backdated ones stands in its table alone: of a register that was filled by an import it is all of them.
    """
    total = report.main.total
    return [
        *((words.rate_title(name, _), total.clock(name).on_time) for name in clock_names(report)),
        (_("first contact"), total.first_contact),
        (_("advance compensation"), total.advance),
        (_("reopened"), total.reopened),
    ]
