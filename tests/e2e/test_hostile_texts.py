"""Names and texts of strangers, in files and in registers given to somebody: shown, and never obeyed or believed."""

import ast
import csv
import hashlib
import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from zipfile import ZipFile

import pytest

from dealtrack.core.file_names import lone_file_name
from tests.conftest import Clerk
from tests.sources import calls

P = "\x1b]0;PWN\x07\x1b[31m\x9b31m\u202eRTL\u2066\r\n\tX\u2028Y"
OBEYED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\u2028\u2029]")
FORGED = "asked\tJD\tcomplete_on_time_rate\t1.0000"


def obeyed(text: str) -> str:
    """Return where a text holds what a terminal would obey, nothing where it does not."""
    found = OBEYED.search(text)
    return repr(text[max(0, found.start() - 60) : found.end() + 20]) if found else ""


@pytest.fixture
def strangers(clerk: Clerk, tmp_path: Path) -> Clerk:
    """Give a clerk whose register holds a file of hostile names."""
    file = tmp_path / "rows.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(["number", "platform", "owner", "received", "summary", "consumer"])
        rows.writerow([f"A{P}1", f"P{P}x", f"O{P}w", "2016-11-02 10:00", f"S{P}um", f"C{P}on"])
        rows.writerow(["A2", f"Shop\n{FORGED}\nx", f"Shop\n{FORGED}\nx", "2016-11-02 10:00", "um", ""])
    told = clerk("import", file)
    assert told.status == 0 and obeyed(told.out + told.err) == ""
    return clerk


COMMANDS = (
    "report", "report --by owner", "report --by owner --format csv", "report --by platform --format json",
    "report --format table", "list", "list --format csv", "list --format json", "overdue", "due", "digest",
    "digest --format json", "show 1 2", "show 1 --reveal --format table", "show 1 --format json", "explain 1 2",
    "search um", "search um --format table", "platform list", "platform show JD", "policy list", "policy show",
    "policy try odr --by platform", "evidence 1", "doctor", "verify", "recheck", "export --reveal",
    "export --format jsonl", "datasette", "forward 1", "add --platform NOPE", "calendar next 3", "calendar show",
)  # fmt: skip


@pytest.mark.parametrize("words", COMMANDS)
def test_no_name_of_a_file_is_obeyed_or_makes_a_line(strangers: Clerk, words: str) -> None:
    for language in ("en", "zh"):
        told = strangers("--lang", language, *words.split())
        assert "Traceback" not in told.err and obeyed(told.out + told.err) == "", words
        # A line feed in quotes is a text of CSV.
        if "csv" not in words and "export" not in words:
            assert FORGED not in [line.strip() for line in told.out.splitlines()], words
            assert not any(line.startswith("asked\tJD") for line in told.out.splitlines()), words


FILES = (
    "export --format xlsx --reveal --to {file}", "export --reveal --to {file}", "report --by platform --xlsx {file}",
    "report --by owner --xlsx {file}", "report --by platform --html {file}", "due --within 999wd --ics {file}",
    "overdue --by platform --out {file}", "overdue --by owner --format xlsx --out {file}",
    "overdue --by owner --format text --out {file}",
)  # fmt: skip


@pytest.mark.parametrize("words", FILES)
def test_no_name_is_obeyed_in_a_file_that_is_written(strangers: Clerk, tmp_path: Path, words: str) -> None:
    place = tmp_path / "written"
    strangers(*words.format(file=place).split()).ok()
    texts: dict[str, bytes] = {}
    for path in [*place.iterdir()] if place.is_dir() else [place]:
        texts[path.name] = path.read_bytes()
        if texts[path.name].startswith(b"PK"):
            with ZipFile(path) as archive:
                texts.update({name: archive.read(name) for name in archive.namelist()})
            del texts[path.name]
    assert texts
    assert {name: obeyed(text.decode()) for name, text in texts.items() if obeyed(name + text.decode())} == {}


def _told(detail: dict[str, object]) -> str:
    return json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


DAMAGES = {
    "calendar": ("UPDATE fact SET value = ? WHERE name = 'calendar'", 1),
    "calendar's name": ("UPDATE fact SET value = json_set(value, '$.name', ?, '$.law', ?) WHERE name = 'calendar'", 2),
    "policy": ("UPDATE fact SET value = ? WHERE name = 'policy'", 1),
    "time zone": ("UPDATE fact SET value = ? WHERE name = 'timezone'", 1),
    "platform": ("UPDATE platform SET name = ? WHERE name = 'JD'", 1),
    "policy's name": ("UPDATE policy SET name = ?", 1),
    "policy's clock": (
        "UPDATE policy SET definition = json_set(definition, '$.clocks[0].name', ?, '$.title', ?, '$.source', ?)", 3,
    ),
    "complaint": ("UPDATE complaint SET platform = ?, owner = ?, number = ?", 3),
    "clock": ("UPDATE clock SET name = ? WHERE complaint = 1 AND name = 'forward'", 1),
    "ruling": ("UPDATE calendar_ruling SET name = ?, source = ?", 2),
}  # fmt: skip


@pytest.mark.file_only("damage that SQLite stores")
@pytest.mark.parametrize("damage", DAMAGES)
def test_no_text_of_a_hostile_register_is_obeyed_or_makes_a_line(clerk: Clerk, damage: str) -> None:
    clerk("add", "--platform", "JD", "--at", "2016-11-10 10:00", "--summary", "um").ok()
    clerk("add", "--platform", "Tmall", "--at", "2016-11-10 10:00", "--summary", "um").ok()
    statement, values = DAMAGES[damage]
    with closing(sqlite3.connect(clerk.db, isolation_level=None)) as db, db:
        db.execute("PRAGMA ignore_check_constraints = 1")
        db.execute(statement, [P + "\nforged line"] * values)
    for words in COMMANDS:
        told = clerk(*words.split())
        assert "Traceback" not in told.err, (words, told.err)
        assert obeyed(told.out + told.err) == "", (words, obeyed(told.out + told.err))
        if "csv" not in words and "export" not in words:
            assert not any(line.startswith("forged line") for line in (told.out + told.err).splitlines()), words


