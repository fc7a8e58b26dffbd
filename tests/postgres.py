"""A PostgreSQL server of the tests' own: on a socket in a temporary folder, as another user where the tests are root."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from select import select
from time import monotonic
from typing import Any
from urllib.parse import quote

from dealtrack.register.address import read_address
from dealtrack.register.engine import ServerAddress

LEAST = 15
"""The oldest version that dealtrack knows."""
PORT = 54320
"""Names the socket alone: the server listens on no network."""
SUPERUSER = "postgres"
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "60",
    "autovacuum": "off",
}
DURABLE = {
    "listen_addresses": "",
    "shared_buffers": "16MB",
    "max_connections": "40",
    "autovacuum": "off",
    "wal_level": "replica",
    "synchronous_commit": "on",
    "commit_delay": "10000",
    "commit_siblings": "0",
}
"""The settings of a server that loses nothing: files are synced, and a standby may follow.

Each recording waits for 10 ms before it is synced, so that more kills hit it at this moment.
"""
STANDBY_AHEAD = "(SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming' AND sync_state = 'sync') = 1"
MEMORY = Path("/dev/shm")
ROOM_NEEDED = 2**30
PATIENCE = 30
"""How many seconds an event is waited for."""


def quoted(name: str) -> str:
    """Return a name as SQL quotes it."""
    return '"{}"'.format(name.replace('"', '""'))


def binaries() -> Path | None:
    """Return the folder of the newest server's programs, None without one that is new enough."""
    folders = list(Path("/usr/lib/postgresql").glob("*/bin"))
    if (program := shutil.which("initdb")) is not None:
        folders.append(Path(program).resolve().parent)
    versions = {}
    for folder in folders:
        if (folder / "postgres").is_file():
            said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
            if (number := re.search(r" (\d+)", said)) and int(number[1]) >= LEAST:
                versions[int(number[1])] = folder
    return versions[max(versions)] if versions else None


def why_not() -> str:
    """Return why there can be no server here, empty where there can."""
    if find_spec("psycopg2") is None:
        return "psycopg2 is not installed (pip install 'dealtrack[postgres]')"
    if sys.platform == "win32" or binaries() is None:
        return f"there is no PostgreSQL {LEAST} or later (apt-get install postgresql)"
    if os.geteuid() == 0 and _user() is None:
        return "PostgreSQL does not run as root, and there is no user postgres or nobody"
    return ""


def own(folder: Path) -> None:
    """Give a folder to the user that the server runs as."""
    if os.geteuid() == 0 and (user := _user()):
        os.chown(folder, *user)


def _parents() -> Iterator[tuple[int, int]]:
    """Yield the number of each process that runs, and its parent's; on Linux alone."""
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, parent, *_ = (place / "stat").read_text().rpartition(")")[2].split()
            if state != "Z":
                yield int(place.name), int(parent)


def _user() -> tuple[int, int] | None:
    """Return the numbers of the user, and of its group, that the server runs as where the tests are root."""
    import pwd

    users = {entry.pw_name: (entry.pw_uid, entry.pw_gid) for entry in pwd.getpwall()}
    return users.get(SUPERUSER) or users.get("nobody")


