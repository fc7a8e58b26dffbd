"""What a command may write over: never a register, its parts, its evidence, or a file of another kind."""

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from dealtrack.register.drafts import DRAFT
from tests import processes
from tests.conftest import PROJECT, Clerk, prepared

pytestmark = pytest.mark.file_only("what stands where a file is written")

NUMBERED = ("add", "--platform", "JD", "--number")


@contextmanager
def looked_at(register: Path) -> Iterator[None]:
    """Have somebody look at a register, so that its last entries stay beside it."""
    with closing(sqlite3.connect(register)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT 1 FROM complaint").fetchone()
        yield


def _relative(register: Path) -> Path:
    return Path(os.path.relpath(register))


def _linked(register: Path) -> Path:
    link = register.with_name("link.db")
    link.symlink_to(register)
    return link


def _hard_linked(register: Path) -> Path:
    link = register.with_name("hard.db")
    os.link(register, link)
    return link


def _part(suffix: str) -> Callable[[Path], Path]:
    return lambda register: Path(f"{register}{suffix}")


def _evidence(register: Path) -> Path:
    folder = register.with_name(f"{register.name}.evidence")
    return next(path for path in folder.rglob("*") if path.is_file())


def _named(file: Path, register: Path) -> Path:
    return file


PLACES: dict[str, Callable[[Path], Path]] = {
    "the register": lambda register: register,
    "a relative path": _relative,
    "a link": _linked,
    "a hard link": _hard_linked,
    "its log": _part("-wal"),
    "its index": _part("-shm"),
    "its journal": _part("-journal"),
    "its note": _part(".last-backup"),
    "its evidence": _evidence,
}

WRITERS: dict[str, tuple[str, ...]] = {
    "backup": ("backup",),
    "export csv": ("export", "--format", "csv", "--to"),
    "export json": ("export", "--format", "json", "--to"),
    "export jsonl": ("export", "--format", "jsonl", "--to"),
    "export xlsx": ("export", "--format", "xlsx", "--to"),
    "report xlsx": ("report", "--xlsx"),
    "report html": ("report", "--html"),
    "due ics": ("due", "--ics"),
}


@pytest.fixture
def busy(clerk: Clerk, tmp_path: Path) -> Clerk:
    """Give a clerk with a complaint, evidence of it and a backup."""
    clerk(*NUMBERED, "FIRST").ok()
    receipt = tmp_path / "receipt.txt"
    receipt.write_text("an invented receipt")
    clerk("evidence", 1, "--file", receipt).ok()
    clerk("backup", tmp_path / "noted.db").ok()
    return clerk


@pytest.mark.parametrize("writer", WRITERS)
def test_no_command_writes_over_a_register_what_belongs_to_it_or_a_file_of_another_kind(
    writer: str, busy: Clerk, made_register: Path
) -> None:
    other = busy.db.with_name("other.db")
    shutil.copy(made_register, other)
    places: dict[str, Callable[[Path], Path]] = {**PLACES, "another register": partial(_named, other)}
    for number, content in enumerate(
        (
            b"my thesis\n",
            b"PK\x03\x04 a document",
            b"\x00\x01",
            b"import os\nimport sys\n",
            b'[columns]\nnumber = "No."\n',
            b"[[amendment]]\n",
            b"{% if my template %}\n",
        )
    ):
        thesis = busy.db.with_name(f"thesis{number}.docx")
        thesis.write_bytes(content)
        places[f"a file of {content!r}"] = partial(_named, thesis)
    for name, place in places.items():
        target = place(busy.db)
        before = target.read_bytes() if target.exists() else None
        refused = busy(*WRITERS[writer], target)
        assert (name, refused.status, refused.out) == (name, 3, "")
        assert len(refused.err.splitlines()) <= 3
        assert (target.read_bytes() if target.exists() else None) == before, name
        if name == "a hard link":
            target.unlink()
    assert "FIRST" in busy("list").ok()
    assert busy("verify").status == 0


@pytest.mark.parametrize("writer", WRITERS)
def test_an_earlier_file_of_the_same_kind_is_replaced(writer: str, busy: Clerk) -> None:
    target = busy.db.with_name("again")
    busy(*WRITERS[writer], target).ok()
    first = target.read_bytes()
    busy(*NUMBERED, "SECOND").ok()
    busy(*WRITERS[writer], target).ok()
    assert target.read_bytes() != first
    empty = busy.db.with_name("empty")
    if writer != "backup":
        empty.touch()
        busy(*WRITERS[writer], empty).ok()


def test_lists_replace_lists_alone(busy: Clerk, tmp_path: Path) -> None:
    lists = tmp_path / "lists"
    later = "2016-12-15T09:00:00+08:00"
    for fmt, ending in (("csv", ".csv"), ("text", ".txt"), ("xlsx", ".xlsx")):
        for _ in range(2):
            busy("overdue", "--by", "platform", "--out", lists, "--format", fmt, now=later).ok()
        foreign = lists / f"JD{ending}"
        foreign.write_bytes(b"my notes, a line\nand one more\n")
        refused = busy("overdue", "--by", "platform", "--out", lists, "--format", fmt, now=later)
        assert (refused.status, foreign.read_bytes()) == (3, b"my notes, a line\nand one more\n")
        foreign.unlink()


def test_an_index_of_lists_that_somebody_wrote_takes_no_register_away(busy: Clerk) -> None:
    index = busy.db.with_name(".dealtrack-lists.json")
    index.write_text(json.dumps({"lists": {busy.db.name: "JD"}}))
    busy("overdue", "--by", "platform", "--out", busy.db.parent, now="2016-12-15T09:00:00+08:00").ok()
    assert "FIRST" in busy("list").ok()


def test_a_backup_goes_over_an_earlier_one_of_the_same_register_alone(
    busy: Clerk, new_clerk: Callable[..., Clerk], tmp_path: Path
) -> None:
    copy = tmp_path / "copy.db"
    busy("backup", copy).ok()
    busy(*NUMBERED, "SECOND").ok()
    busy("backup", copy).ok()
    assert "SECOND" in busy("--db", copy, "list").ok()
    # A link is followed, and stays.
    link = tmp_path / "to-copy.db"
    link.symlink_to(copy)
    busy(*NUMBERED, "THIRD").ok()
    busy("backup", link).ok()
    assert link.is_symlink()
    assert "THIRD" in busy("--db", copy, "list").ok()
    # Once something was written to it, it is a register.
    busy("--db", copy, *NUMBERED, "ELSEWHERE").ok()
    refused = busy("backup", copy)
    assert (refused.status, "it is not an earlier backup of this register" in refused.err) == (3, True)
    assert "ELSEWHERE" in busy("--db", copy, "list").ok()


def test_a_backup_is_refused_where_a_log_lies_beside_it(busy: Clerk, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    Path(f"{copy}-wal").write_bytes(b"stale")
    refused = busy("backup", copy)
    assert refused.err == (
        f"dealtrack: No backup was made at {copy}: copy.db-wal is beside it; name a new file, or move that one away first.\n"
    )
    assert not copy.exists()


def test_a_backup_of_a_register_with_many_writers_comes_to_its_end(busy: Clerk, tmp_path: Path) -> None:
    done = tmp_path / "stop"
    loop = (
        "import sqlite3, sys, time, pathlib\n"
        "db = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)\n"
        "while not pathlib.Path(sys.argv[2]).exists():\n"
        "    db.execute('PRAGMA wal_autocheckpoint=1'); db.execute('BEGIN IMMEDIATE')\n"
        "    db.execute(\"UPDATE fact SET value = value WHERE name = 'timezone'\"); db.execute('COMMIT')\n"
    )
    writer = subprocess.Popen([sys.executable, "-c", loop, str(busy.db), str(done)])
    try:
        for turn in range(3):
            assert busy.process("backup", tmp_path / f"copy{turn}.db").status == 0
    finally:
        done.touch()
        assert writer.wait(60) == 0


FOLDERS: dict[str, Callable[[Path, Path], tuple[str | Path, ...]]] = {
    "backup --keep": lambda folder, _: ("backup", "--keep", "2", folder),
    "lists": lambda folder, _: ("overdue", "--by", "platform", "--out", folder),
    "init": lambda folder, _: ("--db", folder / "new.db", "init"),
    "restore": lambda folder, copy: ("--db", folder / "new.db", "restore", "--yes", copy),
}


@pytest.mark.parametrize("writer", FOLDERS)
def test_no_command_makes_a_folder_where_a_part_of_a_register_would_stand(
    writer: str, busy: Clerk, tmp_path: Path
) -> None:
    copy = tmp_path / "noted.db"
    for suffix in (
        "-wal",
        "-shm",
        "-journal",
        "-JOURNAL",
        ".erasure-open",
        "-journal/deeper",
        ".evidence",
        ".evidence/x",
    ):
        folder = Path(f"{busy.db}{suffix}")
        before = sorted(tmp_path.rglob("*"))
        refused = busy(*FOLDERS[writer](folder, copy), now="2016-12-15T09:00:00+08:00")
        assert (suffix, refused.status, refused.out, sorted(tmp_path.rglob("*"))) == (suffix, 3, "", before)
    assert "FIRST" in busy("list").ok()
    # A folder that stands there already is no part of a register.
    folder = tmp_path / "law-journal"
    folder.mkdir()
    busy(*FOLDERS[writer](folder, copy), now="2016-12-15T09:00:00+08:00").ok()


def test_no_backup_is_restored_in_the_place_of_a_part_of_a_register(busy: Clerk, tmp_path: Path) -> None:
    copy = tmp_path / "noted.db"
    with looked_at(busy.db):
        busy.process(*NUMBERED, "LAST").ok()
        for name in ("its log", "its index", "its journal", "its note", "its evidence"):
            place = PLACES[name](busy.db)
            before = place.read_bytes() if place.exists() else None
            refused = busy.process("--db", place, "restore", "--yes", copy)
            assert (name, refused.status, refused.out) == (name, 3, "")
            assert (place.read_bytes() if place.exists() else None) == before
    assert "LAST" in busy("list").ok()


def test_init_is_refused_beside_the_log_of_an_earlier_register(new_clerk: Callable[..., Clerk]) -> None:
    for suffix in ("-wal", "-shm", "-journal"):
        clerk = new_clerk()
        Path(f"{clerk.db}{suffix}").write_bytes(b"stale")
        refused = clerk("init")
        assert (refused.status, f"{clerk.db.name}{suffix} is there" in refused.err) == (3, True)
        assert not clerk.db.exists()


def test_the_last_entries_are_read_through_a_link_too(busy: Clerk, tmp_path: Path) -> None:
    crash = tmp_path / "crash"
    crash.mkdir()
    with looked_at(busy.db):
        busy.process(*NUMBERED, "LAST").ok()
        for suffix in ("", "-shm"):
            shutil.copy(f"{busy.db}{suffix}", crash / f"r.db{suffix}")
    link = tmp_path / "link.db"
    link.symlink_to(crash / "r.db")
    for name in (crash / "r.db", link):
        refused = busy("--db", name, "list")
        assert (refused.status, refused.out, "-wal, with its last entries, is gone" in refused.err) == (
            3,
            "",
            True,
        )


def test_a_register_of_two_names_is_read_with_a_warning_and_not_written(busy: Clerk, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    os.link(busy.db, other)
    for name in (busy.db, other):
        looked = busy("--db", name, "list")
        assert (looked.status, "FIRST" in looked.out) == (0, True)
        assert looked.err == (
            "dealtrack: The register's file has 2 names (hard links): entries made through another name may be missing.\n"
        )
        refused = busy("--db", name, *NUMBERED, "LOST")
        assert (refused.status, "its file has 2 names (hard links)" in refused.err) == (3, True)
    other.unlink()
    busy(*NUMBERED, "KEPT").ok()
    assert busy("list").err == ""


def test_the_new_copy_stays_whatever_a_wrong_clock_named_the_others(busy: Clerk, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    for now in ("2027-01-01T09:00:00+08:00", "2027-01-02T09:00:00+08:00"):
        busy("backup", "--keep", 2, folder, now=now).ok()
    busy(*NUMBERED, "NEW", now="2016-11-21T09:00:00+08:00").ok()
    busy("backup", "--keep", 2, folder, now="2016-11-21T09:00:00+08:00").ok()
    busy(*NUMBERED, "NEWER", now="2016-11-22T09:00:00+08:00").ok()
    busy("backup", "--keep", 2, folder, now="2016-11-22T09:00:00+08:00").ok()
    stamps = sorted(path.stem.rpartition("-")[2] for path in folder.glob("*.db"))
    assert stamps == ["20161121T010000Z", "20161122T010000Z"]


def test_copies_named_by_their_moment_are_whole_with_the_evidence_that_they_share(busy: Clerk, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    for day in (1, 2):
        busy("backup", "--keep", 2, folder, now=f"2016-12-0{day}T09:00:00+08:00").ok()
    first, second = sorted(folder.glob("*.db"))
    busy("restore", first, "--yes").ok()
    (replaced,) = busy.db.parent.glob("*-replaced-*.db")
    for copy in (first, second, replaced):
        assert busy("--db", copy, "verify").status == 0
    _evidence(folder / busy.db.name).unlink()
    for copy in (first, second):
        told = busy("--db", copy, "verify")
        assert (told.status, "Evidence receipt.txt of complaint 1" in told.err) == (1, True)


def test_only_copies_of_this_register_are_dropped(busy: Clerk, made_register: Path, tmp_path: Path) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    foreign = folder / f"{busy.db.stem}-20010101T000000Z.db"
    shutil.copy(made_register, foreign)
    text = folder / f"{busy.db.stem}-20010102T000000Z.db"
    text.write_text("no database")
    for day in (1, 2, 3):
        busy("backup", "--keep", 1, folder, now=f"2016-12-0{day}T09:00:00+08:00").ok()
    left = sorted(path.name for path in folder.glob("*.db"))
    assert left == [foreign.name, text.name, f"{busy.db.stem}-20161203T010000Z.db"]


def test_a_copy_that_is_used_as_the_register_is_written_with_a_log_again(busy: Clerk, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    busy("backup", copy).ok()
    warned = busy("--db", copy, "doctor")
    assert "readers make writers wait" in warned.err
    busy("--db", copy, *NUMBERED, "MORE").ok()
    assert "readers make writers wait" not in busy("--db", copy, "doctor").err
    with looked_at(copy):
        busy.process("--db", copy, *NUMBERED, "BESIDE").ok()


def test_a_backup_of_another_page_size_can_be_restored(busy: Clerk, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    busy("backup", copy).ok()
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.execute("PRAGMA page_size = 8192")
        connection.execute("VACUUM")
    busy(*NUMBERED, "AFTER").ok()
    assert busy("restore", copy, "--yes").status == 0
    assert busy("verify").status == 0
    assert "AFTER" not in busy("list").ok()


def test_the_note_of_a_backup_follows_no_link(busy: Clerk, tmp_path: Path) -> None:
    victim = tmp_path / "victim.txt"
    victim.write_text("precious")
    note = Path(f"{busy.db}.last-backup")
    note.unlink()
    note.symlink_to(victim)
    busy("backup", tmp_path / "more.db").ok()
    assert victim.read_text() == "precious"


def test_the_number_of_backups_is_one_to_four_digits(busy: Clerk, tmp_path: Path) -> None:
    for text in ("0", "00", "-1", "1.5", "１", "²", " 1", "99999", "0" * 5005):
        refused = busy("backup", f"--keep={text}", tmp_path / "copies")
        assert (refused.status, "Invalid number of backups" in refused.err) == (2, True)


# Drafts


@prepared
def large(busy: Clerk) -> None:
    """Give a clerk whose register takes a while to copy, with personal data in it."""
    rows = busy.db.with_name("rows.csv")
    lines = (f"N{turn},JD,2016-11-10 10:00,invented {turn},139{turn:08d},{'x' * 200}" for turn in range(3000))
    rows.write_text("\n".join(["number,platform,received,consumer,phone,summary", *lines]))
    busy("import", rows, "--duplicate-days", 0).ok()
    rows.unlink()


LONG: dict[str, tuple[str, ...]] = {
    "backup": ("backup", "--no-evidence", "{folder}/k.db"),
    "backup --keep": ("backup", "--no-evidence", "--keep", "2", "{folder}/copies"),
    "export": ("export", "--reveal", "--format", "jsonl", "--to", "{folder}/k.jsonl"),
}


def _drafts(*folders: Path) -> list[Path]:
    return [path for folder in folders for path in folder.rglob(f"*{DRAFT}*") if path.is_file()]


@pytest.mark.parametrize("command", LONG)
def test_a_killed_command_leaves_nothing_of_what_it_wrote(command: str, large: Clerk, tmp_path: Path) -> None:
    words = [word.format(folder=tmp_path) for word in LONG[command]]
    environment = {"PATH": "/usr/bin:/bin", **large.environment()}
    for turn in range(6):
        with Path(os.devnull).open("r+b", buffering=0) as nowhere:
            running = processes.start(words, environment, PROJECT, (nowhere.fileno(),) * 3)
        # It has all modules when it begins.
        time.sleep(0.02 + 0.03 * turn)
        running.kill()
        running.wait()
        if sys.platform == "linux":
            assert [path.stat().st_size for path in _drafts(tmp_path) if path.stat().st_size] == []
    assert large.process(*words).status == 0
    assert _drafts(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT, signal.SIGKILL])
def test_a_workbook_that_is_broken_off_leaves_nobodys_data(
    number: signal.Signals, large: Clerk, tmp_path: Path
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    environment = {"PATH": "/usr/bin:/bin", "TMPDIR": str(temporary), **large.environment()}
    words = ["export", "--reveal", "--format", "xlsx", "--to", str(tmp_path / "k.xlsx")]
    running = subprocess.Popen(
        [sys.executable, "-m", "dealtrack", *words], env=environment, cwd=PROJECT, stderr=subprocess.DEVNULL
    )
    until = time.monotonic() + 60
    # In its own folder: Python tries with a file beside it whether it may write there at all.
    while time.monotonic() < until and running.poll() is None and not list(temporary.glob("*/*")):
        time.sleep(0.005)
    running.send_signal(number)
    running.wait(60)
    if number is not signal.SIGKILL:
        assert list(temporary.iterdir()) == []
        return
    # Nothing can be done in a process that is killed: the next command does it, and doctor names it until then.
    left = list(temporary.iterdir())
    if left:
        assert str(left[0]) in large.process("doctor", TMPDIR=str(temporary)).err
        assert large.process("erase", "2", "--reason", "x", "--yes", TMPDIR=str(temporary)).status == 0
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="a file without a name is needed")
def test_evidence_that_is_saved_stands_there_whole_or_not_at_all(busy: Clerk, tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    with film.open("wb") as stream:
        stream.truncate(1 << 26)
    seq = busy("evidence", 1, "--file", film, "--format", "json").ok().partition('"seq": ')[2].partition(",")[0]
    saved = tmp_path / "saved"
    saved.mkdir()
    words = [sys.executable, "-m", "dealtrack", "evidence", "1", "--save", seq, "--to", str(saved)]
    running = subprocess.Popen(words, env={"PATH": "/usr/bin:/bin", **busy.environment()}, cwd=PROJECT)
    while running.poll() is None and not _is_written(running.pid, 1 << 20, saved):
        time.sleep(0.001)
    running.kill()
    assert running.wait(60) == -signal.SIGKILL
    assert list(saved.iterdir()) == []
    busy("evidence", 1, "--save", seq, "--to", saved).ok()
    assert (saved / "film.mp4").stat().st_size == film.stat().st_size


def _is_written(process: int, size: int, folder: Path) -> bool:
    """Tell whether a process has so much of a file in a folder, with a name or without one."""
    held = Path(f"/proc/{process}/fd")
    try:
        links = [path for path in held.iterdir() if str(path.readlink()).startswith(f"{folder}/")]
        return any(path.stat().st_size >= size for path in links)
    except OSError:
        return False


@pytest.mark.parametrize("words", [("export", "--format", "xlsx", "--to"), ("report", "--xlsx"), ("due", "--ics")])
def test_what_is_no_text_goes_through_a_pipe_too(words: tuple[str, ...], busy: Clerk, tmp_path: Path) -> None:
    pipe, plain = tmp_path / "pipe", tmp_path / "plain"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reader:
        busy(*words, pipe).ok()
        read, _ = reader.communicate(timeout=60)
    busy(*words, plain).ok()
    assert read[:4] == plain.read_bytes()[:4]
    if plain.read_bytes().startswith(b"PK"):
        with ZipFile(BytesIO(read)) as archive:
            assert archive.testzip() is None


def test_who_writes_beside_an_erasure_is_let_in(busy: Clerk) -> None:
    busy("amend", 1, "--consumer", "invented name").ok()
    with looked_at(busy.db):
        erasing = subprocess.Popen(
            [sys.executable, "-m", "dealtrack", "erase", "1", "--reason", "asked for", "--yes"],
            env={"PATH": "/usr/bin:/bin", **busy.environment()},
            cwd=PROJECT,
            stderr=subprocess.PIPE,
            text=True,
        )
        time.sleep(1.5)
        # In a process of its own: whoever opens and closes the file here drops the locks of who looks.
        busy.process(*NUMBERED, "BESIDE").ok()
        _, told = erasing.communicate(timeout=60)
        assert erasing.returncode == 0
        assert "Another program is reading the register" in told
        assert "Erased data may remain in the register's files" in busy.process("doctor").err
        assert b"invented name" in busy.db.read_bytes() + Path(f"{busy.db}-wal").read_bytes()
    busy("note", 1, "--note", "the next entry").ok()
    assert "may remain" not in busy("doctor").err
    assert b"invented name" not in busy.db.read_bytes()
    assert not Path(f"{busy.db}-wal").exists() or b"invented name" not in Path(f"{busy.db}-wal").read_bytes()
