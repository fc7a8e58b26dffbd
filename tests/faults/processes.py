"""Commands as processes of their own, made by forking this one, which has imported everything already.

A fork takes a hundredth of a second where a fresh interpreter takes a tenth. It opens the register itself, can be
killed at any moment, and leaves behind what any process leaves behind.
"""

import contextlib
import gc
import io
import os
import pickle
import pkgutil
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from typing import Any, TypeVar

from dealtrack.register.engine import Address

WORKERS = 2
PATIENCE = 120.0
"""Seconds after which a command that has not ended counts as hanging."""

LONG = 3000.0
"""Seconds that a series of commands may take together."""

TRACEBACK = 70
HUNG = -999

Case = TypeVar("Case")
Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended: its status, negative for a signal, and what it printed."""

    status: int
    out: str
    err: str
    seconds: float

    @property
    def is_plain(self) -> bool:
        """Tell whether it ended as commands may: with a status of theirs, and no traceback."""
        return 0 <= self.status <= 4 and "Traceback" not in self.err + self.out

    def told(self) -> str:
        """Return the ending in one line."""
        return f"status {self.status}: {(self.err or self.out).strip()[-400:]!r}"


def warm() -> None:
    """Import all that commands import, so that forks need not."""
    import dealtrack

    absent = () if find_spec("psycopg2") else ("dealtrack.register.postgres.",)
    for module in pkgutil.walk_packages(dealtrack.__path__, "dealtrack."):
        if not module.name.endswith("__main__") and not module.name.startswith(absent):
            import_module(module.name)
    for name in (
        "holidays",
        "sqlite_utils",
        "rich.table",
        "rich.console",
        "zoneinfo",
        "encodings.utf_8_sig",
    ):
        import_module(name)
    gc.collect()
    gc.freeze()


class Running:
    """A command that runs."""

    def __init__(self, pid: int, out: int, err: int) -> None:
        self.pid = pid
        self._out, self._err = out, err
        self._began = time.monotonic()
        self._handle = os.pidfd_open(pid)

    def wait(self, seconds: float = PATIENCE) -> bool:
        """Wait for its end, at most so long, and tell whether it came."""
        return bool(select.select([self._handle], [], [], max(0.0, seconds))[0])

    def kill(self) -> None:
        """Kill it at once."""
        signal.pidfd_send_signal(self._handle, signal.SIGKILL)

    def end(self, seconds: float = PATIENCE) -> Outcome:
        """Return how it ended; one that does not end is killed, and its status is HUNG."""
        hung = not self.wait(seconds)
        if hung:
            self.kill()
        _, waited = os.waitpid(self.pid, 0)
        took = time.monotonic() - self._began
        status = HUNG if hung else os.waitstatus_to_exitcode(waited)
        outcome = Outcome(status, _read(self._out), _read(self._err), took)
        os.close(self._handle)
        return outcome


def _read(handle: int) -> str:
    size = os.fstat(handle).st_size
    data = os.pread(handle, size, 0)
    os.close(handle)
    return data.decode("utf-8", "replace")


def start(
    arguments: Sequence[object],
    environment: Mapping[str, str],
    before: Callable[[], object] | None = None,
    stdin: bytes = b"",
) -> Running:
    """Start a command; `before` is called in its process first."""
    return _fork(lambda: _command([str(argument) for argument in arguments], environment), before, stdin)


def _command(arguments: list[str], environment: Mapping[str, str]) -> int:
    os.environ.clear()
    os.environ.update(environment)
    from dealtrack.cli.main import main

    return main(arguments)


def _fork(work: Callable[[], int], before: Callable[[], object] | None = None, stdin: bytes = b"") -> Running:
    out, err, given = (os.memfd_create(name) for name in ("out", "err", "in"))
    if stdin:
        os.write(given, stdin)
    sys.stdout.flush()
    sys.stderr.flush()
    pid = os.fork()
    if pid:
        os.close(given)
        return Running(pid, out, err)
    status = TRACEBACK
    try:
        os.lseek(given, 0, os.SEEK_SET)
        for held, place in ((given, 0), (out, 1), (err, 2)):
            os.dup2(held, place)
        sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False))
        sys.stdout = io.TextIOWrapper(io.BufferedWriter(io.FileIO(1, "w", closefd=False)), encoding="utf-8")
        sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), encoding="utf-8", write_through=True)
        if before:
            before()
        status = work()
        sys.stdout.flush()
    except SystemExit as error:
        status = error.code if isinstance(error.code, int) else 1
    except BaseException:  # noqa: BLE001  # whatever it is, a user would see it as a traceback
        with contextlib.suppress(OSError):
            traceback.print_exc()
        status = TRACEBACK
    finally:
        os._exit(status & 0xFF)


def begin(work: Callable[..., None], *arguments: object) -> Running:
    """Start a function in a fork; its status is 0 unless it raises."""

    def call() -> int:
        work(*arguments)
        return 0

    return _fork(call)


def run(
    arguments: Sequence[object],
    environment: Mapping[str, str],
    before: Callable[[], object] | None = None,
    stdin: bytes = b"",
    seconds: float = PATIENCE,
) -> Outcome:
    """Run a command to its end."""
    return start(arguments, environment, before, stdin).end(seconds)


def here(*arguments: object) -> Outcome:
    """Run a command in this process; the seconds are those of the processor."""
    from dealtrack.cli.main import main

    out, err = io.StringIO(), io.StringIO()
    began = time.process_time()
    with redirect_stdout(out), redirect_stderr(err):
        try:
            status = main([str(argument) for argument in arguments])
        except Exception:  # noqa: BLE001  # a user would see it as a traceback
            traceback.print_exc()
            status = TRACEBACK
    return Outcome(status, out.getvalue(), err.getvalue(), time.process_time() - began)


def asked(question: Callable[..., Found], *arguments: object) -> Found:
    """Return a function's answer, worked out in a fork, so that this process never opens a register."""
    answer = os.memfd_create("answer")

    def work() -> int:
        with os.fdopen(answer, "wb", closefd=False) as out:
            pickle.dump(question(*arguments), out)
        return 0

    outcome = _fork(work).end(LONG)
    try:
        if outcome.status != 0:
            raise RuntimeError(f"{question.__name__} ended with {outcome.told()}")
        held: Found = pickle.loads(os.pread(answer, os.fstat(answer).st_size, 0))
        return held
    finally:
        os.close(answer)


def spread(work: Callable[[Case], Found], cases: Iterable[Case], workers: int = WORKERS) -> Iterator[Found]:
    """Yield what a function makes of each case, worked out in a few processes, in the order of the cases."""
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        yield from pool.map(work, cases)


def environment_of(folder: Path, db: Address, now: str, **more: str) -> dict[str, str]:
    """Return the variables that a command runs with."""
    return {
        "PATH": "/usr/bin:/bin",
        "TMPDIR": str(folder),
        "DEALTRACK_HOME": str(folder / "home"),
        "DEALTRACK_DB": str(db),
        "DEALTRACK_NOW": now,
        "DEALTRACK_ACTOR": "clerk",
        **more,
    }


def first_line(value: Any) -> str:
    """Return the first line of a text, shortened."""
    return str(value).strip().split("\n")[0][:200]
