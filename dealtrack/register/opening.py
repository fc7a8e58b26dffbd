"""Opening a register: brought to the present schema where it is older, and its damage named where it has any."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

from dealtrack.errors import MissingExtra, RegisterUnusable
from dealtrack.phrase import Phrase
from dealtrack.register.engine import UNFORESEEN, Address, Engine, faults_of
from dealtrack.register.register import Register


def engine_of(address: Address) -> Engine:
    """Return what keeps the register at an address; raises MissingExtra."""
    # Neither engine is loaded for the other.
    if isinstance(address, Path):
        from dealtrack.register.sqlite.engine import FileEngine

        return FileEngine(address)
    try:
        from dealtrack.register.postgres.engine import ServerEngine
    except ModuleNotFoundError:
        what = Phrase("A register on a server")
        raise MissingExtra(what=what, package="psycopg2", extra="postgres") from None
    return ServerEngine(address)


@contextmanager
def open_register(
    address: Address, *, read_only: bool = False, now: Callable[[], datetime] | None = None
) -> Iterator[Register]:
    """Open a register for the block; its faults come in the catalogue's words.

    One of an older schema is brought to the present one, as its `upgrade` then says; `now` gives the moment
    in the name of the copy made before. With `read_only` it is upgraded in memory alone.
    Raises RegisterMissing, NotARegister, RegisterNewer, RegisterOlder, OfficeOlder or
    RegisterUnusable.
    """
    engine = engine_of(address)
    with faults_of(address), engine.opened(read_only=read_only) as opened, ExitStack() as stack:
        database = opened
        try:
            database, upgrade = engine.upgraded(opened, read_only=read_only, now=now)
            if database is not opened:
                stack.callback(database.close)
            register = Register(engine, database, upgrade)
            with register.opened:
                yield register
        except UNFORESEEN as error:
            damage = _damage(Register(engine, database))
            if not damage:
                raise
            reason = Phrase("it is damaged: {fault}. 'dealtrack verify' shows how to recover", fault=damage)
            raise RegisterUnusable(path=address, reason=reason) from error


def _damage(register: Register) -> str:
    """Return what is damaged in a register in which something unforeseen was met, nothing where it is whole."""
    from dealtrack.register.verification import first_damage

    try:
        return first_damage(register)
    except UnicodeDecodeError:
        return Phrase("its file has invalid text")
