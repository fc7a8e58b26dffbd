"""A register told as plainly as possible, for tests to hold the real one against.

Nothing here uses dealtrack: days are counted one by one from a plain list of rest days, the table of states and the
clock rules are those of the guides, and moments are naive Beijing time. Where the guides are silent, this holds:

- a pause that begins when nothing is left to count, on the due day or on the days that the due day is rolled past,
  moves the deadline to the end of its last day or of the next working day, never before where it was; what an
  extension adds later is counted from there;
- completing, withdrawing or rejecting ends an open pause, and a reopening returns to the state before the pause;
- a complaint opened again before it was forwarded runs anew, from the reopening, what awaits a step yet to come; if it
  is then completed without that step, the handling counts from the reopening;
- a restart begins anew the clocks that the pause had stopped, their extensions forgotten;
- notes, evidence and amendments may be dated anywhere from the receipt on and bar nothing that is dated before them;
  every other kind must not precede the last of those;
- an extension is refused where the clock does not run or its deadline had passed at that moment;
- a holiday reaches as far as its notice announces it; where none is known, it is the unbroken run of rest days with a
  holiday in it; a roll past holidays goes on to the first day that lies in none;
- a moment that is corrected counts from then on for every view that knows the correction, whatever moment it is of; it
  may not pass another entry, notes and the like aside, and neither may one that comes back as a correction is voided;
- a limit written on the complaint is the first run's deadline until that starts anew; a pause moves it by the working
  or other days that it took out, one begun on its day to the end of the pause, an extension by its units, all at the
  limit's own hour;
- a revision of the calendar moves the clocks that run; one that has ended keeps the calendar that was in force, by
  the journal's order, when the entry that ended it was made, or when it was judged anew on request;
- days late are provisional where one of them is of a year not published yet, or the moment has not come yet;
- looking back (`--as-of`) uses all that is known now: a clock that ran at that moment is counted by the present
  calendar.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple

DAY = timedelta(days=1)

HOLIDAYS = """
2016-09-15 2016-09-16 2016-10-01 2016-10-02 2016-10-03 2016-10-04 2016-10-05 2016-10-06 2016-10-07
2017-01-01 2017-01-02 2017-01-27 2017-01-28 2017-01-29 2017-01-30 2017-01-31 2017-02-01 2017-02-02
2017-04-03 2017-04-04 2017-05-01 2017-05-29 2017-05-30
2026-01-01 2026-01-02 2026-02-16 2026-02-17 2026-02-18 2026-02-19 2026-02-20 2026-02-23 2026-04-05 2026-04-06
2026-05-01 2026-05-02 2026-05-04 2026-05-05 2026-06-19 2026-09-25
2026-10-01 2026-10-02 2026-10-03 2026-10-05 2026-10-06 2026-10-07
"""
MAKE_UPS = """
2016-09-18 2016-10-08 2016-10-09 2017-01-22 2017-02-04 2017-04-01 2017-05-27
2026-01-04 2026-02-14 2026-02-28 2026-05-09 2026-09-20 2026-10-10
"""
ANNOUNCED = """
2016-09-15..2016-09-17 2016-10-01..2016-10-07 2017-01-01..2017-01-02 2017-01-27..2017-02-02 2017-04-02..2017-04-04
2017-04-29..2017-05-01 2017-05-28..2017-05-30
2026-01-01..2026-01-03 2026-02-15..2026-02-23 2026-04-04..2026-04-06 2026-05-01..2026-05-05 2026-06-19..2026-06-21
2026-09-25..2026-09-27 2026-10-01..2026-10-07
"""
"""The holidays as the notices announce them, first and last day."""

OFFICIAL = range(2001, 2027)

OPEN = ("received", "accepted", "forwarded", "paused")
BESIDE = ("noted", "evidence", "amended")
CLOSING = ("completed", "withdrawn", "rejected", "transferred")
TABLE: dict[str, tuple[str, ...]] = {
    "accepted": ("received",),
    "forwarded": ("received", "accepted"),
    "completed": OPEN,
    "withdrawn": OPEN,
    "rejected": OPEN,
    "transferred": OPEN,
    "reopened": ("closed",),
    "paused": ("received", "accepted", "forwarded"),
    "resumed": ("paused",),
    "extended": OPEN,
    "handed-on": OPEN,
    "replied": OPEN,
    "event": OPEN,
    "noted": (*OPEN, "closed"),
    "evidence": (*OPEN, "closed"),
    "amended": (*OPEN, "closed"),
    "voided": (*OPEN, "closed"),
}
FIELDS = ("number", "platform", "category", "seller", "owner", "policy", "outcome", "amount", "summary")


class Rule(NamedTuple):
    """One clock of a policy; `extensions` is how often and by how much it may be extended, None without limit.

    One that waits for something that may never come is not awaited: it is projected only from the clock that it comes
    after, if any, and not counted where the complaint ends without it.
    """

    name: str
    start: tuple[str, ...]
    stop: tuple[str, ...]
    length: int
    working: bool = True
    past_holidays: bool = False
    extensions: tuple[int, int] | None = None
    awaited: bool = True
    after: str = ""


ACCEPT = Rule("accept", ("received",), ("accepted", "rejected"), 7)
MEDIATE = Rule("mediate", ("accepted", "reopened"), ("completed", "event:mediation-ended"), 45)
NOTIFY = Rule("notify", ("ended:mediate",), ("replied", "completed"), 7, awaited=False, after="mediate")
CLUE = Rule("verify", ("event:clue-found",), ("event:clue-verified",), 15, extensions=(1, 15), awaited=False)
VERIFY = Rule("verify", ("received",), ("accepted", "rejected", "event:not-opened"), 15, extensions=(1, 15))
TOLD = ("replied", "completed", "rejected", "event:anonymous")
REPORTER = Rule("notify", ("ended:verify",), TOLD, 5, awaited=False, after="verify")
AGREE = Rule("agree", ("event:competence-disputed",), ("event:competence-settled",), 7, awaited=False)
POLICIES: dict[str, list[tuple[date, list[Rule]]]] = {
    "green-channel": [
        (
            date(2016, 11, 3),
            [
                Rule("forward", ("received",), ("forwarded",), 1),
                Rule("complete", ("forwarded", "reopened"), ("completed",), 2),
            ],
        )
    ],
    "samr-complaint": [
        (date(2020, 1, 1), [ACCEPT, MEDIATE, NOTIFY, CLUE]),
        (
            date(2026, 4, 15),
            [ACCEPT, MEDIATE._replace(length=60, working=False, past_holidays=True), NOTIFY, CLUE],
        ),
    ],
    "samr-report": [
        (date(2020, 1, 1), [VERIFY, REPORTER, AGREE]),
        (date(2026, 4, 15), [VERIFY._replace(stop=("accepted", "rejected")), AGREE]),
    ],
    "uk-foi": [(date(2005, 1, 1), [Rule("complete", ("received", "reopened"), ("completed",), 20)])],
}
RESTARTING = ("uk-foi",)
"""The policies by which the end of a pause may begin the clocks anew."""
FEEDERS = {"complete": "forward", "mediate": "accept"}
"""The clock at whose deadline another is projected to start (rule 8)."""


@dataclass
class Entry:
    seq: int
    complaint: int | None
    kind: str
    at: datetime
    recorded: datetime
    detail: dict[str, Any]


@dataclass
class Calendar:
    """One revision of the calendar: the rest days and make-up days that differ from the plain week."""

    revision: int
    seq: int
    holidays: set[date]
    make_ups: set[date]
    official: set[int]

    def worked(self, day: date) -> bool:
        if day in self.make_ups:
            return True
        return day not in self.holidays and day.weekday() < 5

    def past_holiday(self, day: date) -> date:
        """Return the day, or the first day after the statutory holiday in which it lies."""
        while not self.worked(day):
            span = announced(day)
            block = {day}
            for step in (-DAY, DAY):
                near = day + step
                while not self.worked(near) and announced(near) == span:
                    block.add(near)
                    near += step
            if not block & self.holidays:
                break
            day = max(block) + DAY
        return day

    def changed(self, seq: int, days: Iterable[date], how: str) -> "Calendar":
        holidays, make_ups = set(self.holidays), set(self.make_ups)
        for day in days:
            holidays.discard(day)
            make_ups.discard(day)
            if how == "off":
                holidays.add(day)
            elif how == "worked":
                make_ups.add(day)
        return Calendar(self.revision + 1, seq, holidays, make_ups, set(self.official))


@dataclass
class Run:
    rule: Rule
    round: int
    started: datetime | None
    ended: datetime | None = None
    how: str = ""
    due: datetime | None = None
    provisional: bool = False
    revision: int = 0
    told: list[Entry] = field(default_factory=list)
    limit: datetime | None = None

    def verdict(self, moment: datetime) -> str:
        if self.started is None:
            return "cancelled" if self.how else "projected"
        if self.ended is not None:
            if self.due is not None and self.ended > self.due:
                return "missed"
            return "met" if self.how == "stopped" else "cancelled"
        if self.due is None:
            return "paused"
        return "overdue" if moment > self.due else "running"


@dataclass
class Life:
    status: str = "voided"
    before_pause: str = ""
    before_end: str = ""
    first_contact: bool = False
    values: dict[str, Any] = field(default_factory=dict)
    received: datetime | None = None
    forwarded: datetime | None = None
    completed: datetime | None = None
    in_order: bool = True

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


def announced(day: date) -> str:
    """Return the announced holiday that a day lies in, empty where it lies in none."""
    for span in ANNOUNCED.split():
        first, last = span.split("..")
        if first <= day.isoformat() <= last:
            return span
    return ""


def counted(entries: Iterable[Entry]) -> list[Entry]:
    """Return what was not taken back, at the moments that are right, in order of what happened."""
    held = list(entries)
    gone = {entry.detail["seq"] for entry in held if entry.kind == "voided"}
    stay = [entry for entry in held if entry.kind != "voided" and entry.seq not in gone]
    right: dict[int, datetime] = {}
    for entry in sorted(stay, key=lambda entry: entry.seq):
        right.update(entry.detail.get("moments", {}))
    stay = [replace(entry, at=right.get(entry.seq, entry.at)) for entry in stay]
    return sorted(stay, key=lambda entry: (entry.kind != "received", entry.at, entry.seq))


def moves(entries: Iterable[Entry]) -> list[Entry]:
    """Return the counted entries that move a complaint, in order of entry."""
    return sorted((e for e in counted(entries) if e.kind not in BESIDE), key=lambda entry: entry.seq)


def out_of_order(entries: Iterable[Entry]) -> bool:
    told = [entry.at for entry in moves(entries)]
    return told != sorted(told)


def trigger(entry: Entry) -> str:
    """Return what starts or stops clocks: a kind, or an event by its name."""
    return f"event:{entry.detail['name']}" if entry.kind == "event" else entry.kind


def limits(order: Iterable[Entry]) -> dict[str, datetime]:
    """Return the limits written on a complaint, by clock: those of its receipt, as amendments put them right."""
    stated: dict[str, datetime | None] = {}
    for entry in order:
        stated |= entry.detail.get("limits", {})
    return {name: limit for name, limit in stated.items() if limit}


def live(entries: Sequence[Entry]) -> Life:
    life = Life()
    order = counted(entries)
    if not order or order[0].kind != "received":
        return life
    for entry in order:
        if entry.kind != "received" and life.status not in TABLE[entry.kind]:
            life.in_order = False
            return life
        said = {name: entry.detail[name] for name in FIELDS if name in entry.detail}
        if entry.kind == "received":
            life.status, life.received = "received", entry.at
        elif entry.kind == "accepted":
            life.status = "accepted"
        elif entry.kind == "forwarded":
            life.status, life.forwarded = "forwarded", entry.at
        elif entry.kind in CLOSING:
            before = life.before_pause if life.status == "paused" else life.status
            life.before_end = "forwarded" if entry.kind == "completed" else before
            life.first_contact = entry.kind == "completed" and before == "received"
            life.status = "closed"
            life.completed = entry.at if entry.kind == "completed" else None
        elif entry.kind == "reopened":
            life.status, life.completed, life.first_contact = life.before_end, None, False
            life.values.update(outcome=None, amount=None)
        elif entry.kind == "paused":
            life.status, life.before_pause = "paused", life.status
        elif entry.kind == "resumed":
            life.status = life.before_pause
        life.values.update(said)
    return life


@dataclass
class Model:
    now: datetime
    rest_2027: tuple[set[date], set[date]]
    seq: int
    entries: list[Entry] = field(default_factory=list)
    calendars: list[Calendar] = field(default_factory=list)
    judged_anew: list[tuple[int, datetime]] = field(default_factory=list)
    taken: set[str] = field(default_factory=lambda: {"green-channel"})
    last: int = 0
    recorded: datetime = datetime(2001, 1, 1)

    def __post_init__(self) -> None:
        holidays = {date.fromisoformat(text) for text in HOLIDAYS.split()} | self.rest_2027[0]
        make_ups = {date.fromisoformat(text) for text in MAKE_UPS.split()} | self.rest_2027[1]
        self.calendars.append(Calendar(1, 1, holidays, make_ups, set(OFFICIAL)))
        self.calendar_known = {1: datetime(2001, 1, 1)}

    # Telling

    def history(self, complaint: int) -> list[Entry]:
        return [entry for entry in self.entries if entry.complaint == complaint]

    def _number(self) -> int:
        self.recorded = max(self.now, self.recorded)
        self.seq += 1
        return self.seq

    def settled(self, complaint: int | None, kind: str, at: datetime | date) -> datetime:
        """Return the moment at which a day alone is kept."""
        if isinstance(at, datetime):
            return at
        start = datetime.combine(at, time())
        order = counted(self.history(complaint)) if complaint else []
        if kind in BESIDE:
            floor = [entry.at for entry in order if entry.kind == "received"]
        else:
            floor = [entry.at for entry in order if entry.kind not in BESIDE][-1:]
        return floor[0] if floor and start < floor[0] < start + DAY else start

    def settled_right(self, complaint: int, seq: int, at: datetime | date) -> datetime:
        """Return the moment at which an entry is kept that is corrected to a day alone."""
        if isinstance(at, datetime):
            return at
        start = datetime.combine(at, time())
        before = [entry.at for entry in moves(self.history(complaint)) if entry.seq < seq][-1:]
        return before[0] if before and start < before[0] < start + DAY else start

    def refuses(self, complaint: int, kind: str, at: datetime, detail: dict[str, Any]) -> bool:
        """Tell whether a transition is to be refused."""
        history = self.history(complaint)
        if not history or at > self.now:
            return True
        life = live(history)
        if life.status not in TABLE[kind]:
            return True
        order = counted(history)
        if "moments" in detail:
            corrected = Entry(self.seq + 1, complaint, kind, at, at, detail)
            if max(detail["moments"].values()) > self.now or out_of_order([*history, corrected]):
                return True
            right = live([*history, corrected])
            assert right.received is not None
            return order[0].seq in detail["moments"] and self.refuses_limits(limits(order), right.received, right)
        floor = order[0].at if kind in (*BESIDE, "voided") else [e for e in order if e.kind not in BESIDE][-1].at
        if at < floor:
            return True
        if detail.get("restart") and life.values["policy"] not in RESTARTING:
            return True
        if kind == "event":
            named = {trigger for rule in self.rules(life) for trigger in (*rule.start, *rule.stop)}
            return f"event:{detail['name']}" not in named
        if "limits" in detail:
            return self.refuses_limits(detail["limits"], order[0].at, life)
        if kind == "paused":
            return all(run.ended for run in self.runs(history, None))
        if kind == "extended":
            return self._refuses_extension(history, at, detail)
        return kind == "voided" and self._refuses_void(history, detail["seq"])

    def refuses_limits(self, stated: Mapping[str, datetime | None], received: datetime, life: Life) -> bool:
        """Tell whether limits are of no clock of the policy, or lie before the receipt."""
        clocks = {rule.name for rule in self.rules(life)}
        return any(name not in clocks or (limit and limit < received) for name, limit in stated.items())

    def _refuses_extension(self, history: list[Entry], at: datetime, detail: dict[str, Any]) -> bool:
        running = [run for run in self.runs(history, None) if run.rule.name == detail["clock"] and not run.ended]
        if not running or (running[0].due is not None and at > running[0].due):
            return True
        limit = running[0].rule.extensions
        made = [e for e in running[0].told if e.kind == "extended" and e.detail["clock"] == detail["clock"]]
        return limit is not None and (len(made) >= limit[0] or detail["by"] > limit[1])

    def _refuses_void(self, history: list[Entry], seq: int) -> bool:
        order = counted(history)
        found = [entry for entry in order if entry.seq == seq]
        if not found:
            return True
        remaining = [entry for entry in history if entry.seq != seq]
        if out_of_order(remaining):
            return True
        if found[0].kind == "received":
            return any(entry.kind not in BESIDE for entry in counted(remaining))
        return not live(remaining).in_order

    def add(self, at: datetime, detail: dict[str, Any]) -> None:
        if detail["policy"] not in self.taken:
            for _ in POLICIES[detail["policy"]]:
                self._number()
            self.taken.add(detail["policy"])
        self.last += 1
        self.entries.append(Entry(self._number(), self.last, "received", at, self.recorded, detail))

    def tell(self, complaint: int, kind: str, at: datetime, detail: dict[str, Any]) -> None:
        self.entries.append(Entry(self._number(), complaint, kind, at, self.recorded, detail))

    def revise(self, days: Iterable[date], how: str) -> None:
        self.calendars.append(self.calendars[-1].changed(self._number(), days, how))
        self.calendar_known[self.calendars[-1].revision] = self.recorded

    def judge_anew(self) -> None:
        self.judged_anew.append((self._number(), self.recorded))

    # Clocks

    def rules(self, life: Life) -> list[Rule]:
        versions = POLICIES[life.values["policy"]]
        assert life.received is not None
        day = life.received.date()
        return next((rules for since, rules in reversed(versions) if since <= day), versions[0][1])

    def calendar(self, known: datetime | None, ended_by: int | None = None) -> Calendar:
        """Return the calendar by which a clock is counted: the last known, or the one when it ended or was rejudged."""
        made = [c for c in self.calendars if known is None or self.calendar_known[c.revision] <= known]
        if ended_by is None:
            return made[-1]
        anew = [seq for seq, recorded in self.judged_anew if known is None or recorded <= known]
        until = max([ended_by, *(seq for seq in anew if seq > ended_by)])
        return [c for c in made if c.seq <= until][-1]

    def runs(self, history: Sequence[Entry], known: datetime | None, by: Calendar | None = None) -> list[Run]:
        """Return every run of every clock; `by` counts them all by one calendar."""
        life = live(history)
        if life.status == "voided":
            return []
        found = []
        order = counted(history)
        stated = limits(order)
        ends: dict[int, set[str]] = {}
        for rule in self.rules(life):
            for run in self._begun(rule, order, ends):
                if run.round == 1:
                    run.limit = stated.get(rule.name)
                if run.how == "stopped" and run.told[-1].kind not in CLOSING:
                    ends.setdefault(order.index(run.told[-1]), set()).add(f"ended:{rule.name}")
                calendar = by or self.calendar(known, run.told[-1].seq if run.ended else None)
                self._count(run, calendar)
                found.append(run)
        return found

    @staticmethod
    def _begun(rule: Rule, order: list[Entry], ends: dict[int, set[str]]) -> list[Run]:
        runs: list[Run] = []
        now: Run | None = None
        origin = 0
        never_ran = True
        for place, entry in enumerate(order):
            starts = bool({trigger(entry), *ends.get(place, ())} & set(rule.start))
            done = {e.kind for e in order[:place]}
            if entry.kind == "reopened" and not done & {"forwarded", "completed"}:
                origin, never_ran = place, True
                reached = {trigger(e) for e in order[:place] if e.kind in ("received", "accepted", "replied", "event")}
                reached |= {name for before, names in ends.items() if before < place for name in names}
                starts = not reached & set(rule.stop) and bool(reached & set(rule.start) or rule.start == ("reopened",))
            if now is None and entry.kind in rule.stop and entry.kind != "replied" and never_ran and rule.awaited:
                # Handled without the step that starts this clock: it counts from the receipt, or the reopening.
                now = Run(rule, len(runs) + 1, order[origin].at, told=list(order[origin:place]))
                never_ran = False
            if now is None:
                if starts:
                    never_ran = False
                    now = Run(rule, len(runs) + 1, entry.at, told=[entry])
                    runs.append(now)
                continue
            if now not in runs:
                runs.append(now)
            now.told.append(entry)
            if trigger(entry) in rule.stop:
                now.ended, now.how = entry.at, "stopped"
            elif entry.kind == "completed":
                now.ended, now.how = entry.at, "not needed"
            elif entry.kind in CLOSING:
                now.ended, now.how = entry.at, "closed"
            if now.ended:
                now = None
        return runs

    def _count(self, run: Run, calendar: Calendar) -> None:
        assert run.started is not None
        run.revision = calendar.revision
        start, length, limit = run.started.date(), run.rule.length, run.limit
        pauses: list[tuple[date, date]] = []
        certain = True
        # From this day on nothing of a limit is left to count.
        spent = limit.date() if limit else start
        for place, entry in enumerate(run.told):
            if entry.kind == "extended" and entry.detail["clock"] == run.rule.name:
                if limit:
                    spent = self._due(
                        run.rule._replace(past_holidays=False), limit.date(), entry.detail["by"], [], calendar
                    )[0].date()
                    moved, doubt = self._due(run.rule, limit.date(), entry.detail["by"], [], calendar)
                    limit, certain = datetime.combine(moved.date(), limit.time()), certain and not doubt
                length += entry.detail["by"]
            if entry.kind == "paused":
                due, doubt = self._due(run.rule, start, length, pauses, calendar)
                if entry.at > (limit or due):
                    continue
                ends = [e for e in run.told[place + 1 :] if e.kind in ("resumed", *CLOSING)]
                if not ends:
                    run.due, run.provisional = None, False
                    return
                last = ends[0].at.date()
                if ends[0].detail.get("restart"):
                    run.started, start, length, pauses, certain = ends[0].at, last, run.rule.length, [], True
                    limit = None
                elif limit:
                    day, spent, doubt = self._limit_paused(
                        run.rule, limit.date(), spent, entry.at.date(), last, calendar
                    )
                    limit, certain = datetime.combine(day, limit.time()), certain and not doubt
                elif entry.at.date() < self._counted(run.rule, start, length, pauses, calendar):
                    pauses.append((entry.at.date(), last))
                else:
                    day = last
                    while not calendar.worked(day):
                        day += DAY
                    # What the count hung on so far, it still hangs on.
                    day = max(day, due.date())
                    certain = certain and (not doubt or not run.rule.working)
                    certain = certain and {last.year, day.year} <= calendar.official
                    start, length, pauses = day, 0, []
        run.due, run.provisional = self._due(run.rule, start, length, pauses, calendar)
        if limit:
            run.due, run.provisional = limit, False
        run.provisional = run.provisional or not certain

    @staticmethod
    def _limit_paused(
        rule: Rule, day: date, spent: date, first: date, last: date, calendar: Calendar
    ) -> tuple[date, date, bool]:
        """Return the day to which a pause moves a limit, that before it is rolled, and whether years not published count."""
        paused = [first + place * DAY for place in range(1, (last - first).days + 1)]
        if first >= spent:
            spent, touched = last, [last]
            while not calendar.worked(last):
                last += DAY
            touched.append(day := max(day, last))
        elif rule.working:
            touched = list(paused)
            for _ in filter(calendar.worked, paused):
                day += DAY
                while not calendar.worked(day):
                    day += DAY
            spent = day
            touched.append(day)
        else:
            day += len(paused) * DAY
            spent = day
            touched = [day] if rule.past_holidays else []
            if paused and rule.past_holidays:
                touched.append(day := calendar.past_holiday(day))
        return day, spent, any(each.year not in calendar.official for each in touched)

    def _counted(
        self, rule: Rule, start: date, length: int, pauses: list[tuple[date, date]], calendar: Calendar
    ) -> date:
        """Return the day on which a count ends, before it is moved past a holiday."""
        return self._due(rule._replace(past_holidays=False), start, length, pauses, calendar)[0].date()

    @staticmethod
    def _due(
        rule: Rule, start: date, length: int, pauses: list[tuple[date, date]], calendar: Calendar
    ) -> tuple[datetime, bool]:
        day, done = start, 0
        touched = []
        while done < length:
            day += DAY
            touched.append(day)
            paused = any(first < day <= last for first, last in pauses)
            if not paused and (not rule.working or calendar.worked(day)):
                done += 1
        if not rule.working:
            touched = [day] if rule.past_holidays else []
        due = calendar.past_holiday(day) if rule.past_holidays else day
        while rule.past_holidays and day < due:
            day += DAY
            touched.append(day)
        uncertain = any(each.year not in calendar.official for each in touched)
        return datetime.combine(due, time(23, 59, 59)), uncertain

    def current(self, history: Sequence[Entry], known: datetime | None, moment: datetime) -> list[Run]:
        """Return one run for each clock: the last, or what stands for one that has not begun."""
        life = live(history)
        runs = self.runs(history, known)
        shown: list[Run] = []
        for rule in self.rules(life):
            own = [run for run in runs if run.rule.name == rule.name]
            waiting = self._waiting(rule, life, [*runs, *shown], known, moment)
            limit = limits(counted(history)).get(rule.name)
            if limit and life.is_open and life.status != "paused":
                waiting.due, waiting.provisional = limit, False
            shown.append(own[-1] if own else waiting)
        return shown

    def _waiting(self, rule: Rule, life: Life, runs: list[Run], known: datetime | None, moment: datetime) -> Run:
        run = Run(rule, 1, None)
        if not life.is_open:
            run.how = "not needed"
        elif life.status != "paused":
            feeder = rule.after or FEEDERS.get(rule.name)
            before = [r for r in runs if r.rule.name == feeder and not r.ended and r.due]
            if not before and not rule.awaited:
                return run
            start = max([moment, *(r.due for r in before if r.due)])
            run.due, run.provisional = self._due(rule, start.date(), rule.length, [], self.calendar(known))
        return run

    # Looking

    def seen(self, complaint: int, moment: datetime | None, known: datetime | None) -> list[Entry]:
        """Return what a view shows of a history: `moment` None stands for the present."""
        history = self.history(complaint)
        if moment is None:
            return history
        told = [entry for entry in history if known is None or entry.recorded <= known]
        right = {entry.seq: entry.at for entry in counted(told)}
        told = [e for e in told if e.kind == "voided" or "moments" in e.detail or right.get(e.seq, e.at) <= moment]
        return told if any(entry.kind == "received" for entry in told) else []

    def shown(self, moment: datetime | None, known: datetime | None) -> list[tuple[int, Life, list[Entry]]]:
        lives = []
        for complaint in range(1, self.last + 1):
            entries = self.seen(complaint, moment, known)
            life = live(entries)
            if life.status != "voided":
                lives.append((complaint, life, entries))
        return lives

    def records(self, moment: datetime | None = None, known: datetime | None = None) -> list[dict[str, Any]]:
        """Return what `list --format json` is to print, moments in naive local time."""
        seen_at = moment or self.now
        told = []
        for complaint, life, entries in self.shown(moment, known):
            clocks = self.current(entries, known, seen_at)
            record: dict[str, Any] = {"id": complaint, "status": life.status}
            record |= {name: life.values.get(name) for name in FIELDS}
            record["amount"] = float(record["amount"]) if record["amount"] else None
            record |= {"received": life.received, "forwarded": life.forwarded, "completed": life.completed}
            for run in clocks:
                record[f"{run.rule.name}_due"] = run.due
                record[f"{run.rule.name}_verdict"] = run.verdict(seen_at)
            record["provisional"] = any(run.provisional for run in clocks)
            told.append(record)
        return told

    def watched(
        self, told: str, moment: datetime | None = None, known: datetime | None = None, until: datetime | None = None
    ) -> list[dict[str, Any]]:
        """Return what `overdue` or `due` is to print."""
        seen_at = moment or self.now
        calendar = self.calendar(known)
        found = []
        for complaint, life, entries in self.shown(moment, known):
            for run in self.current(entries, known, seen_at):
                if run.started is None or run.due is None or run.verdict(seen_at) != told:
                    continue
                if until is not None and run.due > until:
                    continue
                late, day, doubt = 0, run.due.date(), seen_at > self.now
                while told == "overdue" and day < seen_at.date():
                    day += DAY
                    late += calendar.worked(day)
                    doubt |= day.year not in calendar.official
                found.append(
                    {
                        "id": complaint,
                        "number": life.values.get("number"),
                        "platform": life.values["platform"],
                        "category": life.values["category"],
                        "status": life.status,
                        "owner": life.values["owner"],
                        "clock": run.rule.name,
                        "due": run.due,
                        "verdict": told,
                        "working_days_late": late,
                        "provisional": run.provisional or (late > 0 and doubt),
                        "late": f"{late} wd" if told == "overdue" else None,
                    }
                )
        return sorted(found, key=lambda record: (record["due"], record["id"], record["clock"]))

    def until(self, days: int, moment: datetime, known: datetime | None) -> datetime:
        """Return the end of the n-th working day after a moment's day."""
        due, _ = self._due(Rule("", (), (), days), moment.date(), days, [], self.calendar(known))
        return due
