"""Revisions of the calendar and corrections of a policy: its layers, what each would do, and the change itself."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from dealtrack.core.calendar import (
    CalendarRules,
    DayKind,
    Ruling,
    WorkingCalendar,
    days_between,
    rulings_from_data,
)
from dealtrack.core.calendar_changes import Notice, change_to_data, changed_days, days_rolled_differently, with_notices
from dealtrack.core.clocks import Clock, Verdict, judge_corrected, verdict
from dealtrack.core.complaint_state import ComplaintState
from dealtrack.core.corrections import Correction
from dealtrack.core.lifecycle import Complaint, Transition
from dealtrack.core.moments import ONE_DAY, local_day
from dealtrack.core.policy import Policy, Roll, check_office_hours, differences, version_for
from dealtrack.register import journal, projection, queries
from dealtrack.register.engine import Database
from dealtrack.register.journal import Event
from dealtrack.register.recorder import Recorder
from dealtrack.register.register import Register

Plan = tuple[CalendarRules, Mapping[str, Any]]
"""The new rules, and what else the journal keeps of the change: how it was made, name, source, layers."""

REACH = timedelta(days=30)
"""How far past its counted days a deadline can be rolled, so that a change there may still move it."""


class MovedClock(NamedTuple):
    """A running clock whose deadline a change moves, or makes certain or uncertain.

    Of a correction of a policy `before` is None where it is counted from now on, `after` where it is no longer.
    """

    complaint: int
    before: Clock | None
    after: Clock | None


class OtherVerdict(NamedTuple):
    """A clock that has ended and that a revised calendar or policy would judge otherwise; its verdict stands.

    `verdict_after` is None, and `after` as before, where the policy has no such clock any more.
    """

    complaint: Complaint
    before: Clock
    after: Clock
    verdict_before: Verdict
    verdict_after: Verdict | None


class Revision(NamedTuple):
    """What a change of the calendar does; `change` is the change itself, as `change_to_data` writes it.

    `head` is the journal's last entry at that time. `days` are those that are worked now and were off, or
    the other way about, those against the weekday rule first; `rolled` are rest days which belong to a holiday that
    ends otherwise; `renamed` counts the days that only take another name or source.
    """

    head: tuple[int, str]
    change: Mapping[str, Any]
    before: WorkingCalendar
    after: WorkingCalendar
    days: list[date]
    rolled: list[date]
    renamed: int
    moved: list[MovedClock]
    otherwise: list[OtherVerdict]

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing changes."""
        return self.before.rules.revised(self.change) == self.before.rules


def preview(register: Register, rules: CalendarRules) -> Revision:
    """Return what it would do to put these rules in place of the register's calendar; raises NoOfficeHours."""
    check_office_hours((policy for versions in register.policies.values() for policy in versions), rules)
    head = register.head()
    before, after = WorkingCalendar(register.calendar_rules()), WorkingCalendar(rules, register.revision + 1)
    days, rolled, renamed = _changed_days(before, after)
    moved: list[MovedClock] = []
    otherwise: list[OtherVerdict] = []
    hours = [rules.first, rules.last] if list(before.rules.office_hours) != list(rules.office_hours) else []
    for id_, runs in _affected(register, [*days, *rolled, *hours], before.rules.official ^ rules.official):
        # Every run is counted by the revised calendar: those that run will be, the ended ones might have been.
        state = ComplaintState(id_, journal.history(register.database, id_))
        complaint, recounted = register.project_state(state, lambda _: after)
        by_run = {(clock.name, clock.round): clock for clock in recounted}
        # One that the journal does not have was put into the tables: nothing is revised on that.
        moved += _moved_clocks(id_, runs, [by_run[run.name, run.round] for run in runs])
        otherwise += other_verdicts(complaint, runs, recounted)
    change = change_to_data(before.rules, rules)
    return Revision(head, change, before, after, days, rolled, renamed, moved, otherwise)


def _changed_days(before: WorkingCalendar, after: WorkingCalendar) -> tuple[list[date], list[date], int]:
    """Return the days that change, those that belong to another holiday, and how many take another name alone."""
    old, new = before.rules, after.rules
    changed = changed_days(old, new)
    switched = [day for day in changed if old.ruling(day).worked != new.ruling(day).worked]
    rest = {day for day in changed if not new.ruling(day).worked}
    if old.spans is None and new.spans is not None:
        rest.update(day for day in days_between(old.first, old.last) if not new.ruling(day).worked)
    elif old.spans != new.spans:
        spans_before, spans_after = old.span_by_day(), new.span_by_day()
        rest.update(day for day in {*spans_before, *spans_after} if spans_before.get(day) != spans_after.get(day))
    rolled = days_rolled_differently(before, after, sorted(day for day in rest if old.first <= day <= old.last))
    switched.sort(key=lambda day: (new.ruling(day).worked == new.plain(day).worked, day))
    return switched, rolled, len({*changed} - {*switched} - {*rolled})


