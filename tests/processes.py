"""Commands as processes of their own, made by forking one that has imported everything: a fourth of a fresh interpreter's time.

Such a process has its own environment, folder, streams, registers and end. What it does not show is how an interpreter
starts: which modules it loads, its encodings where the locale is none of UTF-8, what other users see of its arguments,
and what a terminal or a limit of its parent does to it. Tests of these start `python -m dealtrack` themselves.
"""

import atexit
import gc
import os
import pkgutil
import selectors
import socket
import subprocess
import sys
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from importlib import import_module
from io import BufferedReader, BufferedWriter, FileIO, TextIOWrapper
from pathlib import Path
from typing import Any

from tests.registers import ENGINE_VARIABLE, IS_SERVER

PROJECT = Path(__file__).parent.parent
LOCALES = ("LC_ALL", "LC_CTYPE", "LANG")
MOST_BYTES = 100_000
"""Longer command lines, environments or inputs go to a fresh interpreter: a message or a pipe may not hold them."""

SLOW_TO_IMPORT = ("dealtrack.cli.board", "dealtrack.reports.page")
"""What few commands import, and takes long to."""


PROGRAM = """\
#!{python} -IS
import os, sys, _socket
asking = _socket.socket(_socket.AF_UNIX, _socket.SOCK_SEQPACKET)
asking.connect({address!r})
named = [each + b"=" + text for each, text in os.environb.items()]
message = b"\\0".join([os.getcwdb(), b"%d" % len(sys.argv[1:]), *map(os.fsencode, sys.argv[1:]), *named])
handles = b"".join(each.to_bytes(4, sys.byteorder) for each in (0, 1, 2))
asking.sendmsg([message], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, handles)])
asking.recv(20)
sys.exit(int(asking.recv(20)) & 255)
"""
"""What a shell starts in place of dealtrack: it hands its words, environment, folder and streams on."""


class Command:
    """A command that was started; `pid` is its process."""

    def __init__(self, words: Sequence[str], reply: socket.socket) -> None:
        self.args = ["dealtrack", *words]
        self._reply = reply
        self._status: int | None = None
        self.pid = int(reply.recv(20))

    def wait(self) -> int:
        """Wait for the end and return the status, negative for a signal."""
        if self._status is None:
            self._status = int(self._reply.recv(20))
            self._reply.close()
        return self._status

    def kill(self) -> None:
        """Kill the process, unless it has ended."""
        if self._status is None:
            try:
                os.kill(self.pid, 9)
            except ProcessLookupError:
                return


def start(
    words: Sequence[str], environment: Mapping[str, str], folder: Path, streams: Sequence[int]
) -> "Command | subprocess.Popen[bytes]":
    """Start dealtrack with these words, and with these descriptors for standard input, output and errors."""
    named = [f"{name}={text}" for name, text in environment.items()]
    message = b"\0".join(map(os.fsencode, (str(folder), str(len(words)), *words, *named)))
    if not _is_alike(environment) or len(message) > MOST_BYTES:
        command = [sys.executable, "-m", "dealtrack", *words]
        stdin, stdout, stderr = streams
        return subprocess.Popen(command, env=environment, cwd=folder, stdin=stdin, stdout=stdout, stderr=stderr)
    asking = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    asking.connect(_server())
    socket.send_fds(asking, [message], streams)
    return Command(words, asking)


def write_program(folder: Path) -> Path:
    """Write the program `dealtrack` into a folder, for a shell, and return it.

    Its environment must be one that an interpreter in UTF-8 has; an interrupt of the terminal ends it, not its command.
    """
    program = folder / "dealtrack"
    if sys.platform == "linux":
        program.write_text(PROGRAM.format(python=sys.executable, address=_server()))
    else:
        program.write_text(f'#!/bin/sh\nPYTHONPATH="{PROJECT}" exec "{sys.executable}" -m dealtrack "$@"\n')
    program.chmod(0o755)
    return program


