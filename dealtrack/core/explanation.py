"""Why a deadline is what it is: each day from the start to the due day, counted or not, and for what reason."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from dealtrack.core.calendar import Day, DayKind, HolidaySpan, WorkingCalendar, law_on
from dealtrack.core.clocks import Clock
from dealtrack.core.deadlines import ONE_HOUR, Pause, due_day, next_full_hour
from dealtrack.core.lifecycle import Kind
from dealtrack.core.moments import ONE_DAY, local_day, show_moment
from dealtrack.core.policy import ClockRule, Roll, Unit
from dealtrack.phrase import Phrase, Word, in_order

START = Phrase("the day of the start is not counted")
START_DAYS = {
    Kind.RECEIVED: Phrase("the day of receipt is not counted"),
    Kind.ACCEPTED: Phrase("the day of acceptance is not counted"),
    Kind.FORWARDED: Phrase("the day of forwarding is not counted"),
    Kind.REOPENED: Phrase("the day of reopening is not counted"),
    Kind.REPLIED: Phrase("the day of the reply is not counted"),
    Kind.EVENT: Phrase("the day of the event is not counted"),
    Kind.JOINED: Phrase("the day on which the further complaint was received is not counted"),
    Kind.RESUMED: Phrase("the day on which the count restarted is not counted"),
}

RESTARTS = {
    Kind.JOINED: Phrase("the count restarted, because a further complaint was received"),
    Kind.RESUMED: Phrase("the count restarted with the end of the pause"),
}
"""Why a clock of hours starts at another moment than its stage."""

_DAY = r"(?P<weekday>Mon|Tue|Wed|Thu|Fri|Sat|Sun) (?P<day>\d{4}-\d\d-\d\d)"
_NAMED = (
    (rf"(?P<festival>.+) \(day off, made up on {_DAY}\)", "{festival} (day off, made up on {day})"),
    (rf"(?P<festival>.+) \(day off, moved from {_DAY}\)", "{festival} (day off, moved from {day})"),
    (r"(?P<festival>.+) \(observed\)", "{festival} (observed)"),
    (r"Closed each year by law", "Closed each year by law"),
    (rf"Day off, made up on {_DAY}", "Day off, made up on {day}"),
    (rf"Day off, moved from {_DAY}", "Day off, moved from {day}"),
    (rf"{_DAY} \((?P<festival>.+)\)", "{day} ({festival})"),
    (_DAY, "{day}"),
)
TEMPLATES = tuple(template for _, template in _NAMED)
"""The names of days in a calendar: the festival, and the days in the name."""


class Step(NamedTuple):
    """One day of a count; `nth` is its place among the counted days, 0 where it is not counted."""

    day: date
    counted: bool
    nth: int
    reason: str
    confirmed: bool


class PausedDays(NamedTuple):
    """A pause by its days: those after `first` up to `last` are paused."""

    first: date
    last: date
    pause: Pause

    def stops(self, day: date) -> bool:
        """Tell whether a day falls out of the count for the pause, or for the end of the count before it."""
        counted, back = self.pause.counted, self.pause.given_back
        if counted is not None and back is not None:
            return counted < day <= back
        return self.first < day <= self.last

    def reason(self, day: Day) -> str:
        """Return why a day that falls out is not counted."""
        reason = self.pause.reason
        is_paused = self.first < day.day <= self.last
        words = (Phrase("paused: {reason}", reason=reason) if reason else Phrase("paused")) if is_paused else ""
        if day.day == self.pause.given_back:
            end = Phrase("the deadline is the end of this day, because the pause began on the due day")
            return in_order([words, end]) if words else end
        return words or why_not(day)


def name_of_day(text: str) -> str:
    """Return a day's name in a calendar as a phrase that can be translated; its English text is the same."""
    if not text:
        return text
    festivals = text.split("; ")
    if len(festivals) > 1:
        return in_order(map(name_of_day, festivals))
    for pattern, template in _NAMED:
        if match := re.fullmatch(pattern, text):
            groups = match.groupdict()
            values: dict[str, object] = {}
            if "festival" in groups:
                values["festival"] = Word(groups["festival"])
            if "day" in groups:
                values["day"] = Phrase("{weekday} {day}", weekday=Word(groups["weekday"]), day=groups["day"])
            return Phrase(template, **values)
    return Word(text)