def _moved_clocks(complaint: int, before: Iterable[Clock], after: Iterable[Clock]) -> Iterator[MovedClock]:
    """Yield the clocks of a complaint that run in one of two judgements, and whose deadlines in these differ."""
    runs = [{(clock.name, clock.round): clock for clock in clocks if clock.ended is None} for clocks in (before, after)]
    for key in {**runs[0], **runs[1]}:
        moved = MovedClock(complaint, *(clocks.get(key) for clocks in runs))
        then, now = (clock and (clock.due, clock.provisional) for clock in moved[1:])
        if then != now:
            yield moved


def other_verdicts(
    complaint: Complaint, before: Iterable[Clock], after: Iterable[Clock], gone: bool = False
) -> Iterator[OtherVerdict]:
    """Yield the ended runs of a complaint's clocks on which two judgements differ; with `gone` those that one lacks."""
    others = {(clock.name, clock.round): clock for clock in after}
    for clock in before:
        if clock.ended is None:
            continue
        other = others.get((clock.name, clock.round))
        verdict_before = verdict(clock, clock.ended)
        verdict_after = verdict(other, clock.ended) if other is not None else None
        if verdict_before is not verdict_after and (other is not None or gone):
            yield OtherVerdict(complaint, clock, other or clock, verdict_before, verdict_after)


def _affected(register: Register, changed: Iterable[date], years: Iterable[int]) -> Iterator[tuple[int, list[Clock]]]:
    """Yield, by complaint, the runs that a changed day or year may affect: those that end near it or later."""
    days = [*changed, *(day for year in years for day in (date(year, 1, 1), date(year, 12, 31)))]
    if not days:
        return
    first, last = min(days), max(days)
    rolls = any(rule.roll is not Roll.NONE for policy, _ in register.texts for rule in policy.clocks)
    rows = queries.clocks_between(register.database, first - REACH if rolls else first, last + ONE_DAY)
    for complaint, group in groupby(rows, key=itemgetter(0)):
        yield complaint, [clock for _, clock in group]


def revise(recorder: Recorder, plan: Callable[[], Plan], previewed: Revision | None = None) -> Revision:
    """Put the planned rules in place of the register's calendar as a new revision.

    Running clocks that it affects move; those that have ended keep their verdict. What was `previewed` is done
    where the register is still as it was then, else the change is computed again.
    """
    register = recorder.register
    rules, detail = plan()
    is_current = previewed is not None and previewed.head == register.head()
    revision = previewed if previewed is not None and is_current else preview(register, rules)
    if not revision.is_empty:
        recorder.event(Event.CALENDAR_REVISED, {**detail, **revision.change})
        moved = ((each.complaint, each.after) for each in revision.moved if each.after)
        queries.move_clocks(register.database, moved)
    return revision


def is_as_shipped(register: Register, shipped: CalendarRules) -> bool:
    """Tell whether the calendar equals the bundled one with the register's own changes to it."""
    old, new = register.calendar_rules(), read_layers(register.database).rules(shipped)
    years = range(old.first.year, old.last.year + 1)
    return (
        old.spans == new.spans
        and list(old.office_hours) == list(new.office_hours)
        and not any(old.ruling(day).worked != new.ruling(day).worked for day in changed_days(old, new))
        and not any((year in old.official) != (year in new.official) for year in years)
    )


# The layers


class Layers(NamedTuple):
    """What makes a register's calendar: the shipped one, the imported notices, and the days that clerks amended."""

    shipped: CalendarRules
    notices: tuple[Notice, ...]
    amended: Mapping[date, Ruling]

    def rules(
        self, shipped: CalendarRules | None = None, notice: Notice | None = None, amended: Mapping[date, Ruling] = {}
    ) -> CalendarRules:
        """Return the calendar, with another one shipped, a further notice or further days amended where given.

        Raises IssueDayUnknown or IssueDaysEqual.
        """
        notices = [*self.notices, *([notice] if notice else [])]
        return with_notices(shipped or self.shipped, notices, {**self.amended, **amended})


