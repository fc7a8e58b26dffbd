"""A terminal of its own for a command that is tried, and all that was shown on it."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Thread
from typing import Self

from tests import processes

PATIENCE_SECONDS = 120
"""How long a process may take in all."""
END = b"\0the process has ended\0"


class Terminal:
    """A process on a terminal; lines end as they were written.

    The last to leave a terminal may take with it what was not read yet. So this side stays, and writes a mark after
    the process's end, up to which the terminal is read.
    """

    def __init__(
        self,
        words: Sequence[str],
        environment: dict[str, str],
        folder: Path,
        width: int = 80,
        typed: bytes = b"",
        is_asked: bool = True,
        shell: str = "",
    ) -> None:
        """Start dealtrack with these words, or a shell with a command line.

        What is typed already waits for the process, which reads its input elsewhere where it is not asked.
        """
        self._ours, self._theirs = pty.openpty()
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
        attributes = termios.tcgetattr(self._theirs)
        attributes[1] &= ~termios.OPOST
        termios.tcsetattr(self._theirs, termios.TCSANOW, attributes)
        self.type(typed)
        nowhere = os.open(os.devnull, os.O_RDONLY)
        streams = (self._theirs if is_asked else nowhere, self._theirs, self._theirs)
        self._process: processes.Command | subprocess.Popen[bytes]
        if shell:
            stdin, stdout, stderr = streams
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", shell], cwd=folder, env=environment, stdin=stdin, stdout=stdout, stderr=stderr
            )
        else:
            self._process = processes.start(words, environment, folder, streams)
        os.close(nowhere)
        self._shown = b""
        self._until = time.monotonic() + PATIENCE_SECONDS
        self._ending = Thread(target=self._mark_end)
        self._ending.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._until += PATIENCE_SECONDS
        self.end()
        self._ending.join()
        os.close(self._ours)
        os.close(self._theirs)

    def _mark_end(self) -> None:
        self._process.wait()
        os.write(self._theirs, END)

    @property
    def screen(self) -> str:
        """Return all that was shown so far, what was typed included."""
        return self._shown.removesuffix(END).decode(errors="replace")

    def type(self, keys: bytes) -> None:
        """Type keys, which the process reads when it asks for some."""
        os.write(self._ours, keys)

    def screens(self) -> Iterator[str]:
        """Yield the screen whenever more is shown, to the process's end; raises TimeoutError for one that takes too long."""
        while END not in self._shown:
            if not select.select([self._ours], [], [], max(0, self._until - time.monotonic()))[0]:
                raise TimeoutError(f"{self._process.args!r}: {self.screen}")
            self._shown += os.read(self._ours, 65536)
            yield self.screen

    def end(self) -> int:
        """Return the process's exit status once it has ended by itself."""
        for _ in self.screens():
            pass
        return self._process.wait()