def reason(day: Day) -> str:
    """Return why a day is worked or not, in words."""
    name = name_of_day(day.name)
    match day.kind:
        case DayKind.WEEKDAY:
            return Phrase("working day ({name})", name=name) if name else Phrase("working day")
        case DayKind.WEEKEND:
            return Phrase("weekend ({name})", name=name) if name else Phrase("weekend")
        case DayKind.HOLIDAY:
            return name
        case DayKind.MAKE_UP:
            return Phrase("make-up working day for {name}", name=name) if name else Phrase("make-up working day")
        case DayKind.AMENDED_OFF | DayKind.AMENDED_WORKED:
            return Phrase("{name}, {source}", name=name, source=Word(day.source)) if day.source else name


def why_not(day: Day, span: HolidaySpan = ()) -> str:
    """Return why a day is passed over by the roll of a due day; `span` is the holiday that the roll passes."""
    why = reason(day)
    if span:
        why = Phrase("{reason}, within the holiday {first} to {last}", reason=why, first=span[0], last=span[1])
    return Phrase("skipped: {reason}", reason=why)


def count_days(calendar: WorkingCalendar, start: date, n: int, law: str) -> list[Step]:
    """Return the days from a start day to the n-th working day after it, both included; raises OutsideCalendar.

    `law` is what the calendar cites for the start day not being counted (`law_on`), empty where it cites nothing.
    """
    rule = ClockRule("", frozenset(), frozenset(), n)
    return list(_steps(rule, start, calendar.nth_after(start, n), (), calendar, _cited(START, law, start)))


def _cited(sentence: Phrase, law: str, day: date) -> Phrase:
    cited = law_on(law, day)
    return Phrase("{sentence} ({law})", sentence=sentence, law=Word(cited)) if cited else sentence


def explain(
    clock: Clock, rule: ClockRule, start: date, calendar: WorkingCalendar, zone: tzinfo, moment: datetime, law: str
) -> list[Step]:
    """Return the days from a clock's start to its due day, both included, or to the moment's day while it has none.

    `law` is what the calendar cites for the start day not being counted (`law_on`), empty where it cites nothing.
    """
    pauses = tuple(
        PausedDays(local_day(pause.start, zone), local_day(pause.end or moment, zone), pause) for pause in clock.pauses
    )
    until = clock.due_day or max(start, local_day(moment, zone))
    name = START_DAYS.get(clock.start_kind, START) if clock.start_kind else START
    words = _cited(name, law, start)
    before: list[Step] = []
    if clock.limit is not None:
        words = _limit(clock.limit, zone)
        # What moved it is counted from that day, which is no day of the policy's length.
        clock, rule = clock._replace(length=max(1, clock.length)), rule._replace(counts_first_day=False)
        before = [
            _paused(pause, moment, calendar, zone) for pause in clock.pauses if local_day(pause.start, zone) < start
        ]
    return before + list(
        _steps(rule._replace(length=clock.length), start, until, pauses, calendar, words, clock.counted)
    )


