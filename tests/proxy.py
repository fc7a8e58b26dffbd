"""A proxy between clients and a PostgreSQL server: it counts their messages, delays them, and may cut them off."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import NamedTuple

LENGTH = 4
"""The bytes that tell how long a message is, themselves included; but for a client's first one, a kind stands before."""


class Side(StrEnum):
    """Who sends a message."""

    CLIENT = "client"
    SERVER = "server"


class Cut(NamedTuple):
    """The message, by its number from 1 within a connection, that is not passed on: both ends are then closed."""

    side: Side
    number: int


class Proxy:
    """Listens on 127.0.0.1 at a free port; `counts` tells how many messages of each side it has met."""

    def __init__(self, server: Path, delay: float, cut: Cut | None) -> None:
        self._server, self._delay, self._cut = str(server), delay, cut
        self.counts = dict.fromkeys(Side, 0)
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._threads = [Thread(target=self._listen, daemon=True)]
        self._threads[0].start()

    @classmethod
    @contextmanager
    def started(cls, server: Path, delay: float = 0, cut: Cut | None = None) -> Iterator["Proxy"]:
        """Pass on what is said to the socket of a server for the block, each way so many milliseconds later.

        Connections must be encrypted by nobody: sslmode=disable.
        """
        proxy = cls(server, delay / 1000, cut)
        try:
            yield proxy
        finally:
            proxy.close()

    def close(self) -> None:
        """Let nobody in any more, and wait until the last client has gone and all that was said is passed on."""
        # Closing alone would not end the wait for the next client.
        self._listener.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        for each in (self._listener, *self._ends):
            each.close()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                server = socket.socket(socket.AF_UNIX)
                self._ends += client, server
                try:
                    server.connect(self._server)
                except OSError:
                    _end(client)
                    continue
                for side, source, target in ((Side.CLIENT, client, server), (Side.SERVER, server, client)):
                    queue: SimpleQueue[tuple[float, bytes]] = SimpleQueue()
                    self._begin(Thread(target=self._read, args=(side, source, queue), daemon=True))
                    self._begin(Thread(target=self._pass_on, args=(target, queue), daemon=True))

    def _begin(self, thread: Thread) -> None:
        self._threads.append(thread)
        thread.start()

    def _read(self, side: Side, source: socket.socket, queue: "SimpleQueue[tuple[float, bytes]]") -> None:
        """Queue what one side says, whole messages only, until it ends or is cut off; nothing stands for the end."""
        waiting, number, is_cut = b"", 0, False
        with suppress(OSError):
            while not is_cut and (said := source.recv(1 << 16)):
                waiting += said
                start = 0
                while size := _size(waiting, start, has_kind=side is Side.SERVER or number > 0):
                    number += 1
                    self.counts[side] += 1
                    is_cut = self._cut == (side, number)
                    if is_cut:
                        _end(source)
                        break
                    start += size
                if start:
                    queue.put((time.monotonic() + self._delay, waiting[:start]))
                waiting = waiting[start:]
        queue.put((time.monotonic() + self._delay, b""))

    def _pass_on(self, target: socket.socket, queue: "SimpleQueue[tuple[float, bytes]]") -> None:
        while True:
            due, said = queue.get()
            time.sleep(max(0.0, due - time.monotonic()))
            if not said:
                _end(target)
                return
            with suppress(OSError):
                target.sendall(said)


def _size(said: bytes, start: int, has_kind: bool) -> int:
    """Return the bytes of the message that begins at a place, 0 where it has not come whole."""
    length = start + has_kind
    if len(said) < length + LENGTH:
        return 0
    size = has_kind + int.from_bytes(said[length : length + LENGTH], "big")
    return size if len(said) >= start + size else 0


def _end(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
