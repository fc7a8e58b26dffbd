"""New complaints on a plain course: their rows made at once, for imports of a million.

Each rule is asked of the same functions as anywhere, but once for all complaints on one course, and for all that
started on one day: 30 us a complaint instead of 90. A test holds what comes of it against the usual way.
"""

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from dealtrack.core.calendar import WorkingCalendar
from dealtrack.core.chain import canonical
from dealtrack.core.clocks import end_of
from dealtrack.core.course import Course, course_of
from dealtrack.core.deadlines import plain_deadlines
from dealtrack.core.lifecycle import NO_DETAIL, UNKNOWN_STEPS, Detail, Kind, is_detail, lag, unknown_steps
from dealtrack.core.limits import moment_to_store
from dealtrack.core.moments import from_store, local_day, to_store
from dealtrack.core.policy import ClockRule, Policy
from dealtrack.core.search_text import NOTES, search_text
from dealtrack.register.personal import new_salts, personal_digest, personal_row
from dealtrack.register.projection import NOT_KNOWN, bindable

if TYPE_CHECKING:
    from dealtrack.register.recorder import Draft, Work
    from dealtrack.register.register import Register

KINDS = frozenset(Kind)
ENDING = frozenset({"outcome", "amount"})
"""All that a transition after the receipt may state on a plain course."""


_Due = tuple[str, str, int]
_ByHour = dict[str, _Due]
_ByDay = dict[date, _Due]


class Told(NamedTuple):
    """A complaint as it is told: its course, and the moments, as they are stored, and details of its transitions."""

    course: Course
    texts: list[str | None]
    details: list[Detail]
    backdated: int


class Ready(NamedTuple):
    """A new complaint as it will be written: its rows, all but its id and the numbers of its entries, which come last.

    `kinds`, `moments` and `details` are those of its entries, `personal` the row of its personal data, `said` the text
    that it is searched by.
    """

    number: str | None
    import_key: str | None
    kinds: tuple[str, ...]
    moments: tuple[str, ...]
    details: tuple[str, ...]
    complaint: tuple[Any, ...]
    clocks: tuple[tuple[Any, ...], ...]
    personal: tuple[Any, ...] | None
    said: str


