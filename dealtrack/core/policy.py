"""Policies: the clocks that a rule sets a complaint, in versions by the date each came into force."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time
from enum import StrEnum
from typing import Any, NamedTuple

from dealtrack.core.calendar import CalendarRules
from dealtrack.core.lifecycle import Kind, Transition
from dealtrack.errors import NoOfficeHours, PolicyDiffers
from dealtrack.phrase import Word, both

OPEN = "open"
"""What a policy about any business states as its `platforms`."""


INTERIM_REPLY, FINAL_REPLY = REPLIES = ("replied:interim", "replied:final")
EVENT_NAMED, ENDED = "event:", "ended:"
"""What begins the triggers that name an event, and the clock that has ended."""


def trigger_of(entry: Transition) -> str:
    """Return what an entry starts and stops clocks by: its kind, a kind of reply, or an event with its name."""
    if entry.kind is Kind.REPLIED:
        return FINAL_REPLY if entry.detail["final"] else INTERIM_REPLY
    return f"{EVENT_NAMED}{entry.detail['name']}" if entry.kind is Kind.EVENT else entry.kind


def as_trigger(text: str) -> str:
    """Return a trigger as it is compared: a kind, or a text such as `event:NAME`; raises ValueError for another."""
    return text if text in REPLIES or text.startswith((EVENT_NAMED, ENDED)) else Kind(text)


class Unit(StrEnum):
    """What a clock's length is counted in."""

    __hash__ = str.__hash__

    WORKING_DAY = "working-day"
    CALENDAR_DAY = "calendar-day"
    WEEK = "week"
    MONTH = "month"
    HOUR = "hour"
    WORKING_HOUR = "working-hour"


HOURS = frozenset({Unit.HOUR, Unit.WORKING_HOUR})
"""The units of clocks that run from a moment to a moment."""


class Roll(StrEnum):
    """Where a due day goes that was not counted in working days and falls on a rest day.

    Source: `next-working-day` Civil Code of the PRC art. 203; `after-statutory-holiday` SAMR Order 121 art. 45.
    """

    __hash__ = str.__hash__

    NONE = "none"
    NEXT_WORKING_DAY = "next-working-day"
    AFTER_STATUTORY_HOLIDAY = "after-statutory-holiday"


LATER_KEYS = frozenset({"only_if", "asked_before", "counts_first_day", "counts_first_hour", "working_days_for"})
"""The fields of a clock that a policy's data names only where they differ from their defaults."""


