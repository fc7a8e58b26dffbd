"""What is no register is told apart before anything is read from it."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from dealtrack.errors import NotARegister, RegisterMissing
from dealtrack.register.opening import open_register
from tests.conftest import Clerk

pytestmark = pytest.mark.file_only("what is no register in a file")


def _made(path: Path, kind: str) -> None:
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("id,platform\n" * 100)
    else:
        with closing(sqlite3.connect(path)) as connection, connection:
            connection.execute("CREATE TABLE transition (seq)")


@pytest.mark.parametrize("kind", ["folder", "pipe", "empty", "text", "database"])
def test_what_is_no_register_is_said_to_be_none(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "register.db"
    _made(path, kind)
    with pytest.raises(NotARegister, match="is not a dealtrack register"), open_register(path):
        pass


def test_a_link_to_nothing_is_a_missing_register(tmp_path: Path) -> None:
    path = tmp_path / "register.db"
    path.symlink_to(tmp_path / "gone")
    with pytest.raises(RegisterMissing), open_register(path):
        pass


LOCKED = """
import fcntl, sys
with open(sys.argv[1] + "-shm", "r+b") as index:
    # The byte by whose lock SQLite knows that somebody uses this file, and that it must not be cut.
    fcntl.lockf(index, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 128)
"""


def test_a_register_opened_twice_in_one_process_keeps_its_locks(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD").ok()
    with open_register(clerk.address) as one:
        one.history(1)
        with open_register(clerk.address) as other:
            other.history(1)
        tried = subprocess.run(
            [sys.executable, "-c", LOCKED, clerk.db], stderr=subprocess.PIPE, text=True, check=False, timeout=30
        )
    assert tried.stderr.endswith("BlockingIOError: [Errno 11] Resource temporarily unavailable\n")


def test_a_file_that_was_closed_is_looked_at_anew(clerk: Clerk) -> None:
    with open_register(clerk.address) as register:
        assert register.head()[0] > 0
    clerk.db.write_bytes(b"")
    with pytest.raises(NotARegister, match="it is empty"), open_register(clerk.address):
        pass
    # It is still here, and holds nothing.
    assert register.path == clerk.db