class Plain:
    """Makes the rows of complaints on plain courses."""

    def __init__(self, register: "Register") -> None:
        self._register = register
        self._zone = register.zone
        self._beyond = register.head()[0] + 1
        self._salts = new_salts()
        self._courses: dict[tuple[int, tuple[str, ...]], tuple[Policy, Course | None]] = {}
        self._told: dict[tuple[str, str, tuple[str, ...]], Course] = {}
        self._days: dict[str, date | None] = {}
        self._deadlines: dict[tuple[int, int], tuple[_ByHour, _ByDay, ClockRule, WorkingCalendar]] = {}

    def _course(self, kinds: tuple[str, ...], policy: Policy) -> Course | None:
        known = self._courses.get((id(policy), kinds))
        if known is None:
            # The policy is kept beside its course, and so nothing else can get its id.
            is_known = all(kind in KINDS for kind in kinds)
            course = course_of(tuple(map(Kind, kinds)), policy) if is_known else None
            known = self._courses[id(policy), kinds] = (policy, course)
        return known[1]

    def tell(
        self, drafts: "Sequence[Draft]", policy: Policy, received: date, now: datetime, recorded_at: datetime
    ) -> Told | None:
        """Return a new complaint as drafts tell it; None where the usual way must be gone, or will refuse it."""
        course = self._course(tuple([draft.kind for draft in drafts]), policy)
        if course is None:
            return None
        details = [draft.detail for draft in drafts]
        if not _is_plain(details):
            return None
        moments: list[datetime] = []
        before: datetime | None = None
        for draft in drafts:
            at = moment_to_store(draft.at, before)
            if at > now or (before is not None and at < before):
                return None
            moments.append(at)
            before = at
        texts = [*map(to_store, moments), None]
        return Told(course, texts, details, lag(local_day(recorded_at, self._zone), received))

    def ready(self, work: "Work", now: datetime, recorded_at: datetime) -> Ready | None:
        """Return a new complaint ready to be written; None as `tell` does. Raises OutsideCalendar and UnknownPolicy."""
        drafts, personal = work.drafts, work.personal
        detail = drafts[0].detail
        received = self._day(to_store(drafts[0].at.start))
        version = self._register.version_on(detail["policy"], received)
        told = self.tell(drafts, version, received, now, recorded_at)
        if told is None:
            return None
        told.details[0] = detail = {**detail, "policy_version": version.version}
        row = self.complaint_row(0, told)
        # What is new is counted by the present calendar, as what runs is.
        runs = self.clock_rows(0, told, [self._beyond] * len(drafts))
        held = None
        if personal is not None:
            salt = next(self._salts)
            detail["personal"] = personal_digest(salt, personal)
            held = personal_row(0, personal, salt)[1:]
        return Ready(
            detail.get("number"),
            detail.get("import_key"),
            told.course.names,
            tuple(told.texts[:-1]),  # type: ignore[arg-type]
            tuple(map(canonical, told.details)),
            bindable(row[1:]),
            tuple([run[1:] for run in runs]),
            held,
            search_text([detail]),
        )

    def retell(self, rows: Sequence[Sequence[Any]]) -> Told | None:
        """Return a complaint as its entries in the journal tell it, rows of its COLUMNS; None as `tell` does."""
        _, _, kinds, moments, recorded, _, said, *_ = zip(*rows, strict=True)
        details: list[Detail] = [_loads(text) if text != "{}" else NO_DETAIL for text in said]
        course = self._course_told(details[0].get("policy", ""), details[0].get("policy_version", ""), kinds)
        texts: list[Any] = list(moments)
        if (
            course is None
            or not _is_plain(details)
            or sorted(texts) != texts
            or not all(map(is_detail, kinds, details))
        ):
            return None
        day = self._day
        if recorded.count(recorded[0]) == len(recorded):
            # Of those entered at one moment, as an import does, the first is behind by most.
            backdated = lag(day(recorded[0]), day(texts[0]))
            for text in texts[1:]:
                from_store(text)
        else:
            backdated = max(map(lag, map(day, recorded), map(day, texts)))
        texts.append(None)
        return Told(course, texts, details, backdated)

    def _course_told(self, policy: str, version: str, kinds: tuple[str, ...]) -> Course | None:
        key = (policy, version, kinds)
        course = self._told.get(key)
        if course is None:
            held = self._register.version_named(policy, version)
            # A kind and its name are equal, and of one hash.
            is_last = held is not None and held.revision == self._register.policies[policy][0].revision
            course = self._course(kinds, held) if held is not None and is_last else None
            if course is not None:
                self._told[key] = course
        return course

    def _day(self, text: Any) -> date:
        """Return the day of a stored moment in the zone; raises ValueError or TypeError for what is none.

        Hours repeat, and nearly all of them lie in one day: a million entries have some thousand. 0.2 us instead of 1.
        """
        moment = from_store(text)
        hour = text[:13] if text[-1] == "Z" else ""
        day = self._days.get(hour)
        if day is None:
            day = moment.astimezone(self._zone).date()
            if hour not in self._days:
                start = moment.replace(minute=0, second=0, microsecond=0)
                ends = [at.astimezone(self._zone) for at in (start, start + timedelta(minutes=59, seconds=59))]
                # Where the clocks go back within the hour, they may do so over midnight, and over it again.
                is_within = ends[0].utcoffset() == ends[1].utcoffset() and ends[0].date() == ends[1].date()
                self._days[hour] = day if hour and is_within else None
        return day

    def complaint_row(self, id_: int, told: Told) -> tuple[Any, ...]:
        """Return the row of a complaint."""
        said = told.details[0]
        for detail in told.details[1:]:
            if detail:
                said = {**said, **detail}
        say = said.get
        course = told.course
        return (
            id_,
            say("number"),
            say("platform", ""),
            say("category", ""),
            say("seller"),
            say("owner"),
            None,
            say("policy", ""),
            say("policy_version", ""),
            course.status,
            None,
            *course.moments(told.texts),
            say("outcome"),
            say("amount"),
            say("summary"),
            NOT_KNOWN if course.first_contact and say(UNKNOWN_STEPS) else course.first_contact,
            0,
            told.backdated,
            say("import_key"),
        )

    def clock_rows(self, id_: int, told: Told, seqs: Sequence[int]) -> list[tuple[Any, ...]]:
        """Return the rows of a complaint's clocks; `seqs` are the numbers of its entries."""
        rows = []
        texts = told.texts
        details = told.details
        unknown = unknown_steps(details[0])
        calendar_at = self._register.calendar_at()
        for rule, run in told.course.runs:
            began: Any = texts[run.first]
            how = end_of(rule, run.end, unknown, details[run.last])
            calendar = calendar_at(seqs[run.last] if how else None)
            due_at, due_day, is_provisional = self._deadline(rule, calendar, began)
            ended, end, revision = (texts[run.last], how.value, calendar.revision) if how else _NOT_ENDED
            rows.append((id_, rule.name, run.round, began, due_at, due_day, ended, end, 0, is_provisional, revision))
        return rows

    def _deadline(self, rule: ClockRule, calendar: WorkingCalendar, began: str) -> tuple[str, str, int]:
        """Return a run's deadline, its day, and whether that is provisional, as they are stored; as `_day` raises."""
        key = (id(rule), id(calendar))
        held = self._deadlines.get(key)
        if held is None:
            # The rule and the calendar are kept beside it, and so nothing else can get their ids.
            held = self._deadlines[key] = ({}, {}, rule, calendar)
        by_hour, by_day, *_ = held
        hour = began[:13] if began[-1] == "Z" else ""
        # What was entered once is a moment: `tell` and `retell` have looked at it.
        known = by_hour.get(hour)
        if known is None:
            start = self._day(began)
            known = by_day.get(start)
            if known is None:
                due, day, provisional = plain_deadlines(rule, calendar, self._zone)[start]
                known = by_day[start] = (to_store(due), day.isoformat(), int(provisional))
            if self._days.get(hour) is not None:
                # All of the hour lies in that day.
                by_hour[hour] = known
        return known


def _is_plain(details: Sequence[Detail]) -> bool:
    later = all(map(ENDING.issuperset, details[1:]))
    return later and details[0].keys().isdisjoint(NOTES)


_NOT_ENDED = (None, None, None)
_scan: Callable[[str, int], tuple[Any, int]] = json.scanner.make_scanner(json.JSONDecoder())  # type: ignore[attr-defined]


def _loads(text: str) -> Detail:
    """Return what `json.loads` does, without looking for the spaces that the journal never writes around it."""
    value: Detail
    try:
        value, end = _scan(text, 0)
    except StopIteration:
        end = -1
    if end != len(text):
        value = json.loads(text)
    return value