def run(
    words: Sequence[str], environment: Mapping[str, str], folder: Path, stdin: bytes = b""
) -> tuple[int, bytes, bytes]:
    """Run dealtrack with these words to its end; return its status, output and errors."""
    if len(stdin) > MOST_BYTES // 2:
        command = [sys.executable, "-m", "dealtrack", *words]
        ran = subprocess.run(command, env=environment, cwd=folder, input=stdin, capture_output=True, check=False)
        return ran.returncode, ran.stdout, ran.stderr
    (given, giving), (out, outing), (err, erring) = (os.pipe() for _ in range(3))
    os.write(giving, stdin)
    os.close(giving)
    process = start(words, environment, folder, (given, outing, erring))
    for handle in (given, outing, erring):
        os.close(handle)
    said = {out: b"", err: b""}
    with selectors.DefaultSelector() as selector:
        for handle in said:
            selector.register(handle, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                if piece := os.read(key.fd, 65536):
                    said[key.fd] += piece
                else:
                    selector.unregister(key.fd)
                    os.close(key.fd)
    return process.wait(), said[out], said[err]


def _is_alike(environment: Mapping[str, str]) -> bool:
    """Tell whether an interpreter that started with an environment would be as the one that is forked."""
    locales = [environment[name] for name in LOCALES if environment.get(name)]
    return (
        sys.platform == "linux"
        and all(name.upper().replace("-", "").endswith("UTF8") for name in locales)
        and not any(name.startswith("PYTHON") for name in environment)
    )


@cache
def _server() -> bytes:
    """Start the process that is forked, once for all tests of this one, and return the address where it is asked."""
    ours, theirs = socket.socketpair()
    environment = {
        name: text
        for name, text in os.environ.items()
        if name == ENGINE_VARIABLE or not name.startswith(("PYTHON", "DEALTRACK_"))
    }
    with theirs, socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as asked:
        # The system chooses a name that no file has.
        asked.bind("")
        asked.listen()
        address: bytes = asked.getsockname()
        handles = (theirs.fileno(), asked.fileno())
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.processes", *map(str, handles)],
            cwd=PROJECT,
            env={**environment, "LC_ALL": "C.UTF-8"},
            pass_fds=handles,
        )

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return address


def serve(owner: socket.socket, asked: socket.socket) -> None:
    """Start the commands that are asked for, and tell how each ended, until the process of the tests ends."""
    left_out = SLOW_TO_IMPORT if IS_SERVER else (*SLOW_TO_IMPORT, "dealtrack.register.postgres")
    for module in pkgutil.walk_packages(import_module("dealtrack").__path__, "dealtrack."):
        if not module.name.endswith("__main__") and not module.name.startswith(left_out):
            import_module(module.name)
    for name in (
        "holidays.countries",
        "sqlite_utils",
        "sqlite_utils.migrations",
        "rich.table",
        "rich.console",
        "zoneinfo",
    ):
        import_module(name)
    gc.collect()
    gc.freeze()
    with selectors.DefaultSelector() as selector:
        for socket_ in (owner, asked):
            selector.register(socket_, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is owner:
                    return
                if key.fileobj is asked:
                    reply, _ = asked.accept()
                    message, handles, _, _ = socket.recv_fds(reply, 2 * MOST_BYTES, 3)
                    # Whoever asks may be gone, then and later.
                    if not message:
                        reply.close()
                        continue
                    pid = os.fork()
                    if pid == 0:
                        _become(message, handles)
                    for handle in handles:
                        os.close(handle)
                    with suppress(OSError):
                        reply.send(str(pid).encode())
                    selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, reply))
                else:
                    pid, reply = key.data
                    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
                    selector.unregister(key.fd)
                    os.close(key.fd)
                    with reply, suppress(OSError):
                        reply.send(str(status).encode())


def _become(message: bytes, handles: Sequence[int]) -> None:
    """Become a command in this process, and end it as an interpreter ends."""
    folder, count, *texts = map(os.fsdecode, message.split(b"\0"))
    words, named = texts[: int(count)], texts[int(count) :]
    environment = dict(each.split("=", 1) for each in named)
    status: Any = 1
    try:
        for place, handle in enumerate(handles):
            os.dup2(handle, place)
        os.closerange(3, 4096)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        if not any(environment.get(name) for name in LOCALES):
            # As an interpreter does (PEP 538).
            os.environ["LC_CTYPE"] = "C.UTF-8"
        time.tzset()
        sys.argv = [str(PROJECT / "dealtrack" / "__main__.py"), *words]
        is_terminal = os.isatty(1)
        sys.stdin = TextIOWrapper(
            BufferedReader(FileIO(0, closefd=False)), "utf-8", "surrogateescape", line_buffering=os.isatty(0)
        )
        sys.stdout = TextIOWrapper(
            BufferedWriter(FileIO(1, "w", closefd=False)), "utf-8", "surrogateescape", line_buffering=is_terminal
        )
        sys.stderr = TextIOWrapper(
            BufferedWriter(FileIO(2, "w", closefd=False)), "utf-8", "backslashreplace", line_buffering=True
        )
        sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]
        from dealtrack.__main__ import main

        main()
        status = 0
    except SystemExit as error:
        status = 0 if error.code is None else error.code
    except BaseException:  # noqa: BLE001  # a user would see it as a traceback
        traceback.print_exc()
    finally:
        if not isinstance(status, int):
            print(status, file=sys.stderr)
            status = 1
        try:
            atexit._run_exitfuncs()
            sys.stdout.flush()
            sys.stderr.flush()
        except OSError:
            status = 120
        os._exit(status & 0xFF)


if __name__ == "__main__":
    serve(*(socket.socket(fileno=int(handle)) for handle in sys.argv[1:]))
