"""What `dealtrack` alone shows on a terminal: what is overdue, what is due today, one's own, and how to go on."""

import sys
from collections.abc import Iterable, Sequence
from shutil import get_terminal_size
from typing import Any

from dealtrack.cli.config import quoted_word
from dealtrack.cli.language import _, _n
from dealtrack.cli.output import LATE_KEYS, next_line, show_day
from dealtrack.cli.session import Session
from dealtrack.cli.table import print_table
from dealtrack.cli.terminal import print_line
from dealtrack.cli.waiting import tell_waiting
from dealtrack.core.agenda import by_urgency
from dealtrack.core.deadlines import deadline
from dealtrack.core.moments import local_day, show_moment
from dealtrack.core.standing import record, record_keys, watch_record
from dealtrack.register.queries import OPEN, Filter

LEAST_SHOWN = 3
"""The rows of each part that are shown however low the terminal is."""


def print_today(session: Session) -> None:
    """Print the parts that hold anything, as many rows of each as fit the terminal."""
    with session.reading("", "") as (register, view):
        zone, every = register.zone, Filter()
        day = local_day(view.moment, zone)
        section = session.settings.value("section")
        names = {session.actor, section}
        standings = register.standings(Filter(statuses=(OPEN,)), view)
        mine = {each.complaint.id: each for each in standings if names & {each.complaint.owner, each.complaint.handler}}
        items = by_urgency(mine.values(), view.moment, zone)
        own_records = [record(mine[item.complaint.id]) for item in items]
        overdue = list(map(watch_record, register.overdue(every, view)))
        due = list(map(watch_record, register.due(every, deadline(day, None, zone), view)))
        parts: list[tuple[str, str, Sequence[dict[str, Any]], Iterable[str]]] = [
            (_n("{count} deadline overdue", "{count} deadlines overdue", len(overdue)), "overdue", overdue, LATE_KEYS),
            (_n("{count} deadline due today", "{count} deadlines due today", len(due)), "due", due, LATE_KEYS[:-1]),
            (
                _n("{count} open complaint of yours", "{count} open complaints of yours", len(mine)),
                f"list --status open --owner {quoted_word(section or session.actor)}",
                own_records,
                record_keys(register.clock_names(view)),
            ),
        ]
        shown = [part for part in parts if part[2]]
        texts = [text for text, *_rest in shown] or [_("nothing overdue or due")]
        moment = show_moment(view.moment, zone).partition(" ")[2]
        line = _("{day} {hour}{rest}: {counts}", day=show_day(day), hour=moment, rest="", counts=_(", ").join(texts))
        print_line(line)
        # Above the rows of each part stand a blank line, its name, two lines of titles and a rule.
        rows = max(LEAST_SHOWN, (get_terminal_size().lines - 3) // max(1, len(shown)) - 5)
        for text, command, records, keys in shown:
            print()
            print_line(_("{part}: {command}", part=text, command=f"dealtrack {command}"))
            print_table(records[:rows], list(keys), zone, sys.stdout)
        tell_waiting(register, view)
    if not shown:
        session.advise(next_line("dealtrack add"))
    session.advise(_("'dealtrack --help' lists all commands."))
