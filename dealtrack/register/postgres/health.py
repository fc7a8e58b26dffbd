"""What may be wrong with the server that a register lies on, and what it is."""

import os
from collections.abc import Iterator

from dealtrack.phrase import Phrase
from dealtrack.register.engine import Finding, ServerAddress
from dealtrack.register.postgres.access import weak_mode
from dealtrack.register.store import Store

_STATE = (
    "SELECT current_setting('server_version'), session_user, pg_catalog.pg_is_in_recovery(), "
    "current_setting('synchronous_standby_names'), current_setting('archive_mode'), "
    "(SELECT datctype FROM pg_catalog.pg_database WHERE datname = current_database()), "
    "(SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_backend_pid()), "
    "current_setting('fsync') || current_setting('full_page_writes')"
)
_ARCHIVER = (
    "SELECT failed_count, last_failed_wal FROM pg_catalog.pg_stat_archiver "
    "WHERE last_failed_time > coalesce(last_archived_time, '-infinity')"
)
_STANDBYS = """
SELECT count(*) FROM pg_catalog.pg_stat_replication WHERE coalesce(sync_state, 'sync') IN ('sync', 'quorum')
"""
"""How many synchronous standbys are connected; who may not see what each one is takes it for synchronous."""


def findings(register: Store, address: ServerAddress) -> Iterator[Finding]:
    """Yield what whoever manages the server should mend, and what there is only to know."""
    database = register.database
    ((_, _, is_standby, standbys, archiving, ctype, _, safety),) = database.rows(_STATE)
    if mode := weak_mode(address, os.environ):
        words = Phrase(
            "the server is not checked by its name (sslmode {mode}): somebody between could read and alter all; "
            "leave sslmode out of the address",
            mode=mode,
        )
        yield Finding("tls-weak", words)
    if ctype in ("C", "POSIX"):
        words = Phrase(
            "the database knows no letters but those of English (ctype {ctype}); move the register to one made with "
            "--locale C.UTF-8",
            ctype=ctype,
        )
        yield Finding("ctype-c", words)
    if safety != "onon":
        words = Phrase("the server may lose entries when the machine stops (fsync or full_page_writes is off)")
        yield Finding("server-unsafe", words)
    if is_standby:
        yield Finding("standby", Phrase("this is a standby, which takes no entries"), can_be_mended=False)
        return
    if not standbys:
        words = Phrase("no synchronous standby is named: if the server's disk is lost, its last entries are")
        yield Finding("standby-none", words, can_be_mended=False)
    elif database.rows(_STANDBYS) == [(0,)]:
        yield Finding("standby-gone", Phrase("no synchronous standby is connected: whoever records waits for one"))
    if archiving == "off":
        words = Phrase("the server keeps no archive of its log (archive_mode): what is lost since a backup stays lost")
        yield Finding("archive-none", words, can_be_mended=False)
    for count, name in database.rows(_ARCHIVER):
        words = Phrase("the server could not archive its log ({name}, {count} failures)", name=name, count=count)
        yield Finding("archive-failed", words)


def facts(register: Store, address: ServerAddress) -> Iterator[tuple[str, str]]:
    """Yield what a register lies on, as name and value."""
    ((version, login, _, _, _, ctype, tls, _),) = register.database.rows(_STATE)
    yield "register", str(address)
    yield "office", address.office
    yield "login", login
    yield "TLS", Phrase("yes") if tls else Phrase("no")
    yield "PostgreSQL", version
    yield "ctype", ctype
