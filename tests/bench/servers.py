"""`python -m tests.bench.servers [--rows N] [--runs N] [--seconds N] [--only WORDS] [--quick] [--files PATH] [--folder PATH]`.

It prints one table: what works take on a register in PostgreSQL, and beside it what they take on the same register in a
file, or their floor. Works of one line are run in turn; a cell is the median of the seconds by the wall's clock, and in
brackets of those of the processor, which the server's are no part of. The server syncs to a disk as any other does, and
lies in the folder, which its user must be able to enter; what it and the folder of files hold stays for the next run.
`--quick` takes 1,000 complaints and few writers: it shows that all of it runs, and measures nothing.
"""

import argparse
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple

from dealtrack.register.address import read_address
from dealtrack.register.moving import move
from dealtrack.register.opening import engine_of, open_register
from tests.bench.measure import Figures, in_turn
from tests.bench.works import PYTHON, START, Bench, remove
from tests.bench.writers import Recordings, measure
from tests.postgres import PORT, Server, own
from tests.proxy import Proxy, Side

SETTINGS = {
    "listen_addresses": "",
    "shared_buffers": "512MB",
    "max_wal_size": "8GB",
    "max_connections": "400",
}
DELAY = 10
"""Milliseconds each way, so that a trip takes twice as long."""
LOGIN = "bench"
"""Who is logged in, and so whom the journal names."""
NOT_COUNTED = 2
"""The messages of a client that begin and end its connection."""


class Size(NamedTuple):
    """How much is measured."""

    runs: int
    warm_ups: int
    """The runs that do not count."""
    seconds: float
    writers: int
    """Those who write to one register at once."""
    many: int
    """Those who write to many offices at once."""
    offices: int


FULL, QUICK = Size(9, 1, 20, 16, 32, 300), Size(1, 0, 0.5, 2, 2, 3)


class Row(NamedTuple):
    """A line of the table."""

    work: str
    beside: str
    figure: str
    ratio: str = ""
    reach: str = ""

    def __str__(self) -> str:
        return f"| {' | '.join(self)} |"


