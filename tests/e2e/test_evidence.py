"""Evidence files: kept beside the register by the hash of their content, listed, copied out, held against it."""

import json
import os
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from dealtrack.errors import EvidenceAltered, NoTerminal, UnknownEvidence
from dealtrack.register.evidence import safe_name
from dealtrack.register.sqlite.evidence_folder import LARGEST
from tests.conftest import Clerk, prepared

CONTENT = b"\x89PNG not really\n" * 100
DIGEST = sha256(CONTENT).hexdigest()


@prepared
def busy(clerk: Clerk) -> None:
    """Give a clerk with two complaints."""
    clerk("add", "--platform", "JD", "--at", "2016-11-11 10:00").ok()
    clerk("add", "--platform", "Tmall", "--at", "2016-11-12 10:00").ok()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Give a file to attach."""
    path = tmp_path / "屏幕 photo.png"
    path.write_bytes(CONTENT)
    return path


def _store(clerk: Clerk) -> Path:
    return clerk.db.with_name(f"{clerk.db.name}.evidence")


def _stored(clerk: Clerk) -> Path:
    return _store(clerk) / DIGEST[:2] / DIGEST


def _listed(clerk: Clerk, *ids: object) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(clerk("evidence", *ids, "--format", "json").ok())
    return listed


def _entries(clerk: Clerk) -> int:
    return int(clerk("verify").ok().split()[2])


def test_attached_listed_and_shown(busy: Clerk, photo: Path) -> None:
    ran = busy("evidence", 1, "--file", photo, "--note", "开箱照片", "--at", "2016-11-12 08:00")
    assert ran.ok() == "complaint 1: evidence 9, 屏幕 photo.png, 1,600 bytes\n".replace("9", str(_seq(busy)))
    assert _listed(busy, 1) == [
        {
            "complaint": 1,
            "seq": _seq(busy),
            "name": "屏幕 photo.png",
            "size": len(CONTENT),
            "sha256": DIGEST,
            "at": "2016-11-12T08:00:00+08:00",
            "actor": "clerk",
            "present": True,
        }
    ]
    assert _listed(busy, 2) == []
    assert busy("evidence", 2).ok() == ""
    shown = busy("show", 1).ok()
    assert "屏幕 photo.png, 1,600 bytes; 开箱照片; (entered 2016-11-15 09:00, 3 days later)" in shown
    (entry,) = [
        entry
        for entry in json.loads(busy("show", 1, "--format", "json").ok())["history"]
        if entry["kind"] == "evidence"
    ]
    assert entry["detail"] == {"name": "屏幕 photo.png", "sha256": DIGEST, "size": len(CONTENT), "note": "开箱照片"}
    assert busy("search", "开箱照片").ok()


def _seq(clerk: Clerk) -> int:
    return max(int(entry["seq"]) for entry in json.loads(clerk("show", 1, "--format", "json").ok())["history"])


@pytest.mark.file_only("the folder of evidence")
def test_stored_for_the_owner_alone_and_once(busy: Clerk, photo: Path, tmp_path: Path) -> None:
    other = tmp_path / "copy.png"
    other.write_bytes(CONTENT)
    umask = os.umask(0)
    try:
        busy("evidence", 1, 2, "--file", photo, "--file", other).ok()
    finally:
        os.umask(umask)
    held = [path for path in _store(busy).rglob("*") if path.is_file()]
    assert held == [_stored(busy)]
    assert held[0].read_bytes() == CONTENT
    assert held[0].stat().st_mode & 0o777 == 0o600
    assert {path.stat().st_mode & 0o777 for path in (_store(busy), held[0].parent)} == {0o700}
    assert [(held["complaint"], held["name"]) for held in _listed(busy, 2, 1)] == [
        (2, "屏幕 photo.png"),
        (2, "copy.png"),
        (1, "屏幕 photo.png"),
        (1, "copy.png"),
    ]


@pytest.mark.file_only("the folder of evidence")
def test_the_store_stands_beside_the_file_that_a_link_leads_to(busy: Clerk, photo: Path, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere"
    link.mkdir()
    (link / "link.db").symlink_to(busy.db)
    busy("--db", link / "link.db", "evidence", 1, "--file", photo).ok()
    assert _stored(busy).is_file()
    assert [path.name for path in link.iterdir()] == ["link.db"]


@pytest.mark.file_only("the folder of evidence")
@pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "large", "device"])
def test_what_is_no_plain_file_is_refused(kind: str, busy: Clerk, photo: Path, tmp_path: Path) -> None:
    path = tmp_path / kind
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "large":
        with path.open("wb") as held:
            held.truncate(LARGEST + 1)
    elif kind == "device":
        path = Path("/dev/zero")
    before = _entries(busy)
    ran = busy("evidence", 1, "--file", photo, "--file", path)
    assert ran.status == 2
    assert f"Cannot read {path}" in ran.err
    assert _entries(busy) == before
    assert _listed(busy, 1) == []
    assert not list(_store(busy).rglob("*.part"))


@pytest.mark.file_only("the folder of evidence")
def test_nothing_is_kept_for_an_unknown_complaint(busy: Clerk, photo: Path) -> None:
    assert busy("evidence", 1, 77, "--file", photo).status == 2
    assert not _store(busy).exists()
    assert busy("evidence", 1, "--file", photo, "--at", "2016-11-01").status == 2
    assert _listed(busy, 1) == []


@pytest.mark.file_only("the folder of evidence")
def test_links_in_the_store_are_not_followed(busy: Clerk, photo: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    _store(busy).symlink_to(outside)
    ran = busy("evidence", 1, "--file", photo)
    assert ran.status == 3
    assert "a symbolic link" in ran.err
    _store(busy).unlink()
    _store(busy).mkdir()
    (_store(busy) / DIGEST[:2]).symlink_to(outside)
    assert busy("evidence", 1, "--file", photo).status == 3
    assert list(outside.iterdir()) == []
    (_store(busy) / DIGEST[:2]).unlink()
    _stored(busy).parent.mkdir()
    precious = outside / "precious"
    precious.write_text("mine")
    _stored(busy).symlink_to(precious)
    busy("evidence", 1, "--file", photo).ok()
    assert precious.read_text() == "mine"
    assert not _stored(busy).is_symlink()
    assert busy("verify").status == 0


def test_copied_out(busy: Clerk, photo: Path, tmp_path: Path) -> None:
    busy("evidence", 1, "--file", photo).ok()
    seq = _seq(busy)
    folder = tmp_path / "out"
    folder.mkdir()
    assert busy("evidence", 1, "--save", seq, "--to", folder).ok() == f"{folder / photo.name}\n"
    assert (folder / photo.name).read_bytes() == CONTENT
    assert (folder / photo.name).stat().st_mode & 0o777 == 0o600
    busy("evidence", 1, "--save", seq, "--to", folder / "other.png").ok()
    again = busy("evidence", 1, "--save", seq, "--to", folder)
    assert again.status == 3
    assert "it already exists" in again.err
    assert busy("evidence", 1, "--save", seq).status == 2
    unknown = busy("evidence", 1, "--save", 1, "--to", folder)
    assert unknown.err == f"dealtrack: {UnknownEvidence(seq=1, complaint=1, known=f'Its evidence entries: {seq}.')}\n"
    assert "It has no evidence." in busy("evidence", 2, "--save", 1, "--to", folder).err
    assert busy("evidence", 1, "--save", seq, "--file", photo).status == 2


@pytest.mark.file_only("the folder of evidence")
def test_an_altered_file_is_not_given_out(busy: Clerk, photo: Path, tmp_path: Path) -> None:
    busy("evidence", 1, "--file", photo).ok()
    _stored(busy).write_bytes(CONTENT[::-1])
    target = tmp_path / "out.png"
    ran = busy("evidence", 1, "--save", _seq(busy), "--to", target)
    assert ran.status == EvidenceAltered.exit_code == 1
    assert "was altered" in ran.err
    assert not target.exists()
    # Attached again, the content is whole again.
    busy("evidence", 2, "--file", photo).ok()
    assert busy("verify").status == 0


def _cut(path: Path) -> None:
    path.write_bytes(CONTENT[:-1])


def _change(path: Path) -> None:
    path.write_bytes(b"X" + CONTENT[1:])


def _link(path: Path) -> None:
    held = path.with_name("held")
    path.rename(held)
    path.symlink_to(held)


def _move_shelf(path: Path) -> None:
    shelf = path.parent.rename(path.parent.with_name("elsewhere"))
    path.parent.symlink_to(shelf)


def _make_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.file_only("the folder of evidence")
@pytest.mark.parametrize(
    ("harm", "told", "is_present"),
    [
        (Path.unlink, "is missing", False),
        (_cut, "was altered", False),
        (_change, "was altered", True),
        (_link, "is a symbolic link", False),
        (_move_shelf, "is a symbolic link", True),
        (_make_pipe, "is not a regular file", False),
    ],
)
def test_verify_finds_what_was_done_to_a_file(harm: Any, told: str, is_present: bool, busy: Clerk, photo: Path) -> None:
    busy("evidence", 1, 2, "--file", photo).ok()
    assert busy("verify").status == 0
    harm(_stored(busy))
    ran = busy("verify")
    assert ran.status == 1
    *lines, advice = ran.err.splitlines()
    assert len(lines) == 2
    assert "backup" in advice
    assert all(told in line and photo.name in line for line in lines)
    assert "complaint 1 (entry" in lines[0]
    assert _listed(busy, 1)[0]["present"] is is_present


@pytest.mark.file_only("the folder of evidence")
def test_voided_evidence_is_left_out(busy: Clerk, photo: Path) -> None:
    busy("evidence", 1, "--file", photo).ok()
    busy("void", 1, "--reason", "the wrong file").ok()
    assert _listed(busy, 1) == []
    assert f"{photo.name}, 1,600 bytes (voided)" in busy("show", 1).ok()
    _stored(busy).unlink()
    assert busy("verify").status == 0


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("photo.png", "photo.png"),
        ("a\x1b[31mb.txt", "a␛[31mb.txt"),
        ("line\nbreak.txt", "line break.txt"),
        ("\u202egnp.exe", "�gnp.exe"),
        (".hidden", "hidden"),
        ("..", "evidence"),
        (" ", "evidence"),
        ("\udcff.txt", "?.txt"),
        ("长" * 250 + ".pdf", "长" * 180 + "….pdf"),
    ],
)
def test_names_are_made_safe(name: str, shown: str) -> None:
    assert safe_name(name) == shown


def test_a_name_that_is_no_text_can_be_attached_and_copied_out(busy: Clerk, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe\x1b.txt"))
    path.write_bytes(CONTENT)
    assert busy("evidence", 1, "--file", path).status == 0
    folder = tmp_path / "out"
    folder.mkdir()
    busy("evidence", 1, "--save", _seq(busy), "--to", folder).ok()
    assert [path.name for path in folder.iterdir()] == ["??␛.txt"]


def test_opened_on_a_terminal_only(busy: Clerk, photo: Path, tmp_path: Path) -> None:
    busy("evidence", 1, "--file", photo).ok()
    script = photo.with_name("run.desktop")
    script.write_bytes(b"[Desktop Entry]")
    busy("evidence", 1, "--file", script).ok()
    first, second = (held["seq"] for held in _listed(busy, 1))
    refused = busy("evidence", 1, "--open", first)
    instead = f"Save a copy instead: dealtrack evidence 1 --save {first} --to FILE."
    assert (refused.status, refused.err) == (2, f"dealtrack: {NoTerminal(what='--open', instead=instead)}\n")
    tools = tmp_path / "tools"
    tools.mkdir()
    viewer = tools / ("open" if sys.platform == "darwin" else "xdg-open")
    viewer.write_text(f'#!/bin/sh\ncat "$1" > "{tmp_path}/seen"\n')
    viewer.chmod(0o700)
    busy.extra |= {"PATH": f"{tools}:/usr/bin:/bin", "TMPDIR": str(tools)}
    assert busy.at_terminal("evidence", "1", "--open", second).status == 2
    assert not (tmp_path / "seen").exists()
    assert busy.at_terminal("evidence", "1", "--open", first, typed=b"\n").status == 0
    assert (tmp_path / "seen").read_bytes() == CONTENT
    assert [path.name for path in tools.iterdir()] == [viewer.name], "the copy is removed"


def test_on_a_narrow_terminal_each_file_is_one_line(busy: Clerk, photo: Path) -> None:
    from dealtrack.cli.table import fit_columns, plan_columns

    widths = {"complaint": 9, "seq": 3, "name": 20, "size": 9, "sha256": 64, "at": 19, "actor": 8, "present": 7}
    columns = plan_columns(list(widths))
    kept = fit_columns(columns, list(widths.values()), 80)
    assert {"complaint", "seq", "name", "at"} <= {columns[place].key for place, _ in kept}
    assert sum(width + 2 for _, width in kept) - 2 <= 80
    assert not any(column.wraps for column in columns)
    busy("evidence", 1, "--file", photo).ok()
    assert len(_listed(busy, 1)[0]["sha256"]) == 64, "programs get the whole hash"
