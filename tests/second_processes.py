"""The second processes that a command has at work: found by what they run, and watched to their end."""

import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from tests.conftest import PROJECT, Clerk


def started(clerk: Clerk, *words: object, cores: set[int] | None = None) -> "subprocess.Popen[str]":
    """Start a command of a clerk's, on some cores alone where they are given."""
    command = [sys.executable, "-m", "dealtrack", *map(str, words)]
    if cores:
        held = f"import os, sys; os.sched_setaffinity(0, {cores}); os.execv(sys.argv[1], sys.argv[1:])"
        command = [sys.executable, "-c", held, *command]
    # A shell's background job begins with interrupts ignored, and so would what it starts.
    kept = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        command,
        cwd=PROJECT,
        env={"PATH": "/usr/bin:/bin", **clerk.environment()},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(signal.SIGINT, kept)
    return process


def workers(parent: int, module: str) -> list[int]:
    """Return the processes that another one has started to run a module."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            of = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if of == parent and module.encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
    return found


def worker_of(process: "subprocess.Popen[str]", module: str) -> int:
    """Wait for the process that another one starts to run a module."""
    for _ in range(2000):
        if found := workers(process.pid, module):
            return found[0]
        assert process.poll() is None, "it was over before it had a second process"
        time.sleep(0.005)
    raise AssertionError("there is no second process")


def is_gone(pid: int) -> bool:
    """Wait for the end of a process for ten seconds at most, and tell whether it came."""
    for _ in range(1000):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    return False