@dataclass
class Server:
    """A server in a folder of its own, with settings; it may be stopped, killed, followed and started again."""

    folder: Path
    settings: Mapping[str, str] = field(default_factory=lambda: SETTINGS)

    def __post_init__(self) -> None:
        self._numbers = count(1)
        self._logins = {SUPERUSER}
        self._connection: Any = None

    @classmethod
    @contextmanager
    def started(cls, settings: Mapping[str, str] = SETTINGS, *options: str) -> Iterator["Server"]:
        """Start a server, and stop it after the block; `options` are further ones of initdb."""
        with cls._placed(settings) as server:
            made = ("-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "-N", *options)
            server.program("initdb", *server._data, *made)
            server.start()
            yield server

    @classmethod
    @contextmanager
    def _placed(cls, settings: Mapping[str, str]) -> Iterator["Server"]:
        """Make a server's folder, and remove it after the block together with the server that runs in it."""
        # Not in pytest's folder, which no other user may enter, and whose path is too long for a socket.
        # In memory each file is synced at once, and no disk takes part in what is tried here.
        has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_NEEDED
        server = cls(Path(tempfile.mkdtemp(prefix="postgres-", dir=MEMORY if has_room else None)), settings)
        try:
            own(server.folder)
            yield server
        finally:
            if server._connection is not None:
                server._connection.close()
            server.stop()
            shutil.rmtree(server.folder, ignore_errors=True)

    @contextmanager
    def standby(self) -> Iterator["Server"]:
        """Start a server that follows this one, and stop it after the block."""
        with self._placed(self.settings) as server:
            source = ("-h", str(self.folder), "-p", str(PORT), "-U", SUPERUSER)
            self.program("pg_basebackup", *source, *server._data, "-R", "-c", "fast", "-X", "stream", "--no-sync")
            server.start()
            yield server

    def require_standby(self) -> None:
        """Let no recording end from now on before the standby has it."""
        self.run("ALTER SYSTEM SET synchronous_standby_names = '*'", "SELECT pg_reload_conf()")
        self.await_truth(STANDBY_AHEAD)
        # The process that makes checkpoints tells the others of the setting.
        self.run("CHECKPOINT")

    def promote(self) -> None:
        """Make a standby a server of its own."""
        self.program("pg_ctl", *self._data, "-w", "promote")

    @property
    def _data(self) -> tuple[str, str]:
        return "-D", str(self.folder / "data")

    @property
    def _lock(self) -> Path:
        return self.folder / "data" / "postmaster.pid"

    def start(self) -> None:
        """Start the server, which recovers where it was killed."""
        settings = " ".join(f"-c {name}={value}" for name, value in self.settings.items())
        options = f"-k {self.folder} -p {PORT} {settings}"
        self.program("pg_ctl", *self._data, "-w", "-l", str(self.folder / "log"), "-o", options, "start")

    def stop(self) -> None:
        """Stop the server at once, as by a crash, if it runs."""
        if self._lock.exists():
            self.program("pg_ctl", *self._data, "-w", "-m", "immediate", "stop")

    @contextmanager
    def unreached(self) -> Iterator[None]:
        """Let a standby receive nothing of what it is sent in the block, as by a network that is down."""
        ((receiver,),) = self.run("SELECT pid FROM pg_stat_wal_receiver")
        os.kill(receiver, signal.SIGSTOP)
        # When it goes on, it ends before it reads on.
        os.kill(receiver, signal.SIGTERM)
        try:
            yield
        finally:
            os.kill(receiver, signal.SIGCONT)

    def kill(self) -> None:
        """Kill all of the server's processes, and wait for their end."""
        handles = []
        for process in self._processes():
            with suppress(ProcessLookupError):
                handles.append(os.pidfd_open(process))
                signal.pidfd_send_signal(handles[-1], signal.SIGKILL)
        for handle in handles:
            assert select([handle], [], [], PATIENCE)[0], "a server that was killed goes on"
            os.close(handle)
        # A process that nobody has asked how it ended still counts for it as running.
        for lock in (self._lock, self.folder / f".s.PGSQL.{PORT}.lock"):
            lock.unlink(missing_ok=True)

    def _processes(self) -> list[int]:
        """Return the numbers of the server's processes, its first one before all others; none where it does not run."""
        first = int(self._lock.read_text().split()[0]) if self._lock.exists() else 0
        parents = dict(_parents())
        return [first, *(process for process, parent in parents.items() if parent == first)] if first in parents else []

    def cpu(self) -> float:
        """Return the seconds of the processor of all processes of the server, of those too that have ended."""
        ticks = 0
        for place, process in enumerate(self._processes()):
            with suppress(OSError):
                fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
                # The first process has waited for those that have ended.
                ticks += sum(map(int, fields[11 : 13 if place else 15]))
        return ticks / os.sysconf("SC_CLK_TCK")

    def program(self, name: str, *arguments: str) -> None:
        """Run one of the server's programs as the server's user."""
        folder = binaries()
        assert folder is not None
        user, group = (_user() if os.geteuid() == 0 else None) or (None, None)
        environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
        # The server outlives pg_ctl, and would keep a pipe open: what is printed goes to a file.
        with (self.folder / "output").open("w+", encoding="utf-8") as output:
            ran = subprocess.run(
                [folder / name, *arguments],
                check=False,
                cwd="/",
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=user,
                group=group,
                extra_groups=None if user is None else (),
                timeout=120,
            )
            output.seek(0)
            assert ran.returncode == 0, output.read()

    def uri(self, login: str = SUPERUSER, database: str = "postgres") -> str:
        """Return what libpq connects by; without a login, by that of the environment."""
        user = f"{quote(login)}@" if login else ""
        return f"postgresql://{user}/{database}?host={quote(str(self.folder), safe='')}&port={PORT}"

    def address(self, office: str, login: str = SUPERUSER) -> ServerAddress:
        """Return the address of an office's register, for a login."""
        address = read_address(f"{self.uri(login)}&office={quote(office)}")
        assert isinstance(address, ServerAddress)
        return address

    def new_name(self, start: str = "office") -> str:
        """Return a name that no other test gets, for a schema or a role."""
        return f"{start}{next(self._numbers)}"

    def run(self, *statements: str, login: str = SUPERUSER) -> list[tuple[Any, ...]]:
        """Run statements, each by itself, and return what the last one reads; raises psycopg2's errors."""
        import psycopg2

        with closing(psycopg2.connect(self.uri(login))) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return cursor.fetchall() if cursor.description else []

    def add_login(self, name: str) -> None:
        """Make a login that may do everything, unless it is there."""
        if name not in self._logins:
            self.run(f"CREATE ROLE {quoted(name)} LOGIN SUPERUSER")
            self._logins.add(name)

    def copy_office(self, made: str, name: str) -> None:
        """Make an office's register with all rows of another, instead of the one that may be there."""
        from dealtrack.register.postgres import schema

        source, target = quoted(made), quoted(name)
        filled = [
            f"INSERT INTO {target}.{table} SELECT * FROM {source}.{table}"
            for table in (*schema.COPIED_TABLES, "evidence")
        ]
        statements = [*schema.create_unguarded(name), *filled, *schema.guards(name)]
        self._do("BEGIN", f"DROP SCHEMA IF EXISTS {target} CASCADE", *statements, "COMMIT")

    def drop_office(self, name: str) -> None:
        """Drop an office's register, if it is there; one that a process still uses is left."""
        from psycopg2.errors import LockNotAvailable

        with suppress(LockNotAvailable):
            self._do("SET lock_timeout = '1s'", f"DROP SCHEMA IF EXISTS {quoted(name)} CASCADE")

    def rows(self, office: str, sql: str) -> list[tuple[Any, ...]]:
        """Return what a statement reads of an office's tables; bytes are bytes."""
        read = self._do(f"SET search_path = {quoted(office)}", sql)
        return [tuple(bytes(cell) if isinstance(cell, memoryview) else cell for cell in row) for row in read]

    def alter(self, office: str, *statements: str) -> None:
        """Alter an office's tables, all as said or nothing."""
        self._do("BEGIN", f"SET LOCAL search_path = {quoted(office)}", *statements, "COMMIT")

    def forge(self, office: str, statement: str) -> None:
        """Alter an office's journal, past what guards it."""
        read = f"SELECT tgname FROM pg_trigger WHERE tgrelid = '{quoted(office)}.transition'::regclass AND NOT tgisinternal"
        names = [quoted(name) for (name,) in self._do(read)]
        statements = [f"ALTER TABLE transition DISABLE TRIGGER {name}" for name in names]
        statements += [statement, *(f"ALTER TABLE transition ENABLE ALWAYS TRIGGER {name}" for name in names)]
        self.alter(office, *statements)

    @contextmanager
    def locked(self, office: str) -> Iterator[None]:
        """Keep everybody else from writing to an office's register during the block."""
        import psycopg2

        with closing(psycopg2.connect(self.uri())) as connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT seq FROM {quoted(office)}.head FOR UPDATE")
            yield

    def _do(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run statements in one trip, on a connection that is kept, and return what the last one reads."""
        import psycopg2

        if self._connection is None:
            self._connection = psycopg2.connect(self.uri())
            self._connection.autocommit = True
        with self._connection.cursor() as cursor:
            try:
                cursor.execute(";".join(statements))
            except psycopg2.Error:
                cursor.execute("ROLLBACK")
                raise
            return cursor.fetchall() if cursor.description else []

    def await_truth(self, condition: str) -> None:
        """Wait until a condition holds on the server."""
        end = monotonic() + PATIENCE
        while not self.run(f"SELECT {condition}")[0][0]:
            assert monotonic() < end, condition
