"""Backups and the doctor, as their keeper meets them."""

import sqlite3
from pathlib import Path

from tests.conftest import Clerk


def test_a_backup_is_the_register_and_its_owners_alone(clerk: Clerk, tmp_path: Path) -> None:
    clerk("add", "--platform", "JD").ok()
    copy = tmp_path / "copy.db"
    out = clerk("backup", copy).ok()
    verified = clerk("verify").ok()
    assert out.split("head ")[1] == verified.split("head ")[1]
    assert copy.stat().st_mode & 0o777 == 0o600
    assert clerk("--db", copy, "list").ok() == clerk("list").ok()
    assert clerk("--db", copy, "verify").ok() == verified


def test_a_backup_of_an_altered_register_is_refused_and_the_old_one_stays(clerk: Clerk, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    clerk("backup", copy).ok()
    before = copy.read_bytes()
    clerk("add", "--platform", "JD").ok()
    with sqlite3.connect(clerk.db) as connection:
        connection.execute("DROP TRIGGER transition_is_never_changed")
        connection.execute("UPDATE transition SET actor = 'nobody' WHERE seq = 2")
    result = clerk("backup", copy)
    assert result.status == 3
    assert "entry 2" in result.err
    assert copy.read_bytes() == before
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".copy")) == []


def test_a_folder_of_backups_keeps_the_last(clerk: Clerk, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    for day in range(10, 15):
        clerk("backup", "--keep", 3, folder, now=f"2016-12-{day}T09:00:00+08:00").ok()
    names = sorted(path.name for path in folder.iterdir())
    assert [name.split("-")[-1] for name in names] == [f"201612{day}T010000Z.db" for day in (12, 13, 14)]
    assert folder.stat().st_mode & 0o777 == 0o700


def test_a_backup_that_cannot_be_written_says_so(clerk: Clerk, tmp_path: Path) -> None:
    result = clerk("backup", tmp_path / "missing" / "copy.db")
    assert result.status == 3
    assert result.err.startswith("dealtrack: No backup was made at ")
    assert len(result.err.splitlines()) == 1
    assert clerk("backup", "--keep", "none", tmp_path).status == 2


def test_the_doctor_warns_of_loose_rights_and_a_missing_year(clerk: Clerk) -> None:
    clerk.db.chmod(0o644)
    result = clerk("doctor", now="2026-11-24T09:00:00+08:00")
    assert result.status == 1
    assert "chmod 600" in result.err
    assert "2027" in result.err
    assert "calendar\tcn-beijing, revision 1" in result.out
    clerk.db.chmod(0o600)
    assert "chmod 600" not in clerk("doctor").err
