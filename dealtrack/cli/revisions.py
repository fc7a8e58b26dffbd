"""What a revision of the calendar or a correction of a policy changes, in lines."""

from collections.abc import Iterable, Sequence
from datetime import date, tzinfo

from dealtrack.cli.language import _, _n, say, say_field
from dealtrack.cli.output import due_text, show_day
from dealtrack.cli.terminal import print_line
from dealtrack.core.calendar import Day, Ruling
from dealtrack.core.explanation import reason
from dealtrack.core.policy import Roll
from dealtrack.phrase import listed
from dealtrack.register.register import Register
from dealtrack.register.revisions import MovedClock, OtherVerdict, Revision

SHOWN = 20


def show_revision(revision: Revision, register: Register) -> None:
    """Print the days that a revision of the calendar changes, and what that does to clocks."""
    official, revised = revision.before.rules.official, revision.after.rules.official
    for day in revision.days:
        before, after = (
            day_and_reason(day, calendar.rules.ruling(day)) for calendar in (revision.before, revision.after)
        )
        print_line(f"{show_day(day)}{_(': ')}{before} -> {after}")
    _show_rolled(revision, register)
    if count := revision.renamed:
        print_line(_n("name or source of {count} day changes", "name or source of {count} days change", count))
    if years := sorted(revised - official):
        print_line(_("{years}: now official", years=say(listed(map(str, years)))))
    if years := sorted(official - revised):
        print_line(_("{years}: no longer official", years=say(listed(map(str, years)))))
    if "office_hours" in revision.change:
        print_line(_("office hours change"))
    show_moved(revision.moved, register.zone)
    show_otherwise(revision.otherwise)


def show_moved(changes: Iterable[MovedClock], zone: tzinfo) -> None:
    """Print the clocks whose deadlines move, then those no longer counted, then those counted from now on."""
    gone = _("complaint {id} {clock}: was due {moment}, no longer counted")
    new = _("complaint {id} {clock}: now counted, due {moment}")
    for id_, before, after in sorted(changes, key=lambda change: (change.before is None, change.after is None)):
        if before and after:
            show_replaced(id_, after.name, due_text(before, zone), due_text(after, zone))
        elif clock := before or after:
            line = gone if before else new
            print_line(line.format(id=id_, clock=_(clock.name), moment=due_text(clock, zone)))


def show_replaced(id_: int, clock: str, before: str, after: str) -> None:
    """Print what was said of a complaint's clock, and what is said of it now."""
    print_line(_("complaint {id} {clock}: {before} -> {after}", id=id_, clock=_(clock), before=before, after=after))


def verdicts_of(change: OtherVerdict) -> tuple[str, str]:
    """Return the verdict of an ended clock, and the one that it would have now."""
    after = say_field("verdict", change.verdict_after) if change.verdict_after else _("no deadline")
    return say_field("verdict", change.verdict_before), after


def show_otherwise(otherwise: Sequence[OtherVerdict]) -> None:
    """Print the first ended clocks that would now be judged otherwise, and how many more there are."""
    for change in otherwise[:SHOWN]:
        line = _(
            "complaint {id} {clock}: ended {verdict}, would now be {other}; its status stands ('dealtrack "
            "recheck --include-closed' re-evaluates it)"
        )
        verdict, other = verdicts_of(change)
        print_line(line.format(id=change.complaint.id, clock=_(change.after.name), verdict=verdict, other=other))
    if (more := len(otherwise) - SHOWN) > 0:
        ended = _n("{count} ended deadline", "{count} ended deadlines", more)
        print_line(_("... and {count} more", count=ended))


def _show_rolled(revision: Revision, register: Register) -> None:
    """Show the rest days of other holidays: each where a policy asks and its year is published, else how many."""
    rules = (rule for versions in register.policies.values() for policy in versions for rule in policy.clocks)
    is_asked = any(rule.roll is Roll.AFTER_STATUTORY_HOLIDAY for rule in rules)
    shown = [day for day in revision.rolled if is_asked and day.year in revision.before.rules.official]
    for day in shown:
        before, after = (show_day(calendar.after_holiday(day)) for calendar in (revision.before, revision.after))
        days = {"day": show_day(day), "before": before, "after": after}
        text = _("{day}, in no holiday: a period ending there is due {before} -> {after}")
        if span := revision.after.holiday_span(day):
            text = _("{day}, in the holiday from {first} to {last}: a period ending there is due {before} -> {after}")
            days |= {"first": show_day(span[0]), "last": show_day(span[1])}
        print_line(text.format(**days))
    if count := len(revision.rolled) - len(shown):
        text = _n(
            "{count} more rest day belongs to a different holiday; no deadline is affected so far",
            "{count} more rest days belong to different holidays; no deadline is affected so far",
            count,
        )
        print_line(text)


def day_and_reason(day: date, ruling: Ruling) -> str:
    """Return whether a day is worked, and why."""
    word = _("working day") if ruling.worked else _("day off")
    text = say(reason(Day(day, ruling.worked, ruling.kind, ruling.name, ruling.source, True)))
    return word if text == word else _("{word} ({reason})", word=word, reason=text)