class ServerBench:
    """A server with the registers that works are measured with, beside the same ones in files."""

    def __init__(self, bench: Bench, server: Server, size: Size) -> None:
        self.bench, self.server, self.size = bench, server, size
        self.large = f"large{bench.count}"
        self.environment = {**bench.environment, "DEALTRACK_ACTOR": LOGIN}

    def address(self, office: str) -> str:
        """Return the address of an office."""
        return self.server.address(office, LOGIN).text

    def far_address(self, proxy: Proxy, office: str) -> str:
        """Return the address of an office behind a proxy."""
        return f"postgresql://{LOGIN}@127.0.0.1:{proxy.port}/postgres?sslmode=disable&office={office}"

    def dealtrack(self, db: object, *words: str) -> list[str]:
        """Return a command line."""
        return [PYTHON, "-m", "dealtrack", "--db", str(db), *words]

    @property
    def large_address(self) -> str:
        """Return the address of the large register, which is copied to the server where it is not there yet."""
        if not self.is_there(self.large):
            self.take_in(self.bench.large, self.large)
        return self.address(self.large)

    def is_there(self, office: str) -> bool:
        """Tell whether the server has a register."""
        return bool(self.server.run(f"SELECT 1 FROM pg_namespace WHERE nspname = '{office}'"))

    def prepare(self) -> None:
        """Make the login and the registers that are not there yet, but for the large one."""
        if not self.server.run(f"SELECT 1 FROM pg_roles WHERE rolname = '{LOGIN}'"):
            self.server.run(f"CREATE ROLE {LOGIN} LOGIN SUPERUSER")
        for office in self.offices:
            if not self.is_there(office):
                self.take_in(self.bench.empty, office)

    @property
    def offices(self) -> list[str]:
        """Return the offices that many write to, and one that all of them write to before."""
        return ["crowded", *(f"office{number}" for number in range(self.size.offices))]

    def take_in(self, file: Path, office: str) -> Figures:
        """Copy a register to the server; return the seconds that it took, and the head of both."""
        wall, cpu = time.perf_counter(), time.process_time()
        with open_register(file, read_only=True) as register:
            engine_of(read_address(self.address(office))).take_in(register.database, lambda _: None, lambda _: None)
            wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
            with open_register(read_address(self.address(office))) as copy:
                if copy.head() != register.head():
                    raise SystemExit(f"{office} has another head than {file}")
        return Figures(wall, cpu, 0, b"")

    def rows(self) -> Iterator[tuple[str, "Iterator[Row]"]]:
        """Yield the works by name, each with its lines, which are measured when they are asked for."""
        yield "import typer, psycopg2", self._start()
        yield "copy", self._copied()
        for words in ("overdue", "list --status open", "show 12"):
            yield words, self._looked(words)
        yield "far", self._far()
        yield "report", self._compared("report --by platform", "1.3")
        yield "writers", self._written()
        yield "offices", self._offices()
        yield "search", self._compared("search 双十一", "1.5")
        yield "backup", self._backed_up()
        yield "move", self._moved()

    def _start(self) -> Iterator[Row]:
        file, server = self._in_turn([START, _start("psycopg2")])
        yield Row("`import typer, psycopg2`", f"sqlite3 {file.seconds}", server.seconds, _ratio(server, file))

    def _copied(self) -> Iterator[Row]:
        self.server.run(f"DROP SCHEMA IF EXISTS {self.large} CASCADE")
        figures = self.take_in(self.bench.large, self.large)
        yield Row(f"a file of {self.bench.count:,} copied into a schema, same head", "", figures.seconds, "", "150 s")

    def _moved(self) -> Iterator[Row]:
        # Whoever moves a register closes the file to entries.
        copy = self.bench.folder / "moved.db"
        remove(copy)
        shutil.copy(self.bench.large, copy)
        self.server.run("DROP SCHEMA IF EXISTS moved CASCADE")
        wall, cpu, of_server = time.perf_counter(), time.process_time(), self.server.cpu()
        with open_register(copy) as register:
            move(register, read_address(self.address("moved")))
        figures = Figures(time.perf_counter() - wall, time.process_time() - cpu, 0, b"")
        said = f"{figures.seconds}, CPU of the server {self.server.cpu() - of_server:.1f} s"
        self.server.run("DROP SCHEMA moved CASCADE")
        remove(copy)
        yield Row(f"a file of {self.bench.count:,} moved into a schema, and verified there", "", said, "", "150 s")

    def _looked(self, words: str) -> Iterator[Row]:
        looked = [self.dealtrack(db, *words.split()) for db in (self.bench.large, self.large_address)]
        floor, file, server = self._in_turn([_start("psycopg2"), *looked])
        work = f"{words} of {self.bench.count:,}"
        yield Row(work, f"`import typer, psycopg2` {floor.seconds}", server.seconds, _ratio(server, floor), "1.5")
        yield Row("the same", f"SQLite {file.seconds}", server.seconds, _ratio(server, file))

    def _far(self) -> Iterator[Row]:
        # Copied where it is not there.
        _ = self.large_address
        add = "add --platform JD --category quality --number A1 --summary x"
        for words, office, reach in (("overdue", self.large, "0.45 s"), (add, "crowded", "0.4 s, 9 trips")):
            with Proxy.started(self._socket, DELAY) as proxy:
                command = self.dealtrack(self.far_address(proxy, office), *words.split())
                (figures,) = self._in_turn([command])
                trips = proxy.counts[Side.CLIENT] / (self.size.runs + self.size.warm_ups) - NOT_COUNTED
            yield Row(f"{words.split()[0]} at {2 * DELAY} ms", "", f"{figures.seconds}, {trips:.0f} trips", "", reach)

    def _compared(self, words: str, reach: str) -> Iterator[Row]:
        commands = [self.dealtrack(db, *words.split()) for db in (self.bench.large, self.large_address)]
        file, server = in_turn(commands, self.environment, min(3, self.size.runs), 0)
        yield Row(
            f"{words} of {self.bench.count:,}", f"SQLite {file.seconds}", server.seconds, _ratio(server, file), reach
        )

    def _backed_up(self) -> Iterator[Row]:
        copy, both, heads = self.bench.folder / "backup.db", [], set()
        for db in (str(self.bench.large), self.large_address):
            remove(copy)
            wall, cpu = time.perf_counter(), time.process_time()
            with open_register(read_address(db)) as register:
                heads.add(register.engine.back_up(register, copy))
            both.append(Figures(time.perf_counter() - wall, time.process_time() - cpu, 0, b""))
        remove(copy)
        if len(heads) > 1:
            raise SystemExit("the backups have different heads")
        file, server = both
        yield Row(f"backup of {self.bench.count:,}", f"SQLite {file.seconds}", server.seconds, _ratio(server, file))

    def _written(self) -> Iterator[Row]:
        crowded = self.bench.folder / "crowded.db"
        remove(crowded)
        shutil.copy(self.bench.empty, crowded)
        both = []
        for db in (str(crowded), self.address("crowded")):
            shares = [[db]] * self.size.writers
            both.append(measure(shares, self.size.seconds, self.environment, "sessions"))
        file, server = both
        remove(crowded)
        work = f"{self.size.writers} writers on one register, open sessions"
        yield Row(work, _recordings(file), _recordings(server), f"{server.rate / file.rate:.2f}", "200/s; p99 0.7 s")

    def _offices(self) -> Iterator[Row]:
        work = f"{self.size.many} writers over {self.size.offices} offices at {2 * DELAY} ms"
        for by, reach in (("sessions", "400/s, 3 trips"), ("commands", "")):
            with Proxy.started(self._socket, DELAY) as proxy:
                addresses = [self.far_address(proxy, office) for office in self.offices[1:]]
                shares = [addresses[number :: self.size.many] for number in range(self.size.many)]
                meters = self.server.cpu, time.process_time, partial(proxy.counts.__getitem__, Side.CLIENT)
                figures = measure(shares, self.size.seconds, self.environment, by, meters)
            yield Row(f"{work}, {by}", "", _recordings(figures), "", reach)
            server, network, messages = figures.metered
            # Nobody waits for the message that ends a connection.
            trips = messages - (by == "commands")
            alone = f"{self.size.many / (trips * 2 * DELAY / 1000):.0f}/s by {trips:.1f} trips alone"
            cpu = f"CPU of each: client {figures.cpu:.4f} s, server {server:.4f} s, proxy {network:.4f} s"
            yield Row("the same, were there no wait but that for trips", "", f"{alone}; {cpu}")

    @property
    def _socket(self) -> Path:
        return self.server.folder / f".s.PGSQL.{PORT}"

    def _in_turn(self, commands: Sequence[Sequence[str]]) -> list[Figures]:
        return in_turn(commands, self.environment, self.size.runs, self.size.warm_ups)


