"""The figures of a report, each share with its whole stated: what tables, JSON, pages and workbooks are made from."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from dealtrack.core.clocks import LATE, Verdict
from dealtrack.core.policy import ClockRule

PARTS: Mapping[str, Verdict] = {
    "on_time": Verdict.MET,
    "late": Verdict.MISSED,
    "open_late": Verdict.OVERDUE,
    "open_in_time": Verdict.RUNNING,
    "paused": Verdict.PAUSED,
    "not_started": Verdict.PROJECTED,
    "cancelled": Verdict.CANCELLED,
    "unknown": Verdict.UNKNOWN,
}
"""The parts into which the runs of a clock fall, each run into one, in the order in which they are shown."""


class Whole(StrEnum):
    """What a share is a share of; `reports.words.whole_words` says it in a sentence."""

    COMPLAINTS = "complaints"
    COMPLETED = "completed"
    THIRD_PARTY = "third-party"
    DECIDED = "decided"
    DAYS = "days"
    DAYS_BEFORE = "days-before"


@dataclass(frozen=True, slots=True)
class Share:
    """A count, the whole that it is divided by, and what the whole counts."""

    count: int
    whole: int
    of: Whole

    @property
    def rate(self) -> float | None:
        """Return the count for each one of the whole, None where the whole is nothing."""
        return self.count / self.whole if self.whole else None


@dataclass(slots=True)
class ClockFigures:
    """What became of the runs of one clock.

    A complaint that was reopened runs a clock again, and each run counts; one whose clock has not started, or will not,
    counts as one run, so that `runs` is never less than `complaints`, those whose policy has the clock. `provisional`
    of the runs hang on a calendar not published yet. `days` counts the runs that were stopped by what they ask for, by
    the working days from the day of their start, not counted, to the day of their stop, counted; pauses are among them.
    """

    complaints: int = 0
    provisional: int = 0
    verdicts: Counter[Verdict] = field(default_factory=Counter)
    days: Counter[int] = field(default_factory=Counter)

    def add(self, other: "ClockFigures") -> None:
        """Count in the figures of another group's clock."""
        self.complaints += other.complaints
        self.provisional += other.provisional
        self.verdicts.update(other.verdicts)
        self.days.update(other.days)

    @property
    def runs(self) -> int:
        """Return how many runs there are."""
        return self.verdicts.total()

    def part(self, name: str) -> int:
        """Return how many runs fall into one of PARTS."""
        return self.verdicts[PARTS[name]]

    @property
    def on_time(self) -> Share:
        """Return the runs done on time, of those that are decided: done, or past their deadline."""
        met = self.verdicts[Verdict.MET]
        return Share(met, met + sum(self.verdicts[verdict] for verdict in LATE), Whole.DECIDED)

    @property
    def done(self) -> int:
        """Return how many runs the days of `days` are of."""
        return self.days.total()

    @property
    def median(self) -> float | None:
        """Return the median of the working days, the mean of the middle two of an even number; None for none."""
        done = self.done
        return (self._day_at((done + 1) // 2) + self._day_at(done // 2 + 1)) / 2 if done else None

    @property
    def ninetieth(self) -> int | None:
        """Return the working days within which nine of ten were done (nearest rank); None for none."""
        return self._day_at(-(-self.done * 9 // 10)) if self.done else None

    def _day_at(self, place: int) -> int:
        passed = 0
        for days, count in sorted(self.days.items()):
            passed += count
            if passed >= place:
                return days
        raise ValueError(place)


@dataclass(slots=True)
class Group:
    """What is counted of some complaints; `key` None is of those that do not state it.

    `clocks` are by their names, without those that none of the complaints has. `intake` counts the complaints by the
    day of receipt. `provisional` counts the complaints with a deadline that hangs on a calendar not published yet, one
    that is only projected among them. What was paid in advance stays paid where a complaint was reopened: `advanced`
    counts the complaints in which that happened at least once, `advanced_amounts` the amounts stated, which add up to
    `advanced_sum`, and `advanced_without_amount` the complaints in which one is lacking.
    """

    key: str | None
    complaints: int = 0
    open: int = 0
    provisional: int = 0
    completed: int = 0
    first_contacts: int = 0
    contacts_unknown: int = 0
    third_party: int = 0
    third_party_advanced: int = 0
    advanced: int = 0
    advanced_sum: Decimal = Decimal(0)
    advanced_amounts: int = 0
    advanced_without_amount: int = 0
    reopened_complaints: int = 0
    reopenings: int = 0
    backdated_complaints: int = 0
    clocks: dict[str, ClockFigures] = field(default_factory=lambda: defaultdict(ClockFigures))
    intake: Counter[date] = field(default_factory=Counter)

    def clock(self, name: str) -> ClockFigures:
        """Return the figures of the clock of this name, empty ones where no complaint has it."""
        return self.clocks.get(name, ClockFigures())

    def add(self, other: "Group") -> None:
        """Count in the complaints of another group."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.intake.update(other.intake)
        for name, clock in other.clocks.items():
            self.clocks[name].add(clock)

    @property
    def first_contact(self) -> Share:
        """Return those completed straight from their receipt, of the completed ones of which that is known."""
        return Share(self.first_contacts, self.completed - self.contacts_unknown, Whole.COMPLETED)

    @property
    def advance(self) -> Share:
        """Return the complaints about third-party sellers in which compensation was advanced, of all about them."""
        return Share(self.third_party_advanced, self.third_party, Whole.THIRD_PARTY)

    @property
    def advance_paid(self) -> Decimal | None:
        """Return what was paid in advance, as far as amounts are stated; None where it was paid and none is."""
        return self.advanced_sum if self.advanced_amounts or not self.advanced else None

    @property
    def reopened(self) -> Share:
        """Return the complaints that were reopened, of all."""
        return Share(self.reopened_complaints, self.complaints, Whole.COMPLAINTS)

    @property
    def backdated(self) -> Share:
        """Return the complaints with an entry made on a later day than what it tells, of all."""
        return Share(self.backdated_complaints, self.complaints, Whole.COMPLAINTS)


COUNTS = tuple(f.name for f in fields(Group) if f.name not in ("key", "clocks", "intake"))
"""What is counted of complaints in plain numbers."""


class Role(StrEnum):
    """Which days a section is about."""

    MAIN = "asked"
    BEFORE = "before"
    LAST_YEAR = "last-year"


@dataclass(frozen=True, slots=True)
class Section:
    """The complaints received in a span of days, `first` to `last`, both included, in the register's time zone.

    The days are those asked for. An end left open is the day of the report, a beginning left open the day of the first
    complaint; where both were, the days are those of the first and the last complaint, None without any. `until` is the
    last of them that had begun when the report was made: means a day are of the days up to it. `usual` is the usual
    number of complaints a day, with the days it was taken from, none of them before the register knew of any complaint.
    """

    role: Role
    title: str
    first: date | None
    last: date | None
    until: date | None
    total: Group
    groups: tuple[Group, ...] = ()
    usual: Share | None = None

    @property
    def days(self) -> int:
        """Return how many days of the span had begun."""
        return (self.until - self.first).days + 1 if self.first and self.until else 0

    @property
    def a_day(self) -> Share:
        """Return the complaints for each day of the span that had begun."""
        return Share(self.total.complaints, self.days, Whole.DAYS)

    def daily(self, group: Group | None = None) -> Iterator[tuple[date, int]]:
        """Yield every day of the span that had begun, with the complaints received, of all or of a group."""
        if self.first is None:
            return
        intake = (group or self.total).intake
        for place in range(self.days):
            day = self.first + timedelta(days=place)
            yield day, intake[day]

    def group(self, key: str | None) -> Group:
        """Return the group of this key, an empty one where there is none."""
        return next((group for group in self.groups if group.key == key), Group(key))


def known_days(section: Section, begun: date | None) -> int:
    """Return how many days of a section had begun and are not before the first of which a register knows."""
    if section.first is None or section.until is None or begun is None:
        return 0
    return max(0, (section.until - max(section.first, begun)).days + 1)


@dataclass(frozen=True, slots=True)
class Report:
    """A report: its main section, of the days that the query names, and those it is compared with.

    `by` is one of GROUPINGS. `moment` and `known_at` are in UTC: the register is shown as it stood
    at `moment`, and where `known_at` is not None as it was known then. `zone` names the time zone in which days are
    counted. `campaign` is the campaign's name, or empty. `begun` is the day of the first complaint that the register
    knows of, None without any. `rules` holds the names of all clocks that the register knew, in order, with the
    different rules by which the complaints of the main section are judged, none where none of them has the clock.
    `only` holds what the report is narrowed to: the names of platforms, categories or owners under the words
    platform, category and owner.
    """

    by: str
    moment: datetime
    known_at: datetime | None
    zone: str
    main: Section
    compared: tuple[Section, ...] = ()
    campaign: str = ""
    rules: Mapping[str, tuple[ClockRule, ...]] = field(default_factory=dict)
    only: Mapping[str, Sequence[str]] = field(default_factory=dict)
    begun: date | None = None

    @property
    def sections(self) -> tuple[Section, ...]:
        """Return all sections, the main one first."""
        return (self.main, *self.compared)

    @property
    def keys(self) -> tuple[str | None, ...]:
        """Return the keys of the groups of all sections, those of the main one first, in its order."""
        return tuple(dict.fromkeys(group.key for section in self.sections for group in section.groups))


TIMED = ("week", "month")
GROUPINGS = ("platform", "category", "seller", "owner", *TIMED)
"""By what complaints can be grouped; week and month are those of the receipt, as 2016-W45 and 2016-11."""
