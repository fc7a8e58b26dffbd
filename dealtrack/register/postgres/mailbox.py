"""The mailbox of an office on a server: a table that clerks of other offices write to through functions alone."""

from dealtrack.register.address import NATION
from dealtrack.register.mailbox import Mail, MailContent
from dealtrack.register.postgres.connection import ServerDatabase
from dealtrack.register.postgres.values import quoted
from dealtrack.register.store import MAIL_COLUMNS, MAIL_ORDER

_OFFICES = """
SELECT n.nspname FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_proc p ON p.pronamespace = n.oid
WHERE p.proname = 'deliver' AND pg_catalog.pg_get_userbyid(n.nspowner) = n.nspname || '_owner'
ORDER BY n.nspname COLLATE "C"
"""


class ServerMailbox:
    """The mailbox of an office, and what it sends to those of others."""

    def __init__(self, database: ServerDatabase, office: str) -> None:
        self._database, self.office = database, office

    def offices(self) -> list[str]:
        """Return the offices between which complaints can be transferred, by name: those that have roles."""
        return [name for (name,) in self._database.rows(_OFFICES) if name != NATION]

    def send(self, office: str, seq: int, content: str, files: str) -> None:
        """Put what an entry of this office's journal transfers into another's mailbox, within a recording."""
        self._database.rows(f"SELECT {quoted(office)}.deliver(?, ?, ?, ?)", (self.office, seq, content, files))

    def recall(self, office: str, seq: int) -> bool:
        """Take back what an entry transferred that was undone within this recording; tell whether it still waited."""
        if office not in self.offices():
            # An import may bring a transfer from another server.
            return False
        ((is_back,),) = self._database.rows(f"SELECT {quoted(office)}.recall(?, ?)", (self.office, seq))
        return bool(is_back)

    def contents(self) -> list[tuple[Mail, str]]:
        """Return what waits here, each with the complaint as JSON, the longest waiting first."""
        rows = self._database.rows(f"SELECT {MAIL_COLUMNS}, content FROM mailbox {MAIL_ORDER}")
        return [(Mail.of(row), content) for *row, content in rows]

    def content(self, mail: Mail) -> MailContent | None:
        """Return what was sent with what waits; None where it waits no more."""
        values = (mail.office, mail.seq)
        row = self._database.row("SELECT content, files FROM mailbox WHERE office = ? AND seq = ?", values)
        return MailContent(*row) if row else None

    def clear(self, mail: Mail) -> bool:
        """Remove what was taken over, within the recording that did it; tell whether it still waited."""
        ((is_cleared,),) = self._database.rows("SELECT clear_mail(?, ?)", (mail.office, mail.seq))
        return bool(is_cleared)
