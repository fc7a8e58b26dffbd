"""A second process of dealtrack's own, which works beside this one, and the messages between the two.

Each is a length and a value that marshal can write. Here none is waited for unless it is asked for: what the pipes do
not take at once is kept, and handed over by and by.
"""

import marshal
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from select import select
from typing import Any, BinaryIO, Self

LENGTH_BYTES = 8
LONGEST = 1 << 40
"""The bytes that no message has: a length beyond is text that something else wrote."""

PIPE_BYTES = 1 << 20
"""What a pipe is asked to hold, where the system lets it: the most that it gives to anybody."""

GRACE_SECONDS = 5
PATIENCE_SECONDS = 60
"""How long an answer is waited for, of which a process gives ten a second: then it was stopped, or hangs."""


class SecondProcess:
    """A process that answers messages in their order; once it is gone, or has not answered in time, no longer."""

    def __init__(self, process: "subprocess.Popen[bytes]", patience: float = PATIENCE_SECONDS) -> None:
        """`patience` is in seconds."""
        assert process.stdin is not None
        assert process.stdout is not None
        self._process: subprocess.Popen[bytes] | None = process
        self._patience = patience
        self._in, self._out = process.stdin.fileno(), process.stdout.fileno()
        self._unsent: deque[memoryview] = deque()
        self._held = bytearray()
        if sys.platform != "win32":
            for end in (self._in, self._out):
                os.set_blocking(end, False)
                _widen(end)

    @classmethod
    @contextmanager
    def running(cls, module: str, setup: Any, patience: float = PATIENCE_SECONDS) -> "Iterator[Self | None]":
        """Run a module of dealtrack's during the block, and give it a first message; None where it cannot be run.

        `patience` is in seconds.
        """
        process = _started(module) if _has_two_cores() else None
        try:
            second = cls(process, patience) if process is not None else None
            if second is not None:
                second.ask(setup)
            yield second
        finally:
            if process is not None:
                _end(process)

    @property
    def has_answered(self) -> bool:
        """Tell whether a whole answer lies here."""
        self.pump()
        return self._is_whole()

    def ask(self, value: Any) -> None:
        """Give it a message, all that the pipe takes at once, the rest by and by."""
        if self._process is None:
            return
        data = marshal.dumps(value)
        self._unsent += (memoryview(len(data).to_bytes(LENGTH_BYTES)), memoryview(data))
        self.pump()

    def pump(self) -> None:
        """Hand over and take in what the pipes hold and have room for, without waiting."""
        while self._move(0):
            pass

    def answer(self) -> Any:
        """Wait for its next answer; None where it gives none, or what is none."""
        until = time.monotonic() + self._patience
        while not self._is_whole():
            left = until - time.monotonic()
            if left <= 0:
                self._give_up()
            if self._process is None:
                return None
            self._move(left)
        end = LENGTH_BYTES + self._length()
        data = bytes(memoryview(self._held)[LENGTH_BYTES:end])
        del self._held[:end]
        try:
            return marshal.loads(data)  # noqa: S302  # from the process that was started here
        except (EOFError, TypeError, ValueError):
            self._give_up()
            return None

    def _length(self) -> int:
        return int.from_bytes(self._held[:LENGTH_BYTES])

    def _is_whole(self) -> bool:
        return len(self._held) >= LENGTH_BYTES + self._length()

    def _move(self, wait: float) -> bool:
        """Move bytes once, waiting for so many seconds until some can be moved; tell whether there were any."""
        if self._process is None:
            return False
        try:
            readable, writable, _ = select([self._out], [self._in] if self._unsent else [], [], wait)
            if readable:
                data = os.read(self._out, PIPE_BYTES)
                self._held += data
                if not data or (len(self._held) >= LENGTH_BYTES and self._length() > LONGEST):
                    self._give_up()
                    return False
            if writable:
                self._write()
        except (OSError, ValueError):
            # ValueError is for pipes of a number beyond those that can be waited for.
            self._give_up()
            return False
        return bool(readable or writable)

    def _write(self) -> None:
        part = self._unsent[0]
        written = os.write(self._in, part)
        if written < len(part):
            self._unsent[0] = part[written:]
        else:
            self._unsent.popleft()

    def _give_up(self) -> None:
        if self._process is not None:
            self._process.kill()
        self._process = None
        self._unsent.clear()
        self._held.clear()


def _has_two_cores() -> bool:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    # Windows cannot wait for pipes.
    return cores > 1 and sys.platform != "win32"


def _widen(pipe: int) -> None:
    if sys.platform == "linux":
        import fcntl

        with suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, PIPE_BYTES)


def _started(module: str) -> "subprocess.Popen[bytes] | None":
    if not sys.executable:
        # Python does not know where it lies itself.
        return None
    # The same modules as here, and none from the folder that the clerk happens to be in.
    paths = os.pathsep.join(path or os.getcwd() for path in sys.path)  # noqa: PTH109  # as Python takes it
    try:
        return subprocess.Popen(  # noqa: S603  # a module of dealtrack's own
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env={**os.environ, "PYTHONPATH": paths},
            # An interrupt from the terminal is for this process, which ends the other.
            process_group=0,
        )
    except OSError:
        return None


def _end(process: "subprocess.Popen[bytes]") -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    # What it still works on is not waited for.
    process.kill()
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE_SECONDS)
    for stream in (process.stdin, process.stdout):
        with suppress(OSError):
            stream.close()


def send(stream: BinaryIO, value: Any) -> None:
    """Send a message from the second process; raises OSError where nobody reads it."""
    data = marshal.dumps(value)
    # At one go, where streams are not buffered too.
    stream.write(len(data).to_bytes(LENGTH_BYTES) + data)
    stream.flush()


def receive(stream: BinaryIO) -> Any:
    """Return the next message to the second process, waiting for it; None at the end."""
    head = stream.read(LENGTH_BYTES)
    data = stream.read(int.from_bytes(head))
    return marshal.loads(data) if len(head) == LENGTH_BYTES else None  # noqa: S302  # from the process that started this one