def read_layers(database: Database) -> Layers:
    """Return the layers of a register's calendar, as its journal tells them."""
    whole: CalendarRules | None = None
    shipped: CalendarRules | None = None
    notices: list[Notice] = []
    amended: dict[date, Ruling] = {}
    for entry in journal.events(database, [Event.MADE, Event.CALENDAR_REVISED]):
        detail = entry.detail
        if whole is None or shipped is None:
            whole = shipped = CalendarRules.from_data(detail["calendar"])
            continue
        before, whole = whole, whole.revised(detail)
        own = detail.get("own")
        if own is None:
            # An earlier dealtrack kept no layers: its refresh left one calendar with all in it.
            shipped = shipped.revised(detail["shipped"]) if "shipped" in detail else whole
            if detail.get("dropped_own"):
                notices, amended = [], {}
        elif "notice" in own:
            notices.append(Notice.from_data(own["notice"]))
        elif detail.get("how") == "import":
            notices.append(_notice_of_old(detail, before))
        else:
            amended.update(rulings_from_data(own["rulings"]))
    assert shipped is not None
    return Layers(shipped, tuple(notices), amended)


def _notice_of_old(detail: Mapping[str, Any], before: CalendarRules) -> Notice:
    """Return the notice that an import took in before notices were kept whole: the days that it ruled otherwise."""
    rulings = rulings_from_data(detail["own"]["rulings"])
    off = {day: None if ruling.kind is DayKind.WEEKEND else not ruling.worked for day, ruling in rulings.items()}
    days = {day: (off[day], ruling.name) for day, ruling in rulings.items()}
    years = frozenset(detail["own"]["official"]) - before.official
    return Notice(days, years, detail.get("source", ""))


class TextChange(NamedTuple):
    """What a correction does to the version of a day; None where there was none, or will be none."""

    day: date
    before: Policy | None
    after: Policy | None


class Preview(NamedTuple):
    """What a correction of a policy does: to its text, to clocks that run, and what it would judge otherwise."""

    texts: list[TextChange]
    moved: list[MovedClock]
    otherwise: list[OtherVerdict]

    @property
    def is_empty(self) -> bool:
        """Tell whether the text stays as it is."""
        return not self.texts


def changed_texts(old: Sequence[Policy], new: Sequence[Policy]) -> list[TextChange]:
    """Return the versions in which two texts of a policy differ, by day in force."""
    before, after = ({version.in_force: version for version in versions} for versions in (old, new))
    changes = (TextChange(day, before.get(day), after.get(day)) for day in sorted({*before, *after}))
    return [each for each in changes if not (each.before and each.after) or differences(each.before, each.after)]


def preview_correction(register: Register, versions: Sequence[Policy]) -> Preview:
    """Return what a correction would do that replaces a policy's versions; raises OutsideCalendar, NoOfficeHours."""
    check_office_hours(versions, register.calendar.rules)
    name = versions[0].name
    correction = Preview(changed_texts(register.policies[name], versions), [], [])
    if correction.is_empty:
        return correction
    revision = register.policies[name][0].revision + 1
    new_text = Correction(register.head()[0] + 1, tuple(version._replace(revision=revision) for version in versions))
    for id_ in queries.complaints_of_policy(register.database, name):
        _compare(register, correction, journal.history(register.database, id_), new_text)
    return correction


def _compare(register: Register, correction: Preview, history: Sequence[Transition], new_text: Correction) -> None:
    """Add to a preview what a new text of its policy would do to one complaint."""
    state = ComplaintState(history[0].complaint, history)
    complaint, before = register.project_state(state)
    texts = register.texts_of(state.complaint(), further=[new_text])
    assert texts is not None
    assert complaint.received is not None
    calendar_at, is_open, zone = register.calendar_at(), complaint.is_open, register.zone
    judge = partial(judge_corrected, state.entries, is_open=is_open, calendar_at=calendar_at, zone=zone)
    _, after = judge(texts)
    correction.moved.extend(_moved_clocks(complaint.id, before, after))
    text = version_for(new_text.versions, local_day(complaint.received, zone))
    _, judged = judge(lambda _: text)
    correction.otherwise.extend(other_verdicts(complaint, before, judged))


def correct(recorder: Recorder, versions: Sequence[Policy]) -> Preview:
    """Put these in place of a policy's versions as its next revision, and return what it does.

    Clocks that run are counted by the new text; what has ended keeps its verdict. Raises OutsideCalendar.
    """
    name, register = versions[0].name, recorder.register
    correction = preview_correction(register, versions)
    if correction.is_empty:
        return correction
    revision = register.policies[name][0].revision + 1
    texts = [version._replace(revision=revision) for version in versions]
    detail = {"name": name, "revision": revision, "versions": [text.to_data() for text in texts]}
    recorder.event(Event.POLICY_CORRECTED, detail)
    writer = projection.RowWriter(register.database)
    for id_ in queries.complaints_of_policy(register.database, name):
        history = journal.history(register.database, id_)
        complaint, clocks = register.project(history)
        if complaint.is_open:
            writer.write(complaint, clocks, history)
    writer.flush()
    return correction
