"""The figures of a report as plain records under fixed keys, for JSON, CSV and plain lines."""

from collections.abc import Iterable, Iterator
from typing import Any

from dealtrack.reports.figures import PARTS, ClockFigures, Group, Report, Section, Share, Whole
from dealtrack.reports.words import RECORD_PLACES, rounded

Record = dict[str, Any]


def rate_of(share: Share | None) -> float | None:
    """Return a share's rate to four decimals, None where there is none."""
    if share is None or share.rate is None:
        return None
    is_mean = share.of in (Whole.DAYS, Whole.DAYS_BEFORE)
    return float(rounded(share.rate, RECORD_PLACES, is_share=not is_mean))


def clock_record(clock: ClockFigures) -> Record:
    """Return the record of one clock; the parts add up to `runs`, and `on_time_rate` is of `decided`."""
    return {
        "complaints": clock.complaints,
        "runs": clock.runs,
        **{name: clock.part(name) for name in PARTS},
        "provisional": clock.provisional,
        "decided": clock.on_time.whole,
        "on_time_rate": rate_of(clock.on_time),
        "done": clock.done,
        "median_working_days": clock.median,
        "p90_working_days": clock.ninetieth,
    }


def group_record(group: Group) -> Record:
    """Return the record of what is said of complaints, their clocks left out.

    Each rate names its whole: `first_contact_rate` is of `completed` without `first_contact_unknown`,
    `third_party_advance_rate` of `third_party`, the others are of `complaints`.
    """
    return {
        "complaints": group.complaints,
        "open": group.open,
        "provisional": group.provisional,
        "completed": group.completed,
        "first_contact": group.first_contact.count,
        "first_contact_unknown": group.contacts_unknown,
        "first_contact_rate": rate_of(group.first_contact),
        "third_party": group.third_party,
        "third_party_advance": group.advance.count,
        "third_party_advance_rate": rate_of(group.advance),
        "advance": group.advanced,
        "advance_sum": None if group.advance_paid is None else float(group.advance_paid),
        "advance_without_amount": group.advanced_without_amount,
        "reopened": group.reopened.count,
        "reopened_rate": rate_of(group.reopened),
        "reopenings": group.reopenings,
        "backdated": group.backdated.count,
        "backdated_rate": rate_of(group.backdated),
    }


def report_record(report: Report) -> Record:
    """Return the whole report as one record; days as dates, moments in UTC."""
    return {
        "by": report.by,
        "as_of": report.moment,
        "known_at": report.known_at,
        "timezone": report.zone,
        "campaign": report.campaign or None,
        "register_begins": report.begun,
        # One name stands for itself, as it always did.
        "only": {field: names[0] if len(names) == 1 else list(names) for field, names in report.only.items()},
        **_section_record(report, report.main),
        "beside": [_section_record(report, section) for section in report.compared],
    }


def _section_record(report: Report, section: Section) -> Record:
    return {
        "span": section.role.value,
        "title": section.title or None,
        "first": section.first,
        "last": section.last,
        "days": section.days,
        "a_day": rate_of(section.a_day),
        "usual_a_day": rate_of(section.usual),
        "usual_days": section.usual.whole if section.usual else None,
        "usual_of": section.usual.of.value if section.usual else None,
        "total": _whole_record(section.total, report.rules),
        "groups": [{report.by: group.key} | _whole_record(group, report.rules) for group in section.groups],
        "intake": [{"day": day, "complaints": count} for day, count in section.daily()],
    }


def _whole_record(group: Group, rules: Iterable[str]) -> Record:
    clocks = {name: clock_record(group.clocks[name]) for name in rules if name in group.clocks}
    return group_record(group) | {"clocks": clocks}


def report_rows(report: Report) -> Iterator[Record]:
    """Yield a flat record for the total, and one for each group, of every section, under `row_keys`.

    A clock's figures bear its name in front, and are None where no complaint of the row has it.
    """
    for section in report.sections:
        parts = [("total", section.total), *(("group", group) for group in section.groups)]
        for part, group in parts:
            row: Record = {"span": section.role.value, "first": section.first, "last": section.last, "part": part}
            row |= {report.by: group.key, **group_record(group)}
            for name in report.rules:
                is_there = name in group.clocks
                figures = clock_record(group.clock(name)) if is_there else dict.fromkeys(CLOCK_KEYS)
                row |= {f"{name}_{key}": value for key, value in figures.items()}
            yield row


def row_keys(report: Report) -> list[str]:
    """Return the keys of a report's flat records, in their order."""
    clocks = [f"{name}_{key}" for name in report.rules for key in CLOCK_KEYS]
    return ["span", "first", "last", "part", report.by, *GROUP_KEYS, *clocks]


def report_lines(report: Report) -> Iterator[tuple[str, str, str, str]]:
    """Yield every figure on its own: its span, its group (empty for the total), its key, and its value.

    Figures that there are none of, such as a rate of nothing, are left out.
    """
    shared = ("span", "first", "last", "part", report.by)
    for row in report_rows(report):
        group = "" if row["part"] == "total" else str(row[report.by] or "-")
        for key, value in row.items():
            if key not in shared and value is not None:
                yield row["span"], group, key, str(value)


GROUP_KEYS = tuple(group_record(Group(None)))
CLOCK_KEYS = tuple(clock_record(ClockFigures()))