def _start(driver: str) -> Sequence[str]:
    return (PYTHON, "-c", f"import typer, {driver}")


def _ratio(ours: Figures, other: Figures) -> str:
    return f"{ours.wall / other.wall:.2f} ({ours.cpu / other.cpu:.2f})"


def _recordings(figures: Recordings) -> str:
    trips = f", {figures.trips:.1f} trips" if figures.trips else ""
    times = f"median {figures.median:.3f} s, p99 {figures.p99:.3f} s, longest {figures.worst:.3f} s"
    return f"{figures.rate:.0f}/s, {times}{trips}"


@contextmanager
def running(folder: Path) -> Iterator[Server]:
    """Start the server that lies in a folder, made where it is not there, and stop it after the block."""
    server = Server(folder, SETTINGS)
    if not (folder / "data").exists():
        folder.mkdir(parents=True, exist_ok=True)
        own(folder)
        server.program(
            "initdb",
            "-D",
            str(folder / "data"),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-N",
        )
    server.start()
    try:
        yield server
    finally:
        # Not at once: the server would sync every file when it starts again.
        server.program("pg_ctl", "-D", str(folder / "data"), "-w", "-m", "fast", "stop")


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.servers", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=FULL.runs)
    parser.add_argument("--seconds", type=float, default=FULL.seconds)
    parser.add_argument("--only", nargs="*", default=[""], help="works whose name holds any of these")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--files", type=Path, help="where registers in files are kept for the next run")
    parser.add_argument("--folder", type=Path, help="where the server is kept for the next run")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        own(Path(temporary))
        size = QUICK if given.quick else FULL._replace(runs=given.runs, seconds=given.seconds)
        bench = Bench(given.files or Path(temporary) / "files", 1000 if given.quick else given.rows, with_peers=False)
        bench.prepare()
        with running(given.folder or Path(temporary) / "server") as server:
            measured = ServerBench(bench, server, size)
            measured.prepare()
            print("| work | beside | PostgreSQL | ratio | to reach |")
            print("|---|---|---|---|---|")
            for name, rows in measured.rows():
                if any(words in name for words in given.only):
                    for row in rows:
                        print(row, flush=True)


if __name__ == "__main__":
    main()
