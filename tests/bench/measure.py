"""Whole processes timed in turn, A B A B, so that a machine whose speed drifts drifts for both."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from statistics import median
from typing import NamedTuple


class Run(NamedTuple):
    """One finished process: seconds by the wall's clock and of the processor (its children's with it), its largest size."""

    wall: float
    cpu: float
    peak_mb: float


class Figures(NamedTuple):
    """The medians of several runs of a command; `told` is what it printed last."""

    wall: float
    cpu: float
    peak_mb: float
    told: bytes

    @property
    def seconds(self) -> str:
        """Return the seconds by the wall's clock, and those of the processor."""
        return f"{self.wall:.3f} s ({self.cpu:.3f})"


SCALE = 1 << 20 if sys.platform == "darwin" else 1 << 10
"""The units of memory, as the system tells it, in a megabyte."""

Command = Sequence[str] | Callable[[int], Sequence[str]]
"""A command line, or what gives that of each turn."""


def run(
    command: Command, environment: Mapping[str, str], turn: int = 0, *, on_terminal: bool = False
) -> tuple[Run, bytes]:
    """Run a command to its end with its output piped, or on a terminal; raises CalledProcessError where it fails."""
    command = command(turn) if callable(command) else command
    began = time.perf_counter()
    process, out, err = (_drawn if on_terminal else _piped)(command, {**environment, "PAGER": "cat"})
    cpu, held = _used(process)
    wall = time.perf_counter() - began
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, list(command), out, err)
    return Run(wall, cpu, held), out


def _piped(command: Sequence[str], environment: dict[str, str]) -> "tuple[subprocess.Popen[bytes], bytes, bytes]":
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, err = _read(process)
    return process, out, err


def _drawn(command: Sequence[str], environment: dict[str, str]) -> "tuple[subprocess.Popen[bytes], bytes, bytes]":
    import pty

    master, slave = pty.openpty()
    size = {"TERM": "xterm-256color", "COLUMNS": "120", "LINES": "40"}
    process = subprocess.Popen(command, env=environment | size, stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    screen = bytearray()
    # Linux says that the other end is gone by an error.
    with suppress(OSError):
        while chunk := os.read(master, 1 << 16):
            screen += chunk
    os.close(master)
    return process, bytes(screen), b""


def size(command: Sequence[str], environment: Mapping[str, str]) -> tuple[float, int]:
    """Return the megabytes of the largest process of a command whose output goes nowhere, and its exit status."""
    process = subprocess.Popen(
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, held = _used(process)
    return held, process.returncode


def _used(process: "subprocess.Popen[bytes]") -> tuple[float, float]:
    """Wait for a process's end, and return its seconds of the processor and the megabytes that it held at most."""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / SCALE


def _read(process: "subprocess.Popen[bytes]") -> tuple[bytes, bytes]:
    assert process.stdout is not None and process.stderr is not None
    out = process.stdout.read()
    err = process.stderr.read()
    process.stdout.close()
    process.stderr.close()
    return out, err


def in_turn(
    commands: Sequence[Command],
    environment: Mapping[str, str],
    runs: int,
    warm_ups: int = 1,
    before: Callable[[], None] | None = None,
    *,
    on_terminal: bool = False,
) -> list[Figures]:
    """Return the medians of commands that are run in turn, so many times each, after runs that do not count.

    `before` makes ready what a turn uses up.
    """
    held: list[list[Run]] = [[] for _ in commands]
    told = [b""] * len(commands)
    for turn in range(warm_ups + runs):
        if before is not None:
            before()
        for place, command in enumerate(commands):
            one, told[place] = run(command, environment, turn, on_terminal=on_terminal)
            if turn >= warm_ups:
                held[place].append(one)
    return [
        Figures(median(a for a, _, _ in each), median(b for _, b, _ in each), median(c for _, _, c in each), out)
        for each, out in zip(held, told, strict=True)
    ]