@pytest.mark.parametrize(
    ("name", "lone"),
    [
        ("/srv/.config/autostart/evil.desktop", "_srv_.config_autostart_evil.desktop"),
        ("../../home/x.sh", "_.._home_x.sh"),
        ("..\\..\\x.sh", "_.._x.sh"),
        ("..", "evidence"),
        (".", "evidence"),
        ("", "evidence"),
        (".bashrc", "bashrc"),
        ("截图 2016-11-11 10:23:45.png", "截图 2016-11-11 10:23:45.png"),
        ("a\nb\x1b.png", "a b␛.png"),
    ],
)
def test_a_name_of_a_register_is_no_path(name: str, lone: str) -> None:
    assert lone_file_name(name, "evidence") == lone


def test_on_windows_it_is_no_drive_stream_or_device() -> None:
    assert lone_file_name("C:x.png", "evidence", for_windows=True) == "C_x.png"
    assert lone_file_name("nul.txt", "evidence", for_windows=True) == "_nul.txt"


def _rechained(db: sqlite3.Connection) -> None:
    """Make the chain of a journal fit again, as one can who writes the file."""
    previous = bytes(32)
    rows = db.execute('SELECT seq, complaint, kind, at, recorded_at, actor, detail FROM "transition" ORDER BY seq')
    for row in rows.fetchall():
        told = json.dumps(list(row), ensure_ascii=False, separators=(",", ":")).encode()
        digest = hashlib.sha256(previous + told).digest()
        db.execute('UPDATE "transition" SET previous = ?, hash = ? WHERE seq = ?', (previous, digest, row[0]))
        previous = digest


def _with_evidence(clerk: Clerk, names: tuple[str, str, bytes]) -> None:
    """Attach a file, then write into the journal what else it might be called, and by which hash."""
    from tests.guards import without_triggers

    name, digest, content = names
    with closing(sqlite3.connect(clerk.db, isolation_level=None)) as db, without_triggers(db):
        (text,) = db.execute("SELECT detail FROM \"transition\" WHERE kind = 'evidence'").fetchone()
        detail = {**json.loads(text), "name": name, "sha256": digest, "size": len(content)}
        db.execute("UPDATE \"transition\" SET detail = ? WHERE kind = 'evidence'", (_told(detail),))
        _rechained(db)


def _seq(clerk: Clerk) -> int:
    return int(clerk("evidence", 1).ok().split("\t")[1])


@pytest.mark.file_only("a journal that is forged with its chain")
def test_evidence_is_saved_where_it_is_asked_for_and_nowhere_else(clerk: Clerk, tmp_path: Path) -> None:
    clerk("add", "--platform", "JD").ok()
    content = b"[Desktop Entry]"
    (tmp_path / "photo.png").write_bytes(content)
    clerk("evidence", 1, "--file", tmp_path / "photo.png").ok()
    digest = hashlib.sha256(content).hexdigest()
    victim, out = tmp_path / "victim", tmp_path / "out" / "sub"
    victim.mkdir()
    out.mkdir(parents=True)
    for name in (str(victim / "x.desktop"), "../../victim/x.sh", "..", f"{victim}/photo.png"):
        _with_evidence(clerk, (name, digest, content))
        place = clerk("evidence", 1, "--save", _seq(clerk), "--to", out).ok().strip()
        assert Path(place).parent == out and Path(place).read_bytes() == content
        Path(place).unlink()
    assert list(victim.iterdir()) == [] and list(out.parent.iterdir()) == [out]


@pytest.mark.file_only("a journal that is forged with its chain")
@pytest.mark.parametrize("digest", ["../../../secret", "/etc/passwd", "..", "", "A" * 64, "0" * 63])
def test_a_hash_of_a_register_is_no_path(clerk: Clerk, tmp_path: Path, digest: str) -> None:
    clerk("add", "--platform", "JD").ok()
    (tmp_path / "photo.png").write_bytes(b"x")
    clerk("evidence", 1, "--file", tmp_path / "photo.png").ok()
    _with_evidence(clerk, ("photo.png", digest, b"x"))
    told = clerk("evidence", 1, "--save", _seq(clerk), "--to", tmp_path / "out.png")
    assert told.status == 1 and "has no content hash in the journal" in told.err
    assert not (tmp_path / "out.png").exists()
    copied = clerk("backup", tmp_path / "copy.db")
    assert copied.status == 1 and "has no content hash" in copied.err


GUARDED = {"_", "safe_text", "paint"}
"""What makes a printed text harmless: a message of dealtrack's own, and what turns any other into one."""

LINES_MADE_SAFE: tuple[str, ...] = tuple(
    f"dealtrack/cli/{name}.py"
    for name in ("terminal", "look", "policy", "import_export", "import_suggestion", "commands", "help")
)
"""What prints lines that were made safe where they were put together."""


def test_every_text_goes_out_one_way() -> None:
    bare = [
        place
        for place, call in calls()
        if call.args
        and isinstance(call.func, ast.Name)
        and call.func.id == "print"
        and not place.startswith(LINES_MADE_SAFE)
        and not (
            isinstance(call.args[0], ast.Call)
            and isinstance(call.args[0].func, ast.Name)
            and call.args[0].func.id in GUARDED
        )
    ]
    assert bare == [], "print what is made of values by tell, tell_fields or print_records"
