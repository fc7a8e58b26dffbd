"""Deadlines written as a calendar file."""

import sys
from collections.abc import Iterable
from pathlib import Path

from dealtrack.cli.language import _, _n
from dealtrack.core.standing import Lateness
from dealtrack.core.text import safe_text
from dealtrack.exchange.files import FileKind, bytes_beside
from dealtrack.exchange.ics import Deadline, ics_bytes
from dealtrack.register.changes import Changes, identity
from dealtrack.register.register import Register
from dealtrack.register.view import View


def print_events(register: Register, latenesses: Iterable[Lateness], view: View, file: str) -> None:
    """Write clocks as a calendar file, `-` for standard output, and say how many they are; raises CannotWrite."""
    changes = Changes(register, view)
    deadlines = [Deadline(lateness, *changes.of(lateness.complaint.id)) for lateness in latenesses]
    held = ics_bytes(deadlines, identity(register), register.calendar_in(view), register.zone, _)
    if file == "-":
        sys.stdout.write(held.decode())
        return
    with bytes_beside(Path(file), FileKind.CALENDAR) as stream:
        stream.write(held)
    told = _n("{count} deadline written to {file}", "{count} deadlines written to {file}", len(deadlines))
    print(safe_text(told.format(count=len(deadlines), file=file)))
