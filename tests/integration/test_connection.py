"""What is no register is told apart before anything is read from it."""

import os
import sqlite3
from pathlib import Path

import pytest

from dealtrack.errors import NotARegister, RegisterMissing
from dealtrack.register.register import Register


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
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE transition (seq)")


@pytest.mark.parametrize("kind", ["folder", "pipe", "empty", "text", "database"])
def test_what_is_no_register_is_said_to_be_none(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "register.db"
    _made(path, kind)
    with pytest.raises(NotARegister, match="is not a dealtrack register"), Register.open(path):
        pass


def test_a_link_to_nothing_is_a_missing_register(tmp_path: Path) -> None:
    path = tmp_path / "register.db"
    path.symlink_to(tmp_path / "gone")
    with pytest.raises(RegisterMissing), Register.open(path):
        pass
