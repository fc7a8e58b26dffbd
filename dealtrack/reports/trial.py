"""Trying a policy out: every complaint judged by it and by its own policy, and what would be different."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any

from dealtrack.core.clocks import LATE, CalendarAt, Clock, Verdict, current, judge, verdict
from dealtrack.core.complaint_state import make_complaint
from dealtrack.core.lifecycle import RESTART, Complaint, Kind, Status, Transition, effective
from dealtrack.core.limits import check_extension
from dealtrack.core.moments import local_day
from dealtrack.core.policy import ClockRule, Policy, version_for
from dealtrack.core.policy_text import length_text, span_of
from dealtrack.errors import CannotExtend, UnknownClock
from dealtrack.phrase import Phrase, Word, either, listed

GROUPS = ("platform", "category", "month")

Move = tuple[Verdict | None, Verdict | None]
"""What a clock's run is judged as then and now; None where that policy does not run it."""


@dataclass(frozen=True, slots=True)
class Basis:
    """What complaints are judged with: calendars, the time zone in which days are counted, the moment in UTC."""

    calendar_at: CalendarAt
    zone: tzinfo
    moment: datetime


class VerdictChanges(Counter[Move]):
    """How often each move was made: which verdict was given of a run then, and which now."""

    def then(self, verdict: Verdict) -> int:
        """Return how many runs the complaints' own policies judge so."""
        return sum(count for (before, _), count in self.items() if before is verdict)

    def now(self, verdict: Verdict) -> int:
        """Return how many runs the policy on trial judges so."""
        return sum(count for (_, after), count in self.items() if after is verdict)

    def change(self, verdict: Verdict) -> int:
        """Return how many runs more are judged so now; negative for fewer."""
        return self.now(verdict) - self.then(verdict)

    @property
    def now_late(self) -> int:
        """Return how many runs are late (missed or overdue) by the policy on trial alone."""
        return sum(count for (before, after), count in self.items() if after in LATE and before not in LATE)

    @property
    def no_longer_late(self) -> int:
        """Return how many runs are late (missed or overdue) by the complaints' own policies alone."""
        return sum(count for (before, after), count in self.items() if before in LATE and after not in LATE)


@dataclass(frozen=True, slots=True)
class Trial:
    """What a trial found.

    `moves` counts the runs of clocks by group (empty without groups), clock and move. `deadlines_moved`
    counts by clock the runs under way whose deadline would be another. `refused` counts the extensions
    that the policy does not allow, which were left out. `versions` are those that judged anything.
    """

    complaints: int
    moves: Mapping[tuple[str, str], VerdictChanges]
    deadlines_moved: Mapping[str, int]
    refused: int
    versions: tuple[Policy, ...]


def group_by(by: str, zone: tzinfo) -> Callable[[Complaint], str]:
    """Return what tells a complaint's group: its platform, category or month of receipt (2016-11); one group for ''."""

    def group_of(complaint: Complaint) -> str:
        if by == "month":
            return f"{local_day(complaint.received, zone):%Y-%m}" if complaint.received else ""
        return getattr(complaint, by) if by else ""

    return group_of


def try_policy(
    histories: Iterable[Sequence[Transition]],
    versions: Sequence[Policy],
    policy_of: Callable[[Complaint], Policy],
    basis: Basis,
    group_of: Callable[[Complaint], str],
    project: Callable[[Sequence[Transition]], tuple[Complaint, list[Clock]]] | None = None,
) -> Trial:
    """Judge complaints, given by their histories, by a policy on trial, and count what differs from their own.

    Each is judged by the version in force on the day of its receipt. Voided complaints are left out, and so is what the
    policy would have refused: an extension beyond its limits or after its deadline. `project` tells how complaints
    stand where a policy was corrected; else their own policies tell it. Raises OutsideCalendar.
    """
    moves: dict[tuple[str, str], VerdictChanges] = {}
    moved: Counter[str] = Counter()
    used: dict[date, Policy] = {}
    complaints = refused = 0
    for history in histories:
        complaint = make_complaint(history[0].complaint, history) if history else None
        if complaint is None or complaint.status is Status.VOIDED or complaint.received is None:
            continue
        complaints += 1
        policy = version_for(versions, local_day(complaint.received, basis.zone))
        used[policy.in_force] = policy
        own, runs = project(history) if project else (complaint, None)
        before = _runs(complaint, history, policy_of(own), basis, runs)
        allowed = allowed_history(complaint, history, policy, basis)
        refused += len(history) - len(allowed)
        after = _runs(complaint, allowed, policy, basis)
        group = group_of(complaint)
        for name, round_ in {**before, **after}:
            then, now = before.get((name, round_)), after.get((name, round_))
            move = (then and verdict(then, basis.moment), now and verdict(now, basis.moment))
            moves.setdefault((group, name), VerdictChanges())[move] += 1
            if then and now and then.started and then.ended is None and now.ended is None and then.due != now.due:
                moved[name] += 1
    return Trial(complaints, moves, moved, refused, tuple(used[day] for day in sorted(used)))


def _runs(
    complaint: Complaint,
    history: Sequence[Transition],
    policy: Policy,
    basis: Basis,
    judged: Sequence[Clock] | None = None,
) -> dict[tuple[str, int], Clock]:
    """Return every run of every clock, by name and round, and what stands in for the clocks that have not started."""
    runs = judge(history, policy, basis.calendar_at, basis.zone) if judged is None else judged
    calendar = basis.calendar_at(None)
    latest = current(runs, policy, complaint.status, calendar, basis.zone, basis.moment, complaint.limits)
    waiting = [clock for clock in latest if clock.started is None]
    return {(clock.name, clock.round): clock for clock in (*runs, *waiting)}


