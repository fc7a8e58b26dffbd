"""Corrections of a policy: the preview of a new text of its versions, and putting it in their place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import NamedTuple

from dealtrack.core.clocks import Clock, Correction, judge_corrected, policy_at
from dealtrack.core.lifecycle import ComplaintState, Transition
from dealtrack.core.moments import local_day
from dealtrack.core.policy import Policy, are_same, version_for
from dealtrack.register import journal, projection, queries
from dealtrack.register.calendar_revision import MovedClock, OtherVerdict, other_verdicts
from dealtrack.register.recorder import Recorder
from dealtrack.register.register import Register


class TextChange(NamedTuple):
    """What a correction does to the version of a day; None where there was none, or will be none."""

    day: date
    before: Policy | None
    after: Policy | None


class ClockChange(NamedTuple):
    """A clock of an open complaint that runs under one text alone."""

    complaint: int
    clock: Clock


@dataclass(frozen=True, slots=True)
class Preview:
    """What a correction of a policy does: to its text, to clocks that run, and what it would judge otherwise."""

    texts: list[TextChange]
    moved: list[MovedClock]
    gone: list[ClockChange]
    begun: list[ClockChange]
    otherwise: list[OtherVerdict]

    @property
    def is_empty(self) -> bool:
        """Tell whether the text stays as it is."""
        return not self.texts


def changed_texts(old: Sequence[Policy], new: Sequence[Policy]) -> list[TextChange]:
    """Return the versions in which two texts of a policy differ, by day in force."""
    before, after = ({version.in_force: version for version in versions} for versions in (old, new))
    changes = (TextChange(day, before.get(day), after.get(day)) for day in sorted({*before, *after}))
    return [
        change
        for change in changes
        if change.before is None or change.after is None or not are_same([change.before], [change.after])
    ]


def preview(register: Register, versions: Sequence[Policy]) -> Preview:
    """Return what a correction would do that replaces a policy's versions by these. Raises OutsideCalendar."""
    name = versions[0].name
    correction = Preview(changed_texts(register.policies[name], versions), [], [], [], [])
    if correction.is_empty:
        return correction
    revision = register.policies[name][0].revision + 1
    new_text = Correction(register.head()[0] + 1, tuple(version._replace(revision=revision) for version in versions))
    for id_ in queries.complaints_of_policy(register.connection, name):
        _compare(register, correction, journal.history(register.connection, id_), new_text)
    return correction


def _compare(register: Register, correction: Preview, history: Sequence[Transition], new_text: Correction) -> None:
    """Add to a preview what a new text of its policy would do to one complaint."""
    complaint, before = register.project(history)
    assert complaint.received is not None
    state, zone = ComplaintState(complaint.id, history), register.zone
    received = local_day(complaint.received, zone)
    first = register.policy_of(state.complaint())
    texts = (*register.corrections.get(complaint.policy, ()), new_text)
    later = [text for text in texts if text.versions[0].revision > first.revision]
    calendar_at, is_open = register.calendar_at(), complaint.is_open
    judge = partial(judge_corrected, state.entries, is_open=is_open, calendar_at=calendar_at, zone=zone)
    _, after = judge(policy_at(first, later, received, register.rejudgings))
    running = [{(clock.name, clock.round): clock for clock in runs if clock.ended is None} for runs in (before, after)]
    for key in {**running[0], **running[1]}:
        then, now = (runs.get(key) for runs in running)
        if then is not None and now is not None:
            if (then.due, then.provisional) != (now.due, now.provisional):
                correction.moved.append(MovedClock(complaint.id, then, now))
        elif then is not None:
            correction.gone.append(ClockChange(complaint.id, then))
        elif now is not None:
            correction.begun.append(ClockChange(complaint.id, now))
    text = version_for(new_text.versions, received)
    _, judged = judge(lambda _: text)
    correction.otherwise.extend(other_verdicts(complaint, before, judged))


def correct(recorder: Recorder, versions: Sequence[Policy]) -> Preview:
    """Put these in place of a policy's versions as its next revision, and return what it does.

    Clocks that run are counted by the new text; what has ended keeps its verdict. Raises OutsideCalendar.
    """
    name, register = versions[0].name, recorder.register
    correction = preview(register, versions)
    if correction.is_empty:
        return correction
    recorder.correct(name, versions)
    recorder.flush()
    writer = projection.RowWriter(register.connection)
    for id_ in queries.complaints_of_policy(register.connection, name):
        history = journal.history(register.connection, id_)
        complaint, clocks = register.project(history)
        if complaint.is_open:
            writer.write(complaint, clocks, history)
    writer.flush()
    return correction
