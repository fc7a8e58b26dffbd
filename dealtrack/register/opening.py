"""Opening a register: brought to the present schema where it is older, and its damage named where it has any."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from dealtrack.errors import RegisterUnusable
from dealtrack.phrase import Phrase
from dealtrack.register.register import Register
from dealtrack.register.sqlite import schema
from dealtrack.register.sqlite.connection import UNFORESEEN, check_unchanged, connect, faults_of


@contextmanager
def open_register(
    path: Path, *, read_only: bool = False, now: Callable[[], datetime] | None = None
) -> Iterator[Register]:
    """Open a register for the block; its faults come in the catalogue's words.

    One of an older schema is brought to the present one, as its `upgrade` then says; `now` gives the moment
    in the name of the copy made before. With `read_only` it is upgraded in memory alone.
    Raises RegisterMissing, NotARegister, RegisterNewer, RegisterOlder or RegisterUnusable.
    """
    connection = opened = connect(path, read_only=read_only)
    try:
        with faults_of(path):
            try:
                upgrade = None
                version = schema.check_schema(connection, path)
                if version < schema.VERSION:
                    # What upgrades and explains is imported where it is needed: start-up is what a clerk waits for.
                    from dealtrack.register.upgrade import in_memory, upgrade_register

                    if read_only:
                        connection = in_memory(connection, path, version)
                    else:
                        connection, upgrade = upgrade_register(connection, path, version, now() if now else None)
                register = Register(path, connection, upgrade)
                with register.opened:
                    yield register
            except UNFORESEEN as error:
                fault = _damage(Register(path, connection))
                if not fault:
                    raise
                reason = Phrase("it is damaged: {fault}. 'dealtrack verify' shows how to recover", fault=fault)
                raise RegisterUnusable(path=path, reason=reason) from error
        check_unchanged(opened, path)
    finally:
        connection.close()


def _damage(register: Register) -> str:
    """Return what is damaged in a register in which something unforeseen was met, nothing where it is whole."""
    from dealtrack.register.verification import first_damage

    try:
        return first_damage(register)
    except UnicodeDecodeError:
        return Phrase("its file has invalid text")