def allowed_history(
    complaint: Complaint, history: Sequence[Transition], policy: Policy, basis: Basis
) -> list[Transition]:
    """Return a history without the extensions that a policy would have refused.

    An extension of a clock that the policy does not have lengthens nothing and stays. Where the policy knows no
    restart, a pause that ended with one has ended without.
    """
    if not policy.restart:
        history = [
            entry._replace(detail={**entry.detail, RESTART: False}) if RESTART in entry.detail else entry
            for entry in history
        ]
    refused: set[int] = set()
    calendar = basis.calendar_at(None)
    for entry in effective(entry for entry in history if entry.kind in (Kind.EXTENDED, Kind.VOIDED)):
        # As the register stood when the extension was asked for.
        before = [
            earlier
            for earlier in effective(history)
            if (earlier.at, earlier.seq) < (entry.at, entry.seq) and earlier.seq not in refused
        ]
        runs = judge(before, policy, basis.calendar_at, basis.zone)
        try:
            check_extension(complaint.id, policy, runs, before, entry.detail, entry.at, calendar, basis.zone)
        except CannotExtend:
            refused.add(entry.seq)
        except UnknownClock:
            pass
    return [entry for entry in history if entry.seq not in refused]


def changes_by_clock(trial: Trial) -> dict[str, VerdictChanges]:
    """Return the changes of each clock over all groups: the trial's clocks in their order, then those it lacks."""
    sums = {rule.name: VerdictChanges() for policy in reversed(trial.versions) for rule in policy.clocks}
    for (_, name), changes in trial.moves.items():
        sums.setdefault(name, VerdictChanges()).update(changes)
    return {name: changes for name, changes in sums.items() if changes}


def changes_by_group(trial: Trial, name: str) -> dict[str, VerdictChanges]:
    """Return the changes of one clock in each group, by the groups' names."""
    return {group: changes for (group, clock), changes in sorted(trial.moves.items()) if clock == name}


def sentences(trial: Trial) -> dict[str, Phrase]:
    """Return for each clock what would change, in a sentence, as `complete within 1 working day: 3 more would ...`."""
    return {
        name: Phrase("{clock}: {words}", clock=_heading(trial, name), words=_change(trial, name, changes))
        for name, changes in changes_by_clock(trial).items()
    }


def rules_of(trial: Trial, name: str) -> list[ClockRule]:
    """Return the different rules that the versions on trial set for a clock, the latest last."""
    rules = [rule for policy in trial.versions if (rule := policy.clock(name)) is not None]
    return list(dict.fromkeys(rule._replace(article="") for rule in rules))


def _heading(trial: Trial, name: str) -> str:
    lengths = dict.fromkeys(length_text(rule.length, rule.unit) for rule in rules_of(trial, name))
    return Phrase("{clock} within {length}", clock=Word(name), length=either(lengths)) if lengths else Word(name)


def _change(trial: Trial, name: str, changes: VerdictChanges) -> Phrase:
    before, after = zip(*changes, strict=True)
    if not any(after):
        return Phrase("no such deadline in this policy; {late} under the current policies", late=_late(changes.then))
    if not any(before):
        return Phrase("no such deadline in the current policies; {late}", late=_late(changes.now))
    parts = [_counted(changes.change(verdict), verdict) for verdict in LATE if changes.change(verdict)]
    if moved := trial.deadlines_moved.get(name):
        one = Phrase("1 open deadline would move")
        parts.append(one if moved == 1 else Phrase("{count:,} open deadlines would move", count=moved))
    if not parts and before != after:
        crosses = changes.now_late or changes.no_longer_late
        others = Phrase("the same number would be late, but not the same ones")
        parts = [others if crosses else Phrase("the same ones would be late, but other statuses would change")]
    return listed(parts) if parts else Phrase("nothing would change")


def _late(count: Callable[[Verdict], int]) -> Phrase:
    missed, overdue = count(Verdict.MISSED), count(Verdict.OVERDUE)
    return Phrase("{missed:,} late, {overdue:,} overdue", missed=missed, overdue=overdue)


def _counted(change: int, verdict: Verdict) -> Phrase:
    count, is_more = abs(change), change > 0
    if verdict is Verdict.MISSED:
        fewer = Phrase("{count:,} fewer would be late", count=count)
        return Phrase("{count:,} more would be late", count=count) if is_more else fewer
    fewer = Phrase("{count:,} fewer would be overdue", count=count)
    return Phrase("{count:,} more would be overdue", count=count) if is_more else fewer


def records(trial: Trial, by: str) -> list[dict[str, Any]]:
    """Return a record for each clock, in each group where groups are asked for, under its fixed keys.

    `VERDICT_then` and `VERDICT_now` count its runs so judged; `now_late` counts those that would be missed or
    overdue and are not, `no_longer_late` the reverse.
    """
    rows = []
    for name, whole in changes_by_clock(trial).items():
        rules = either(map(span_of, rules_of(trial, name)))
        for group, changes in (changes_by_group(trial, name) if by else {"": whole}).items():
            record: dict[str, Any] = {by: group} if by else {}
            record |= {"clock": name, "rule": rules or None, "runs": changes.total()}
            for word in Verdict:
                record |= {f"{word}_then": changes.then(word), f"{word}_now": changes.now(word)}
            record |= {"now_late": changes.now_late, "no_longer_late": changes.no_longer_late}
            rows.append(record)
    return rows


def record_keys(by: str) -> list[str]:
    """Return the keys of a trial's records, with that of the groups asked for."""
    counts = [f"{word}_{when}" for word in Verdict for when in ("then", "now")]
    return [*([by] if by else []), "clock", "rule", "runs", *counts, "now_late", "no_longer_late"]