def explain_hours(
    clock: Clock, rule: ClockRule, start: datetime, calendar: WorkingCalendar, zone: tzinfo, moment: datetime, law: str
) -> list[Step]:
    """Return the stretches of a clock of hours, from its start in UTC to its deadline, or to a moment without one.

    A step stands on the day on which its stretch begins; its place is that of the last full hour counted by its end.
    Of a limit that is written on the complaint, the start, it has the pauses, which move it.
    """
    first = local_day(start, zone)
    begins, until, counted = start, clock.due or moment, timedelta()
    steps: list[Step] = []

    def add(at: datetime, is_counted: bool, reason: str) -> None:
        day = local_day(at, zone)
        confirmed = rule.unit is Unit.HOUR or calendar.day(day).confirmed
        steps.append(Step(day, is_counted, counted // ONE_HOUR if is_counted else 0, reason, confirmed))

    def count(first: datetime, last: datetime) -> None:
        nonlocal counted
        counted += last - first
        words = {"span": _span(first, last, zone), "length": _duration(last - first), "total": _duration(counted)}
        add(first, True, Phrase("{span}: {length} counted, {total} in all", **words))

    if clock.limit is not None:
        add(start, False, _limit(clock.limit, zone))
        return [*(_paused(pause, moment, calendar, zone) for pause in clock.pauses), *steps]
    if clock.start_kind in RESTARTS:
        add(
            start,
            False,
            Phrase("{time}: {reason}", time=show_moment(start, zone)[11:], reason=RESTARTS[clock.start_kind]),
        )
    if clock.hourless and clock.started and clock.assumed:
        add(start, False, Phrase("the hour of the start is unknown: counted from the end of this day"))
    elif rule.counts_first_hour:
        words = Phrase("{time}: counted from the moment of the start itself", time=show_moment(start, zone)[11:])
        add(start, False, _cited(words, law, first))
    if not rule.counts_first_hour:
        begins = next_full_hour(start, zone)
        add(start, False, Phrase("{span}: the hour of the start is not counted", span=_span(start, begins, zone)))
    for pause in (*clock.pauses, Pause(until, until)):
        ends = min(pause.start, until)
        if rule.unit is Unit.HOUR and begins < ends:
            count(begins, ends)
        elif begins < ends:
            from dealtrack.core.office_hours import office_spans  # few policies count in office hours

            for day in calendar.walk(local_day(begins, zone), local_day(ends, zone)):
                if not day.worked:
                    steps.append(Step(day.day, False, 0, reason(day), day.confirmed))
                for opens, closes in office_spans(calendar, day.day, zone):
                    if max(opens, begins) < min(closes, ends):
                        count(max(opens, begins), min(closes, ends))
        resumed = pause.end or until
        if pause.start < resumed:
            steps.append(_paused(pause, until, calendar, zone))
        begins = max(begins, resumed)
    return steps


def _limit(limit: datetime, zone: tzinfo) -> Phrase:
    return Phrase("limit written on the complaint: {moment}", moment=show_moment(limit, zone))


def _span(first: datetime, last: datetime, zone: tzinfo) -> Phrase:
    ends = show_moment(last, zone)
    same = local_day(first, zone) == local_day(last, zone)
    return Phrase("{first} to {last}", first=show_moment(first, zone)[11:], last=ends[11:] if same else ends)


def _paused(pause: Pause, moment: datetime, calendar: WorkingCalendar, zone: tzinfo) -> Step:
    """Return the stretch of a pause, up to a moment where it has not ended."""
    why = Phrase("paused: {reason}", reason=pause.reason) if pause.reason else Phrase("paused")
    words = Phrase("{span}: {reason}", span=_span(pause.start, pause.end or moment, zone), reason=why)
    day = local_day(pause.start, zone)
    return Step(day, False, 0, words, calendar.day(day).confirmed)


def _duration(length: timedelta) -> Phrase:
    minutes, seconds = divmod(int(length.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    if seconds:
        return Phrase("{hours} h {minutes} min {seconds} s", hours=hours, minutes=minutes, seconds=seconds)
    if minutes:
        return Phrase("{hours} h {minutes} min", hours=hours, minutes=minutes)
    return Phrase("{count} h", count=hours)


def _steps(
    rule: ClockRule,
    start: date,
    until: date,
    pauses: tuple[PausedDays, ...],
    calendar: WorkingCalendar,
    words: str,
    counted: date | None = None,
) -> Iterator[Step]:
    day = calendar.day(start)
    in_working_days = rule.unit is Unit.WORKING_DAY
    nth = 0
    if (rule.counts_first_day or not rule.length) and in_working_days and not day.worked:
        yield Step(start, False, nth, reason(day), day.confirmed)
    elif rule.counts_first_day or not rule.length:
        nth = 1
        words = Phrase("the day of the start is day 1") if rule.length else Phrase("due on the day of the start")
        yield Step(start, True, nth, words, day.confirmed)
    else:
        yield Step(start, False, nth, words, day.confirmed)
    end = until
    if not in_working_days and rule.roll is not Roll.NONE:
        # The count may end before the due day: the days between are those that it was rolled past.
        end = counted or (until if pauses else due_day(rule, start, rule.length, (), calendar)[0])
    for day in calendar.walk(start + ONE_DAY, until):
        pause = next((pause for pause in pauses if pause.stops(day.day)), None)
        if pause is not None:
            yield Step(day.day, False, 0, pause.reason(day), day.confirmed)
        elif day.day > end:
            span = calendar.holiday_span(day.day) if rule.roll is Roll.AFTER_STATUTORY_HOLIDAY else ()
            why = _after_roll(rule, end, until, calendar) if day.day == until else why_not(day, span)
            yield Step(day.day, False, 0, why, day.confirmed)
        elif in_working_days and not day.worked:
            yield Step(day.day, False, 0, reason(day), day.confirmed)
        else:
            nth += 1
            yield Step(day.day, True, nth, reason(day), day.confirmed)


def _after_roll(rule: ClockRule, end: date, until: date, calendar: WorkingCalendar) -> Phrase:
    """Return why the count ends on a later day than it reached, with the holiday that it reached."""
    span = calendar.holiday_span(end) if rule.roll is Roll.AFTER_STATUTORY_HOLIDAY else ()
    if not span:
        return Phrase("due day, after rest days")
    last = until - ONE_DAY
    return Phrase("due day, after the holiday {first} to {last}", first=span[0], last=last)
