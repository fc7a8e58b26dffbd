"""Printing what a policy on trial would change."""

import sys
from collections.abc import Iterator, Sequence

from dealtrack.cli.language import _, _n, say
from dealtrack.cli.output import FOR_PROGRAMS, print_records
from dealtrack.cli.table import Cell, Column, draw_whole
from dealtrack.cli.terminal import print_line, tell_fields
from dealtrack.cli.terms import heading, say_field
from dealtrack.core.clocks import LATE, Verdict
from dealtrack.core.moments import show_moment
from dealtrack.core.policy import Policy
from dealtrack.core.text import safe_text
from dealtrack.reports.trial import (
    Basis,
    Trial,
    VerdictChanges,
    changes_by_clock,
    changes_by_group,
    record_keys,
    records,
    sentences,
)

VERDICT_TITLES = ("verdict", "then", "now", "change")
GROUP_TITLES = ("missed then", "missed now", "overdue then", "overdue now", "now late", "no longer late")


def print_trial(trial: Trial, policy: Policy, by: str, basis: Basis, fmt: str) -> None:
    """Print a trial: sentences and tables, or records for csv, json and jsonl."""
    if fmt in FOR_PROGRAMS:
        print_records(records(trial, by), record_keys(by), fmt, zone=basis.zone)
        return
    count = _n("{count:,} complaint", "{count:,} complaints", trial.complaints)
    moment = show_moment(basis.moment, basis.zone)
    line = _("policy {name} ({title}) tried on {count}, as of {moment}; nothing was written")
    line = line.format(name=policy.name, title=_(policy.title), count=count, moment=moment)
    print_line(line)
    if trial.refused:
        left_out = _("extensions not allowed by this policy, left out: {count:,}", count=trial.refused)
        print_line(left_out)
    texts = sentences(trial)
    as_table = fmt == "table" or (not fmt and sys.stdout.isatty())
    for name, changes in changes_by_clock(trial).items():
        print()
        print_line(say(texts[name]))
        _draw(VERDICT_TITLES, list(_verdict_rows(changes, as_table)), as_table)
        if by:
            print()
            _draw(
                (_("{clock} by {group}", clock=_(name), group=heading(by)), *GROUP_TITLES),
                list(_group_rows(trial, name, by, as_table)),
                as_table,
            )


def _verdict_rows(changes: VerdictChanges, as_table: bool) -> Iterator[tuple[str, ...]]:
    for verdict in Verdict:
        then, now = changes.then(verdict), changes.now(verdict)
        if then or now:
            yield (
                say_field("verdict", verdict) if as_table else verdict.value,
                f"{then:,}",
                f"{now:,}",
                _signed(now - then),
            )


def _group_rows(trial: Trial, name: str, by: str, as_table: bool) -> Iterator[tuple[str, ...]]:
    groups = list(changes_by_group(trial, name).items())
    if by != "month":
        groups.sort(key=lambda item: (-sum(item[1].change(verdict) for verdict in LATE), item[0]))
    for group, changes in groups:
        counts = [count for verdict in LATE for count in (changes.then(verdict), changes.now(verdict))]
        yield (
            safe_text(say_field(by, group) if as_table else group),
            *(f"{count:,}" for count in (*counts, changes.now_late, changes.no_longer_late)),
        )


def _signed(change: int) -> str:
    return f"{change:+,}" if change else "0"


def _draw(titles: Sequence[str], rows: Sequence[Sequence[str]], as_table: bool) -> None:
    if not as_table:
        for row in (titles, *rows):
            tell_fields(row)
        return
    columns = [
        Column(title, title, place, 8 if place == 0 else None, right=place > 0) for place, title in enumerate(titles)
    ]
    draw_whole(columns, [[Cell(((text, ""),)) for text in row] for row in rows], sys.stdout)
