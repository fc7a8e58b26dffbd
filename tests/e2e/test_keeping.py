"""Backups and the doctor, as their keeper meets them."""

import json
import os
import re
from pathlib import Path

import pytest

from dealtrack.register.sqlite.backup import name_of
from tests.conftest import Clerk
from tests.registers import forge


def test_a_backup_is_the_register_and_its_owners_alone(clerk: Clerk, tmp_path: Path) -> None:
    clerk("add", "--platform", "JD").ok()
    copy = tmp_path / "copy.db"
    out = clerk("backup", copy).ok()
    verified = clerk("verify").ok()
    assert out.split("checksum ")[1] == verified.split("checksum ")[1]
    assert copy.stat().st_mode & 0o777 == 0o600
    assert clerk("--db", copy, "list").ok() == clerk("list").ok()
    assert clerk("--db", copy, "verify").ok() == verified


def test_a_backup_of_an_altered_register_is_refused_and_the_old_one_stays(clerk: Clerk, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    clerk("backup", copy).ok()
    before = copy.read_bytes()
    clerk("add", "--platform", "JD").ok()
    forge(clerk.address, "UPDATE transition SET actor = 'nobody' WHERE seq = 2")
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


def test_a_backup_does_not_take_the_place_of_a_device(clerk: Clerk, tmp_path: Path) -> None:
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to("/dev/null")
    for place in (pipe, link):
        refused = clerk("backup", place)
        assert (refused.status, refused.out) == (3, "")
        assert "it is not a regular file" in refused.err
    assert pipe.is_fifo()
    assert link.is_symlink()
    assert clerk("backup", tmp_path).status == 3


@pytest.mark.file_only("the rights of a file")
def test_the_doctor_warns_of_loose_rights_and_a_missing_year(clerk: Clerk) -> None:
    clerk.db.chmod(0o644)
    result = clerk("doctor", now="2026-11-24T09:00:00+08:00")
    assert result.status == 1
    assert "chmod 600" in result.err
    assert "2027" in result.err
    assert "calendar\tcn-beijing, revision 1" in result.out
    clerk.db.chmod(0o600)
    assert "chmod 600" not in clerk("doctor").err


def test_evidence_goes_along_and_is_kept_once_in_a_folder_of_copies(clerk: Clerk, tmp_path: Path) -> None:
    paper = tmp_path / "receipt.txt"
    paper.write_text("an invented receipt")
    clerk("add", "--platform", "JD").ok()
    clerk("evidence", 1, "--file", paper).ok()
    copy, folder = tmp_path / "copy.db", tmp_path / "copies"
    told = clerk("backup", copy).ok().splitlines()
    assert told[1] == f"1 evidence file, 1 new, in {copy}.evidence"
    assert clerk("--db", copy, "verify").ok() == clerk("verify").ok(), "the copy is a register of its own"
    for turn, new in ((1, 1), (2, 0)):
        out = clerk("backup", "--keep", 2, folder, now=f"2016-12-0{turn}T09:00:00+08:00").ok()
        assert out.splitlines()[1] == f"1 evidence file, {new} new, in {folder / name_of(clerk.address)}.db.evidence"
    held = [path for path in folder.rglob("*") if path.is_file()]
    assert len(held) == 3
    assert {path.stat().st_mode & 0o777 for path in held} == {0o600}
    clerk("backup", "--no-evidence", tmp_path / "bare.db").ok()
    assert not (tmp_path / "bare.db.evidence").exists()
    if isinstance(clerk.address, Path):
        assert "The last backup does not include the evidence files" in clerk("doctor").err


@pytest.mark.file_only("the folder of evidence")
def test_evidence_that_cannot_go_along_is_named_and_the_register_s_copy_stands(clerk: Clerk, tmp_path: Path) -> None:
    paper = tmp_path / "receipt.txt"
    paper.write_text("an invented receipt")
    clerk("add", "--platform", "JD").ok()
    clerk("evidence", 1, "--file", paper).ok()
    (stored,) = (path for path in Path(f"{clerk.db}.evidence").rglob("*") if path.is_file())
    stored.write_text("something else")
    copy = tmp_path / "copy.db"
    result = clerk("backup", copy)
    assert result.status == 1
    assert re.fullmatch(r"dealtrack: Evidence receipt.txt of complaint 1 \(entry \d+\) was altered.\n", result.err)
    assert clerk("--db", copy, "list").ok() == clerk("list").ok()
    assert not Path(f"{copy}.evidence").exists()


@pytest.mark.file_only("copies that lie beside the register")
def test_other_copies_in_the_folder_are_not_dropped(clerk: Clerk) -> None:
    folder = clerk.db.parent
    others = [folder / f"register0-{word}-20161101T000000Z.db" for word in ("schema1", "replaced")]
    for path in others:
        path.write_bytes(clerk.db.read_bytes())
    for day in range(10, 14):
        clerk("backup", "--keep", 2, folder, now=f"2016-12-{day}T09:00:00+08:00").ok()
    assert all(path.exists() for path in others)
    assert len(list(folder.glob("register0-2016*Z.db"))) == 2


@pytest.mark.file_only("the note beside the file")
def test_the_doctor_tells_of_the_last_backup(clerk: Clerk, tmp_path: Path) -> None:
    assert "No backup has been made" in clerk("doctor").err
    copy = tmp_path / "copy.db"
    clerk("backup", copy).ok()
    clerk("add", "--platform", "JD").ok()
    told = clerk("doctor")
    assert f"last backup\t2016-11-15 09:00, 1 entries since, {copy}" in told.out
    assert "backup" not in told.err
    assert "The last backup is 8 days old" in clerk("doctor", now="2016-11-23T00:10:00+08:00").err
    copy.unlink()
    assert f"The last backup is no longer at {copy}" in clerk("doctor").err
    Path(f"{clerk.db}.last-backup").write_text("{nonsense")
    assert "No backup has been made" in clerk("doctor").err


NOTE = {"at": "2016-11-14T00:00:00Z", "path": "x", "entries": 1, "head": "h", "evidence": True}
FORGED_NOTES = [
    json.dumps({**NOTE, name: value})
    for name, value in (
        ("at", "9999-12-31T23:59:59Z"), ("at", "0001-01-01T00:00:00Z"), ("at", 5), ("path", "\x1b]0;P\x07"),
        ("path", "a\x00b"), ("path", "\ud800"), ("entries", "9" * 5000), ("entries", float("inf")),
        ("entries", None),
    )
]  # fmt: skip


@pytest.mark.file_only("the note beside the file")
@pytest.mark.parametrize("note", [*FORGED_NOTES, "[" * 100_000, "\x00"])
def test_a_note_of_the_last_backup_that_none_wrote_is_none(clerk: Clerk, note: str) -> None:
    Path(f"{clerk.db}.last-backup").write_text(note)
    doctor = clerk("doctor")
    assert doctor.status == 1 and "No backup has been made" in doctor.err
    assert "\x1b" not in doctor.err


@pytest.mark.file_only("the note beside the file")
def test_a_note_of_a_last_backup_at_no_place_is_told(clerk: Clerk) -> None:
    Path(f"{clerk.db}.last-backup").write_text(json.dumps({**NOTE, "path": ["x"]}))
    doctor = clerk("doctor")
    assert doctor.status == 1 and "The last backup is " in doctor.err


@pytest.mark.parametrize("keep", ["0", "-1", "1.5", "0" * 5001 + "5", "9" * 5005, "１", "²"])
def test_a_number_of_copies_is_a_small_number(clerk: Clerk, tmp_path: Path, keep: str) -> None:
    refused = clerk("backup", "--keep", keep, tmp_path / "copies")
    assert refused.status == 2 and "Invalid number of backups" in refused.err and len(refused.err) < 1200
