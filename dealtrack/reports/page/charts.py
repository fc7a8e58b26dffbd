"""What the charts of a report's page show, and what they say to those who do not see them."""

from collections.abc import Callable, Sequence

from dealtrack.reports.figures import PARTS, TIMED, Group, Report, Section, Whole
from dealtrack.reports.page.drawing import Chart, Point, Series
from dealtrack.reports.tables import charted, clock_names, group_name
from dealtrack.reports.words import (
    Translate,
    intake_words,
    number_of,
    part_words,
    percent,
    rate_title,
    role_words,
    rules_of_clock,
    whole_words,
)

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
        usual = Point(rate, _("mean {rate}").format(rate=number_of(rate)))
    labels = [run[0][0].isoformat() for run in runs]
    series = [Series(_("received"), "s1", points)]
    return Chart("intake", "days", title, intake_words(report, _), labels, series, _count, usual=usual)


def rates_chart(report: Report, _: Translate) -> Chart | None:
    """Return the rate on time of each clock, for each of the groups charted; None without any."""
    groups = _charted(report)
    series = []
    for place, name in enumerate(clock_names(report)):
        points = []
        for group in groups:
            share = clock.on_time if (clock := group.clock(name)) else None
            if share is None or share.rate is None:
                points.append(Point(None, ""))
                continue
            text = _("{rate} of {whole}").format(rate=percent(share.rate), whole=f"{share.whole:,}")
            points.append(Point(share.rate, _said(report, group, rate_title(name, _), text, _)))
        series.append(Series(rate_title(name, _), f"s{place % COLOURS + 1}", points))
    title = _("on time: share of {whole}").format(whole=whole_words(Whole.DECIDED, _))
    kind = "rates" if report.by in TIMED and len(groups) > 1 else "bars"
    return _grouped(report, "rates", kind, title, groups, series, _percent, _, top=1.0)


def parts_chart(report: Report, name: str, place: int, _: Translate) -> Chart | None:
    """Return the parts into which the runs of a clock fell, for each of the groups charted; `place` tells it apart."""
    total = report.main.total.clock(name)
    groups = _charted(report)
    series = []
    for part in PARTS if total else ():
        points = []
        for group in groups:
            count = clock.part(part) if (clock := group.clock(name)) else 0
            points.append(Point(count, _said(report, group, part_words(part, _), f"{count:,}", _)))
        if any(point.value for point in points):
            series.append(Series(part_words(part, _), part.replace("_", "-"), points))
    kind = "periods" if report.by in TIMED and len(groups) > 1 else "parts"
    title = f"{_(name)}{_(': ')}{rules_of_clock(report, name, _)}"
    return _grouped(report, f"parts-{place}", kind, title, groups, series, _count, _)


def compared_chart(report: Report, _: Translate) -> Chart | None:
    """Return the complaints a day of each span, for each of the groups charted; None where spans cannot be matched."""
    if report.by in TIMED:
        return None
    keys = report.keys[: charted(report, len(report.keys))]
    groups = [report.main.group(key) or Group(key) for key in keys] or _charted(report)
    series = []
    for place, section in enumerate(report.sections, 1):
        points = []
        for group in groups:
            rate = _a_day(section, group)
            points.append(Point(rate, _said(report, group, role_words(section.role, _), number_of(rate), _)))
        series.append(Series(role_words(section.role, _), f"s{place}", points))
    return _grouped(report, "compared", "bars", _("complaints per day"), groups, series, number_of, _)


def _a_day(section: Section, group: Group) -> float:
    own = section.group(group.key)
    return own.complaints / section.days if own and section.days else 0


def _charted(report: Report) -> tuple[Group, ...]:
    """Return the groups that charts show: every week and month, else the first of them, else all in one."""
    groups = report.main.groups
    if not groups:
        return (report.main.total,) if not report.by else ()
    return groups[: charted(report, len(groups))]


def _grouped(
    report: Report,
    key: str,
    kind: str,
    title: str,
    groups: Sequence[Group],
    series: Sequence[Series],
    form: Callable[[float], str],
    _: Translate,
    *,
    top: float | None = None,
) -> Chart | None:
    columns = zip(*(each.points for each in series), strict=True)
    said = [point.words for column in columns for point in column if point.words]
    if not said:
        return None
    words = "; ".join(said[:MOST_WORDS]) + ("; …" if len(said) > MOST_WORDS else "")
    names = [_("all") if group is report.main.total else group_name(group.key, report.by, _) for group in groups]
    return Chart(key, kind, title, words, names, series, form, top)


def _said(report: Report, group: Group, title: str, value: str, _: Translate) -> str:
    text = f"{title}{_(': ')}{value}"
    if group is report.main.total:
        return text
    return _("{some}, {other}").format(some=group_name(group.key, report.by, _), other=text)


def _count(value: float) -> str:
    return f"{value:,.0f}"


def _percent(value: float) -> str:
    return f"{value:.0%}"
