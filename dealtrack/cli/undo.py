"""The command that undoes one's own last command."""

from typing import Annotated

from dealtrack.cli.changes import take_back
from dealtrack.cli.language import _
from dealtrack.cli.options import Format, Yes, option
from dealtrack.cli.session import Session
from dealtrack.cli.terminal import warn
from dealtrack.cli.transitions import REASON, read_detail
from dealtrack.core.lifecycle import UNDO, Kind
from dealtrack.register.last_command import last_command


def undo(session: Session, reason: Annotated[str, option("TEXT", "Reason.")], yes: Yes, fmt: Format) -> None:
    """Undo your last command: all entries that it recorded.

    Once more, it undoes the command before. What others recorded, an import, and changes of the register stay.
    """
    with session.register() as register:
        detail = read_detail((REASON,), {"reason": reason}) | {UNDO: True}
        command = last_command(register, session.actor)
        entries = sorted(((entry.complaint, entry.seq) for entry in command), key=lambda each: (each[0], -each[1]))
        take_back(session, register, entries, detail, {"yes": yes, "fmt": fmt})
        if any(entry.kind is Kind.AMENDED and "personal" in entry.detail for entry in command):
            warn(_("Personal data stays as it was corrected: earlier values are not kept."))