class ClockRule(NamedTuple):
    """One clock of a policy: what starts it, what stops it, and how long it runs.

    It is started and stopped by kinds of transitions and by other triggers (`lifecycle.trigger_of`), or starts where
    another clock has ended (`ended:NAME`). With `only_if` it runs only once one of those triggers has come within it.
    `closes` is the local time at which the due day ends, None for its last second. `extensions` is how
    often the clock may be extended and `extension_by` by how many units at a time; None sets no limit. An
    extension is to be asked for `asked_before` working days before the due day.
    `counts_first_day` makes the day of the start day 1. Without `counts_first_hour` a clock of hours begins with the
    next full local hour (Civil Procedure Law of the PRC art. 85). `working_days_for` are the lengths that the law
    counts in working days, where the unit follows from the length.
    """

    name: str
    start: frozenset[str]
    stop: frozenset[str]
    length: int
    unit: Unit = Unit.WORKING_DAY
    roll: Roll = Roll.NONE
    closes: time | None = None
    pausable: bool = True
    extensions: int | None = None
    extension_by: int | None = None
    article: str = ""
    counts_first_day: bool = False
    counts_first_hour: bool = True
    working_days_for: tuple[int, ...] = ()
    only_if: frozenset[str] = frozenset()
    asked_before: int = 0

    def to_data(self) -> dict[str, Any]:
        """Return the rule as plain data that canonical JSON can hold."""
        defaults, values = self._field_defaults, self._asdict()
        # Only where they say something, so that what earlier releases wrote is written as it was.
        data = {name: value for name, value in values.items() if name not in LATER_KEYS or value != defaults[name]}
        if self.working_days_for:
            data["working_days_for"] = list(self.working_days_for)
        if self.only_if:
            data["only_if"] = sorted(self.only_if)
        return data | {
            "start": sorted(map(str, self.start)),
            "stop": sorted(map(str, self.stop)),
            "unit": self.unit.value,
            "roll": self.roll.value,
            "closes": self.closes.isoformat() if self.closes else None,
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "ClockRule":
        """Return the rule that `to_data` wrote."""
        values = {name: data[name] for name in cls._fields if name in data} | {
            "start": frozenset(map(as_trigger, data["start"])),
            "stop": frozenset(map(as_trigger, data["stop"])),
            "unit": Unit(data["unit"]),
            "roll": Roll(data["roll"]),
            "closes": time.fromisoformat(data["closes"]) if data["closes"] else None,
            "only_if": frozenset(map(as_trigger, data.get("only_if", ()))),
            "working_days_for": tuple(data.get("working_days_for", ())),
        }
        return cls(**values)


class Policy(NamedTuple):
    """One version of a policy, in force for complaints received from `in_force` on.

    `restart` tells whether the end of a pause may begin its clocks anew, as where a request had to be clarified.
    Source: Freedom of Information Act 2000 (United Kingdom) s. 10(6)(b).
    `restart_on_merge` tells whether running clocks begin anew where a further complaint is merged into one.
    Source: SAMR Order 121 art. 35.
    With `is_open` it is about any business, and not about the platforms of a list alone. `revision` counts the texts
    of the policy in a register, from 1: a correction puts another text in place of all its versions. `unverified` says
    what of it could not be checked against its source.
    """

    name: str
    title: str
    in_force: date
    authority: str
    source: str
    clocks: tuple[ClockRule, ...]
    restart: bool = False
    is_open: bool = False
    revision: int = 1
    unverified: str = ""
    restart_on_merge: bool = False

    @property
    def version(self) -> str:
        """Return what names this text among all of the policy: `2020-01-01`, or once corrected `2020-01-01+2`."""
        day = self.in_force.isoformat()
        return day if self.revision == 1 else f"{day}+{self.revision}"

    @property
    def events(self) -> list[str]:
        """Return the names of the events that start or stop a clock of this text, or that one hangs on."""
        triggers = frozenset().union(*(rule.start | rule.stop | rule.only_if for rule in self.clocks))
        return sorted(each.removeprefix(EVENT_NAMED) for each in triggers if each.startswith(EVENT_NAMED))

    def clock(self, name: str) -> ClockRule | None:
        """Return the clock of this name, None where the policy has none."""
        return next((clock for clock in self.clocks if clock.name == name), None)

    def to_data(self) -> dict[str, Any]:
        """Return the policy as plain data that canonical JSON can hold."""
        clocks = [clock.to_data() for clock in self.clocks]
        data = self._asdict() | {"in_force": self.in_force.isoformat(), "clocks": clocks}
        restart, is_open, revision, unverified = map(data.pop, ("restart", "is_open", "revision", "unverified"))
        # Only where they say something, so that what earlier releases wrote is written as it was.
        more = {"restart": restart, "platforms": is_open and OPEN, "revision": revision > 1 and revision}
        more |= {"unverified": unverified, "restart_on_merge": data.pop("restart_on_merge")}
        return data | {name: value for name, value in more.items() if value}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> "Policy":
        """Return the policy that `to_data` wrote."""
        return cls(
            name=data["name"],
            title=data["title"],
            in_force=date.fromisoformat(data["in_force"]),
            authority=data["authority"],
            source=data["source"],
            clocks=tuple(map(ClockRule.from_data, data["clocks"])),
            restart=data.get("restart", False),
            is_open=data.get("platforms") == OPEN,
            revision=data.get("revision", 1),
            unverified=data.get("unverified", ""),
            restart_on_merge=data.get("restart_on_merge", False),
        )


def check_same_version(stored: Policy, version: Policy) -> None:
    """Check that a version is the one stored for its day, by which complaints are judged already.

    Raises PolicyDiffers, which names what differs.
    """
    if differing := differences(stored, version):
        raise PolicyDiffers(name=stored.name, day=stored.in_force, what=both(differing))


def check_office_hours(policies: Iterable[Policy], calendar: CalendarRules) -> None:
    """Check that a calendar has the office hours in which policies count; raises NoOfficeHours."""
    for policy in policies if not calendar.office_hours else ():
        if any(rule.unit is Unit.WORKING_HOUR for rule in policy.clocks):
            raise NoOfficeHours(policy=policy.name, calendar=calendar.name)


def differences(one: Policy, other: Policy) -> list[Word]:
    """Return the names of the fields in which two texts of a policy version differ, their revisions aside."""
    before, after = (policy._replace(revision=1).to_data() for policy in (one, other))
    return [Word(name) for name in {**before, **after} if before.get(name) != after.get(name)]


def is_among(version: Policy, texts: Iterable[Policy]) -> bool:
    """Tell whether a policy version is one of some texts, their revisions aside."""
    return any(are_same([version], [text]) for text in texts)


def are_same(versions: Sequence[Policy], others: Sequence[Policy]) -> bool:
    """Tell whether two sets of versions of a policy say the same, their revisions aside."""

    def plain(texts: Sequence[Policy]) -> dict[date, Policy]:
        return {version.in_force: version._replace(revision=1) for version in texts}

    return plain(versions) == plain(others)


def version_for(versions: Sequence[Policy], received: date) -> Policy:
    """Return the version in force on the day of receipt; a receipt before the first version is judged by the first."""
    if len(versions) == 1:
        return versions[0]
    ordered = sorted(versions, key=lambda policy: policy.in_force)
    in_force = [policy for policy in ordered if policy.in_force <= received]
    return in_force[-1] if in_force else ordered[0]
