"""What brings a register of an older schema to the present one, in a file and on a server: a migration for a version.

In a file, all that follows from the journal is made anew after every upgrade, so that most versions need nothing there.
On a server, functions, triggers, indexes and rights are made anew where they differ: a migration changes tables and
keys, and fills what it adds; `rebuild.project` fills empty tables from the journal.
"""

from collections.abc import Callable
from typing import NamedTuple

from dealtrack.core.personal import email_key, phone_key
from dealtrack.register.register import Register

Step = Callable[[Register], None]
"""What a migration does, within a transaction that the caller holds, and in which nobody records."""


class Migration(NamedTuple):
    """How a register of the version before comes to a version of the schema.

    `on_server` is run by the owner of the schema; it is None for a version that no server ever had.
    """

    version: int
    in_file: Step
    on_server: Step | None = None


def _compute_contact_keys(register: Register) -> None:
    """Compute by what a consumer is known again: a masked number, 138****1234, was once taken for one."""
    database = register.database
    for phone, email, complaint in database.rows("SELECT phone, email, complaint FROM personal"):
        values = (phone_key(phone), email_key(email), complaint)
        database.write("UPDATE personal SET phone_key = ?, email_key = ? WHERE complaint = ?", values)


MIGRATIONS = (Migration(3, in_file=_compute_contact_keys),)
"""The migrations, by version; those that need nothing in a file, and were before the first server, have none."""
