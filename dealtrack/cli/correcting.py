"""Taking the right text of a policy in place of a wrong one; shows first which deadlines move."""

import sys
from collections.abc import Iterator, Sequence
from datetime import tzinfo

import typer

from dealtrack.cli.consent import is_agreed
from dealtrack.cli.describe import due_text
from dealtrack.cli.language import _, _n, say
from dealtrack.cli.revising import show_otherwise
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import tell
from dealtrack.core.policy import Policy, differences
from dealtrack.core.policy_words import clock_words
from dealtrack.core.text import safe_text
from dealtrack.phrase import listed
from dealtrack.register.correcting import ClockChange, Preview, TextChange, correct, preview
from dealtrack.register.register import Register


def adopt_corrected(session: Session, register: Register, versions: Sequence[Policy], yes: bool) -> None:
    """Put versions in place of all that the register holds of their policy, once it was shown and agreed to."""
    name = versions[0].name
    found = preview(register, versions)
    if found.is_empty:
        tell(_("policy {name}: the register has this text already").format(name=name), sys.stdout)
        return
    _show(found, register.zone)
    if not yes and not session.asks:
        tell(f"dealtrack: {_('nothing was changed; --yes does it')}")
        return
    if not yes and not is_agreed(_("Correct the policy?")):
        raise typer.Abort
    done = correct(register, versions, session.now, session.actor)
    count = len(done.moved) + len(done.gone) + len(done.begun)
    deadlines = _n("{count} deadline", "{count} deadlines", count).format(count=count)
    line = _("policy {name} revision {revision}: {deadlines} moved")
    revision = register.policies[name][0].revision
    tell(line.format(name=name, revision=revision, deadlines=deadlines), sys.stdout)


def _show(found: Preview, zone: tzinfo) -> None:
    for change in found.texts:
        for line in _text_lines(change):
            tell(safe_text(line), sys.stdout)
    for moved in found.moved:
        line = _("complaint {id} {clock}: {before} -> {after}")
        before, after = due_text(moved.before, zone), due_text(moved.after, zone)
        tell(line.format(id=moved.complaint, clock=_(moved.after.name), before=before, after=after), sys.stdout)
    _changes(found.gone, _("complaint {id} {clock}: due {moment}, and runs no more"), zone)
    _changes(found.begun, _("complaint {id} {clock}: runs from now on, due {moment}"), zone)
    show_otherwise(found.otherwise)


def _changes(changes: Sequence[ClockChange], line: str, zone: tzinfo) -> None:
    for change in changes:
        moment = due_text(change.clock, zone)
        tell(line.format(id=change.complaint, clock=_(change.clock.name), moment=moment), sys.stdout)


def _text_lines(change: TextChange) -> Iterator[str]:
    """Yield what becomes of the version of a day: a line on it, then one for each clock that it sets otherwise."""
    before, after = change.before, change.after
    if after is None:
        yield _("in force from {day}: no version any more").format(day=change.day)
        return
    if before is None:
        yield _("in force from {day}: a new version").format(day=change.day)
    else:
        what = say(listed(differences(before, after)))
        yield _("in force from {day}: another text ({what})").format(day=change.day, what=what)
    if before is None or before.source != after.source:
        yield f"  {_('source')}{_(': ')}{_(after.source)}"
    names = dict.fromkeys(rule.name for policy in (before, after) if policy for rule in policy.clocks)
    for name in names:
        old, new = (policy.clock(name) if policy else None for policy in (before, after))
        if old != new:
            words = [say(clock_words(rule)) if rule else _("no clock") for rule in (old, new)]
            yield f"  {_(name)}{_(': ')}{' -> '.join(words if before else words[1:])}"
