"""A register of a thousand transitions, altered in every way behind its back: `verify` finds each, and names the first.

Whoever alters it has a bare sqlite3, drops the triggers that stand in the way and makes them again to the letter.
"""

import hashlib
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from dealtrack.core.chain import entry_hash
from dealtrack.errors import PersonalAltered
from tests.conftest import IS_LONG, Clerk
from tests.guards import without_triggers
from tests.registers import copy_register, new_place

pytestmark = pytest.mark.file_only("a file that is altered past its guards; test_postgres_schema does so on a server")

LENGTH = 1_000 if IS_LONG else 300
MIDDLE = LENGTH // 2
Row = tuple[object, ...]
Tamper = Callable[[sqlite3.Connection], object]

PROJECTED = (
    "fact", "platform", "policy", "calendar_ruling", "complaint", "clock", "search_text", "zone_offset",
)  # fmt: skip
COLUMNS = {
    "transition": "seq complaint kind at recorded_at actor detail previous hash",
    "fact": "name value",
    "platform": "name definition seq",
    "policy": "name in_force definition seq",
    "calendar_ruling": "day worked kind name source issued scope",
    "complaint": "id number platform category seller owner handler policy policy_version status resumes_to received_at "
    "accepted_at forwarded_at completed_at withdrawn_at rejected_at merged_at outcome amount summary "
    "first_contact reopenings backdated merged_into limits import_key",
    "clock": "complaint name round started_at due_at due_day ended_at end paused provisional revision",
    "search_text": "complaint text",
    "zone_offset": "since seconds",
    "personal": "complaint consumer phone email address salt phone_key email_key",
}
NOT_OURS = ("sqlite_",)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, made_register: Path) -> Clerk:
    """Make a register of many transitions of all kinds, with every table filled."""
    folder = tmp_path_factory.mktemp("full")
    clerk = Clerk(folder / "home", new_place(folder), now="2016-11-01T09:00:00+08:00")
    copy_register(made_register, clerk.address)
    paper = folder / "receipt.txt"
    paper.write_text("paid 12.50", encoding="utf-8")
    clerk("calendar", "amend", "2016-11-17", "--off", "--name", "storm", "--source", "notice", "--yes").ok()
    clerk("platform", "check", "JD", "--channels", "phone", "--finding", "shown").ok()
    person = ("--consumer", "Li", "--phone", "13800000000", "--email", "li@example.org", "--address", "Beijing")
    clerk("add", "--platform", "JD", "--number", "BJ-1", "--seller", "third-party", "--summary", "late", *person).ok()
    clerk("add", "--platform", "Tmall", "--policy", "samr-complaint", *person).ok()
    clerk("evidence", 1, "--file", paper).ok()
    clerk("pause", 1, "--reason", "appraisal").ok()
    lives = (
        ("forward", "complete"),
        ("accept", "forward", "extend", "complete", "reopen"),
        ("withdraw",),
        ("reject",),
        ("forward", "pause", "resume", "hand-on", "note", "amend"),
        ("forward", "void"),
        ("forward", "complete", "reopen", "complete"),
    )
    options = {
        "complete": ("--outcome", "advance-compensation", "--amount", "12.50"),
        "extend": ("--clock", "complete", "--by", "1", "--reason", "intricate"),
        "hand-on": ("--to", "bureau"),
        "note": ("--note", "called"),
        "amend": ("--summary", "parcel never came"),
    } | dict.fromkeys(("reopen", "withdraw", "reject", "pause", "void"), ("--reason", "so it is"))
    with closing(sqlite3.connect(clerk.db)) as db:
        for turn in range(LENGTH):
            (length,) = db.execute("SELECT count(*) FROM transition").fetchone()
            if length >= LENGTH:
                break
            clerk.now = f"2016-11-{1 + turn // 20:02}T{9 + turn % 12:02}:00:00+08:00"
            names = person if turn % 3 == 0 else ()
            numbered = ("--number", f"BJ-{turn + 2}") if turn % 4 else ()
            clerk("add", "--platform", "JD", "--summary", f"case {turn}", *numbered, *names).ok()
            (id_,) = db.execute("SELECT max(id) FROM complaint").fetchone()
            for command in lives[turn % len(lives)]:
                (length,) = db.execute("SELECT count(*) FROM transition").fetchone()
                if length < LENGTH:
                    clerk(command, id_, *options.get(command, ())).ok()
        assert db.execute("SELECT count(*) FROM transition").fetchone() == (LENGTH,)
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    clerk("verify").ok()
    return clerk


@pytest.fixture
def copy(full: Clerk, tmp_path: Path) -> Clerk:
    """Give a copy of the full register, with its evidence."""
    held = Clerk(full.home, tmp_path / "register.db", now=full.now)
    shutil.copyfile(full.db, held.db)
    for folder in full.db.parent.iterdir():
        if folder.is_dir() and folder != full.home:
            shutil.copytree(folder, tmp_path / folder.name)
    return held


@contextmanager
def unguarded(path: Path) -> Iterator[sqlite3.Connection]:
    """Open a register with nothing that stands in the way; its triggers are made again, to the letter, afterwards."""
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        before = _schema(db)
        with without_triggers(db):
            db.execute("PRAGMA synchronous = OFF")
            db.execute("BEGIN")
            yield db
            db.execute("COMMIT")
        assert _schema(db) == before


def _schema(db: sqlite3.Connection) -> set[Row]:
    return set(db.execute("SELECT type, name, tbl_name, sql FROM sqlite_schema"))


def found(clerk: Clerk, *options: str, damaged: bool = False) -> str:
    """Return what `verify` finds wrong; it must end as a failed check does, or where damaged as one that cannot begin."""
    told = clerk("verify", *options)
    assert told.status == 1 or (damaged and told.status == 3), (told.status, told.out, told.err)
    assert told.out == "" and told.err
    return told.err


def _other(value: object) -> object:
    """Return another value of the same kind."""
    if isinstance(value, int):
        return value + 1
    if isinstance(value, bytes):
        return bytes([value[0] ^ 1]) + value[1:]
    if isinstance(value, str):
        if value[:4].isdigit() and len(value) > 4 and value[4] == "-":
            return f"{int(value[:4]) + 1}{value[4:]}"
        return value + "x" if not value.startswith("{") else value[:-1] + ',"zz":1}'
    return None


def _keys(db: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in db.execute(f"PRAGMA table_info({table})") if row[5]]


def _where(keys: list[str]) -> str:
    return " AND ".join(f'"{key}" = ?' for key in keys)


def _rows(db: sqlite3.Connection, table: str) -> tuple[list[str], list[Row]]:
    keys = _keys(db, table)
    told = ", ".join(f'"{key}"' for key in keys)
    return keys, list(db.execute(f"SELECT {told} FROM {table} ORDER BY {told}"))


def test_every_table_and_column_is_tampered_with(full: Clerk) -> None:
    with closing(sqlite3.connect(full.db)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        ours = [name for name in tables if not name.startswith(NOT_OURS)]
        held = {table: " ".join(row[1] for row in db.execute(f"PRAGMA table_info({table})")) for table in ours}
        assert held == COLUMNS
        for table in ours:
            assert db.execute(f"SELECT count(*) FROM {table}").fetchone() != (0,), table


# The journal


@pytest.mark.parametrize("seq", [1, 8, MIDDLE, LENGTH])
@pytest.mark.parametrize("column", COLUMNS["transition"].split())
def test_a_changed_column_of_the_journal_is_found(copy: Clerk, column: str, seq: int) -> None:
    with unguarded(copy.db) as db:
        (value,) = db.execute(f"SELECT {column} FROM transition WHERE seq = ?", (seq,)).fetchone()
        new = LENGTH + 5 if column == "seq" else 1 if value is None else _other(value)
        assert new != value
        db.execute(f"UPDATE transition SET {column} = ? WHERE seq = ?", (new, seq))
    assert f"altered at entry {seq}:" in found(copy)


@pytest.mark.parametrize("seq", [1, 2, MIDDLE, LENGTH - 1])
def test_a_deleted_entry_is_found(copy: Clerk, seq: int) -> None:
    with unguarded(copy.db) as db:
        db.execute("DELETE FROM transition WHERE seq = ?", (seq,))
    assert f"altered at entry {seq}: entry {seq} is missing" in found(copy)


@pytest.mark.parametrize("seq", [1, 2, MIDDLE, LENGTH - 1])
def test_a_deleted_entry_whose_gap_is_closed_is_found(copy: Clerk, seq: int) -> None:
    with unguarded(copy.db) as db:
        db.execute("DELETE FROM transition WHERE seq = ?", (seq,))
        for later in range(seq + 1, LENGTH + 1):
            db.execute("UPDATE transition SET seq = seq - 1 WHERE seq = ?", (later,))
    assert f"altered at entry {seq}:" in found(copy)


@pytest.mark.parametrize("seq", [1, 2, MIDDLE, LENGTH])
def test_an_entry_put_in_between_is_found(copy: Clerk, seq: int) -> None:
    with unguarded(copy.db) as db:
        for later in range(LENGTH, seq - 1, -1):
            db.execute("UPDATE transition SET seq = seq + 1 WHERE seq = ?", (later,))
        before = db.execute("SELECT hash FROM transition WHERE seq = ?", (seq - 1,)).fetchone()
        previous = before[0] if before else bytes(32)
        _put_in(db, seq, previous)
    # The entry itself is well made: the one after it does not continue it.
    assert f"altered at entry {seq + 1}: it does not follow from the entry before it" in found(copy)


@pytest.mark.parametrize("seq", [0, -3, LENGTH + 2])
def test_an_entry_put_in_outside_the_count_is_found(copy: Clerk, seq: int) -> None:
    with unguarded(copy.db) as db:
        _put_in(db, seq, bytes(32))
    assert "altered at entry" in found(copy)


def test_an_entry_without_a_true_hash_at_the_end_is_found(copy: Clerk) -> None:
    with unguarded(copy.db) as db:
        (last,) = db.execute("SELECT hash FROM transition WHERE seq = ?", (LENGTH,)).fetchone()
        db.execute("INSERT INTO transition SELECT seq + 1, complaint, kind, at, recorded_at, actor, detail, hash, hash "
                   "FROM transition WHERE seq = ?", (LENGTH,))  # fmt: skip
        assert last
    assert f"altered at entry {LENGTH + 1}: its content does not match its hash" in found(copy)


def test_a_well_made_entry_at_the_end_is_found_by_the_tables(copy: Clerk) -> None:
    with unguarded(copy.db) as db:
        (last,) = db.execute("SELECT hash FROM transition WHERE seq = ?", (LENGTH,)).fetchone()
        _put_in(db, LENGTH + 1, last, complaint=1, kind="withdrawn")
    assert "Table complaint differs from the journal at 1.\n" in found(copy)


def _put_in(db: sqlite3.Connection, seq: int, previous: bytes, complaint: int | None = 1, kind: str = "noted") -> None:
    at = "2016-11-30T01:00:00Z"
    made = entry_hash(seq, complaint, kind, at, at, "clerk", "{}", previous)
    db.execute(
        "INSERT INTO transition VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (seq, complaint, kind, at, at, "clerk", "{}", previous, made),
    )


@pytest.mark.parametrize(("one", "other"), [(1, LENGTH), (MIDDLE, MIDDLE + 1), (20, LENGTH * 7 // 10)])
@pytest.mark.parametrize("with_hashes", [False, True])
def test_swapped_entries_are_found(copy: Clerk, one: int, other: int, with_hashes: bool) -> None:
    with unguarded(copy.db) as db:
        if with_hashes:
            for old, new in ((one, -1), (other, one), (-1, other)):
                db.execute("UPDATE transition SET seq = ? WHERE seq = ?", (new, old))
        else:
            columns = "complaint, kind, at, recorded_at, actor, detail"
            rows = [
                db.execute(f"SELECT {columns} FROM transition WHERE seq = ?", (s,)).fetchone() for s in (one, other)
            ]
            assert rows[0] != rows[1]
            for seq, row in ((one, rows[1]), (other, rows[0])):
                db.execute(f"UPDATE transition SET ({columns}) = (?, ?, ?, ?, ?, ?) WHERE seq = ?", (*row, seq))
    assert f"altered at entry {one}:" in found(copy)


@pytest.mark.parametrize("column", ["at", "recorded_at", "actor", "detail", "complaint"])
def test_a_change_with_its_hash_made_again_shows_at_the_next_entry(copy: Clerk, column: str) -> None:
    with unguarded(copy.db) as db:
        _forge(db, MIDDLE, column)
    assert f"altered at entry {MIDDLE + 1}: it does not follow from the entry before it" in found(copy)


def _forge(db: sqlite3.Connection, seq: int, column: str, until: int | None = None) -> None:
    (value,) = db.execute(f"SELECT {column} FROM transition WHERE seq = ?", (seq,)).fetchone()
    new = value[:-1] + ',"note":"forged"}' if column == "detail" and value != "{}" else _other(value)
    if column == "detail" and value == "{}":
        new = '{"note":"forged"}'
    db.execute(f"UPDATE transition SET {column} = ? WHERE seq = ?", (new, seq))
    previous = None
    for later in range(seq, (until or seq) + 1):
        if previous is not None:
            db.execute("UPDATE transition SET previous = ? WHERE seq = ?", (previous, later))
        row = db.execute(
            "SELECT seq, complaint, kind, at, recorded_at, actor, detail, previous FROM transition WHERE seq = ?",
            (later,),
        ).fetchone()
        columns = json.dumps(row[:7], ensure_ascii=False, separators=(",", ":"))
        previous = hashlib.sha256(row[7] + columns.encode()).digest()
        db.execute("UPDATE transition SET hash = ? WHERE seq = ?", (previous, later))


def test_a_journal_forged_to_its_end_shows_against_a_head_kept_elsewhere(copy: Clerk) -> None:
    head = _head(copy)
    with unguarded(copy.db) as db:
        _forge(db, MIDDLE, "recorded_at", until=LENGTH)
    copy("recheck", "--rebuild")
    assert f"The checksum {head} is not in the journal" in found(copy, "--head", head)
    # Nothing else could tell: that is what the head is kept for.
    copy("verify").ok()


@pytest.mark.parametrize("cut", [1, 2, MIDDLE, LENGTH - 8])
def test_a_cut_tail_shows_against_a_head_kept_elsewhere(copy: Clerk, cut: int) -> None:
    head = _head(copy)
    with unguarded(copy.db) as db:
        db.execute("DELETE FROM transition WHERE seq > ?", (LENGTH - cut,))
        db.execute("DELETE FROM personal")
    assert "differs from the journal" in found(copy) or "is in the tables" in found(copy) or cut == 1
    copy("recheck", "--rebuild")
    for given in (head, head[:8], head.upper()):
        assert "is not in the journal: its last entries were cut off" in found(copy, "--head", given)


def test_an_older_head_is_still_in_a_journal_that_grew(copy: Clerk) -> None:
    head = _head(copy)
    copy("note", 1, "--note", "more").ok()
    copy("verify", "--head", head).ok()
    copy("verify", "--head", head[:8]).ok()
    assert copy("verify", "--head", head[:7]).status != 0


def _head(clerk: Clerk) -> str:
    return clerk("verify").ok().rpartition("checksum ")[2].strip()


# The tables


@pytest.mark.parametrize(("table", "column"), [(t, c) for t in PROJECTED for c in COLUMNS[t].split()])
def test_a_changed_column_of_a_table_is_found(copy: Clerk, table: str, column: str) -> None:
    with unguarded(copy.db) as db:
        keys, rows = _rows(db, table)
        key = rows[len(rows) // 2]
        (value,) = db.execute(f'SELECT "{column}" FROM {table} WHERE {_where(keys)}', key).fetchone()
        new = _new_value(db, table, column, value)
        assert new != value
        db.execute(f'UPDATE {table} SET "{column}" = ? WHERE {_where(keys)}', (new, *key))
    told = found(copy, damaged=table == "fact")
    assert _names(table, told) and (table == "fact" or str(key[0]) in told), told


def _new_value(db: sqlite3.Connection, table: str, column: str, value: object) -> object:
    if value is not None and column in _keys(db, table):
        # A key that no other row has.
        return value + 9_999_999 if isinstance(value, int) else f"{value}0"
    if value is not None:
        return _other(value)
    kind = next(row[2] for row in db.execute(f"PRAGMA table_info({table})") if row[1] == column)
    return {"TEXT": "forged", "INTEGER": 7, "BLOB": b"forged"}[kind]


def _names(table: str, told: str) -> bool:
    if table == "personal":
        return "Personal data" in told
    return f"Table {table}" in told or "is in the tables" in told or (table == "fact" and "damaged" in told)


@pytest.mark.parametrize("table", PROJECTED)
@pytest.mark.parametrize("place", [0.0, 1.0])
def test_a_deleted_row_of_a_table_is_found(copy: Clerk, table: str, place: float) -> None:
    with unguarded(copy.db) as db:
        keys, rows = _rows(db, table)
        key = rows[round(place * (len(rows) - 1))]
        db.execute(f"DELETE FROM {table} WHERE {_where(keys)}", key)
    told = found(copy, damaged=table == "fact")
    assert _names(table, told) and (table == "fact" or str(key[0]) in told)


@pytest.mark.parametrize("table", PROJECTED)
def test_a_row_put_into_a_table_is_found(copy: Clerk, table: str) -> None:
    with unguarded(copy.db) as db:
        keys, rows = _rows(db, table)
        columns = COLUMNS[table].split()
        row = list(db.execute(f"SELECT * FROM {table} WHERE {_where(keys)}", rows[-1]).fetchone())
        row[0] = row[0] + 1 if isinstance(row[0], int) else f"{row[0]}0"
        db.execute(f"INSERT INTO {table} VALUES ({', '.join('?' * len(columns))})", row)
    told = found(copy)
    assert (_names(table, told)) and str(row[0]) in told


@pytest.mark.parametrize("table", PROJECTED)
def test_an_emptied_table_is_found(copy: Clerk, table: str) -> None:
    with unguarded(copy.db) as db:
        db.execute(f"DELETE FROM {table}")
    assert _names(table, found(copy, damaged=table == "fact"))


@pytest.mark.parametrize("table", PROJECTED)
def test_swapped_rows_of_a_table_are_found(copy: Clerk, table: str) -> None:
    with unguarded(copy.db) as db:
        keys, rows = _rows(db, table)
        if len(rows) < 2:
            pytest.fail(f"{table} holds too little to swap")
        rest = [column for column in COLUMNS[table].split() if column not in keys]
        told = ", ".join(f'"{column}"' for column in rest)
        held = {key: db.execute(f"SELECT {told} FROM {table} WHERE {_where(keys)}", key).fetchone() for key in rows}
        one = rows[0]
        other = next(key for key in rows if held[key] != held[one])
        for key, values in ((one, held[other]), (other, held[one])):
            db.execute(
                f"UPDATE {table} SET ({told}) = ({', '.join('?' * len(rest))}) WHERE {_where(keys)}", (*values, *key)
            )
    told_wrong = found(copy, damaged=table == "fact")
    assert _names(table, told_wrong) and (table == "fact" or str(one[0]) in told_wrong)


def test_an_entry_that_does_not_fit_the_tables_is_refused_with_the_way_on(copy: Clerk) -> None:
    copy("add", "--platform", "JD").ok()
    with unguarded(copy.db) as db:
        db.execute("DELETE FROM complaint WHERE id = (SELECT max(id) FROM complaint)")
    refused = copy("add", "--platform", "JD")
    assert refused.status == 3 and "nothing was written. 'dealtrack verify' shows what is wrong." in refused.err
    assert "'dealtrack recheck --rebuild' rebuilds the tables from it" in found(copy)
    copy("recheck", "--rebuild").ok()
    copy("add", "--platform", "JD").ok()
    copy("verify").ok()


def test_an_earlier_moment_is_told_whatever_number_a_policy_is_given(copy: Clerk) -> None:
    asked = [(*words, "--known-at", "2016-11-13 14:00") for words in (("list",), ("report", "--by", "owner"))]
    before = [copy(*words).ok() for words in asked]
    assert "mediate" in before[1]
    with unguarded(copy.db) as db:
        db.execute("UPDATE policy SET seq = seq + 100000")
    assert [copy(*words).ok() for words in asked] == before


@pytest.mark.parametrize("options", [(), ("--known-at", "2016-11-13 14:00")])
def test_a_report_without_policies_is_told_of_as_damage(copy: Clerk, options: tuple[str, ...]) -> None:
    with unguarded(copy.db) as db:
        db.execute("DELETE FROM policy")
    told = copy("report", *options)
    assert told.status == 3 and "it is damaged: table policy differs from the journal" in told.err


# Personal data and evidence


@pytest.mark.parametrize("column", COLUMNS["personal"].split())
def test_changed_personal_data_is_found(copy: Clerk, column: str) -> None:
    with unguarded(copy.db) as db:
        (value,) = db.execute(f"SELECT {column} FROM personal WHERE complaint = 2").fetchone()
        new = 99_999 if column == "complaint" else _other(value)
        db.execute(f"UPDATE personal SET {column} = ? WHERE complaint = 2", (new,))
    assert "ersonal data of complaint 2 " in found(copy)


def test_deleted_inserted_and_swapped_personal_data_is_found(copy: Clerk) -> None:
    with unguarded(copy.db) as db:
        db.execute("DELETE FROM personal WHERE complaint = 2")
    assert "ersonal data of complaint 2 " in found(copy)
    with unguarded(copy.db) as db:
        db.execute("INSERT INTO personal SELECT 2, consumer, phone, email, address, salt, phone_key, email_key FROM "
                   "personal WHERE complaint = 1")  # fmt: skip
    assert "ersonal data of complaint 2 " in found(copy)


def test_personal_data_of_an_unknown_or_erased_complaint_is_found(copy: Clerk) -> None:
    with unguarded(copy.db) as db:
        db.execute("INSERT INTO personal SELECT 77777, consumer, phone, email, address, salt, phone_key, email_key FROM "
                   "personal WHERE complaint = 1")  # fmt: skip
    assert "Personal data of complaint 77777 " in found(copy)
    with unguarded(copy.db) as db:
        db.execute("DELETE FROM personal WHERE complaint = 77777")
        row = db.execute("SELECT * FROM personal WHERE complaint = 1").fetchone()
    copy("erase", 1, "--reason", "asked", "--yes").ok()
    copy("verify").ok()
    with unguarded(copy.db) as db:
        db.execute("INSERT OR REPLACE INTO personal VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    assert "Personal data of complaint 1 " in found(copy)


def test_a_new_complaint_never_inherits_personal_data_that_was_put_in(copy: Clerk, tmp_path: Path) -> None:
    with unguarded(copy.db) as db:
        (last,) = db.execute("SELECT max(id) FROM complaint").fetchone()
        for ahead in (1, 3, 5, 77777):
            db.execute("INSERT INTO personal SELECT ?, consumer, phone, email, address, salt, phone_key, email_key FROM "
                       "personal WHERE complaint = 1", (last + ahead,))  # fmt: skip
    entered = copy("add", "--platform", "JD")
    assert entered.ok().startswith(f"complaint {last + 2} (")
    assert f"IDs skipped because they already have personal data: {last + 1};" in entered.err
    rows = tmp_path / "rows.csv"
    lines = [f"A-{n},2016-11-01 09:00,JD,{'Li' * (n % 2)}\n" for n in range(3)]
    rows.write_text("".join(["number,received,platform,consumer\n", *lines]), encoding="utf-8")
    taken = copy("import", rows)
    assert taken.status == 0 and f"personal data: {last + 3}, {last + 5};" in taken.err
    assert copy("add", "--platform", "JD", "--consumer", "Han").err.count("passed over") == 0
    ids = [last + ahead for ahead in (2, 4, 6, 7, 8)]
    listed = [row["id"] for row in json.loads(copy("list", "--format", "json").ok())]
    assert listed[-5:] == ids
    assert "consumer" not in copy("show", ids[0]).ok()
    text = "Personal data of complaint {} was put in, but the journal has no record of it."
    named = [text.format(last + ahead) for ahead in (1, 3, 5, 77777)]
    assert [line.split(":")[1].strip() for line in found(copy).splitlines()[:-1]] == named


def test_the_calendar_is_not_revised_where_a_clock_was_put_in(copy: Clerk) -> None:
    with unguarded(copy.db) as db:
        entries = db.execute("SELECT count(*) FROM transition").fetchone()
        (due,) = db.execute("SELECT max(due_day) FROM clock WHERE ended_at IS NULL").fetchone()
        columns = (
            'complaint, name, round + 7, started_at, due_at, due_day, ended_at, "end", paused, provisional, revision'
        )
        db.execute(
            f"INSERT INTO clock SELECT {columns} FROM clock WHERE due_day = ? AND ended_at IS NULL LIMIT 1", (due,)
        )
    refused = copy("calendar", "amend", due, "--off", "--name", "storm", "--source", "notice", "--yes")
    assert (refused.status, refused.out) == (3, "")
    assert "is damaged: table clock differs from the journal at complaint" in refused.err
    with unguarded(copy.db) as db:
        assert db.execute("SELECT count(*) FROM transition").fetchone() == entries


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE personal SET consumer = 'Someone' WHERE complaint = 1",
        "UPDATE personal SET complaint = 2 WHERE complaint = 1",
    ],
)
def test_personal_data_that_was_altered_is_never_vouched_for(copy: Clerk, statement: str) -> None:
    with unguarded(copy.db) as db:
        db.execute("DELETE FROM personal WHERE complaint = 2")
        db.execute(statement)
        (altered,) = db.execute("SELECT complaint FROM personal ORDER BY 1 LIMIT 1").fetchone()
    before = found(copy)
    refused = copy("amend", altered, "--email", "one@example.com")
    assert (refused.status, refused.err) == (2, f"dealtrack: {PersonalAltered(complaint=altered)}\n")
    assert found(copy) == before
    copy("erase", altered, "--reason", "put in", "--yes").ok()
    copy("amend", altered, "--email", "one@example.com").ok()
    assert f"complaint {altered} " not in copy("verify").err


def test_personal_data_that_was_erased_is_not_vouched_for_again(copy: Clerk, tmp_path: Path) -> None:
    with unguarded(copy.db) as db:
        (number,) = db.execute("SELECT number FROM complaint WHERE id = 1").fetchone()
        row = db.execute("SELECT * FROM personal WHERE complaint = 1").fetchone()
    copy("erase", 1, "--reason", "asked for", "--yes").ok()
    with unguarded(copy.db) as db:
        db.execute("INSERT INTO personal VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
    before = found(copy)
    refused = copy("amend", 1, "--email", "one@example.com")
    assert refused.err == f"dealtrack: {PersonalAltered(complaint=1)}\n"
    rows = tmp_path / "rows.csv"
    rows.write_text(f"number,received,platform,email\n{number},2016-11-01 09:00,JD,one@example.com\n", encoding="utf-8")
    copy("import", rows)
    assert found(copy) == before


def test_changed_and_missing_evidence_is_found(copy: Clerk) -> None:
    files = [path for path in copy.db.parent.rglob("*") if path.is_file() and path.name != "register.db"]
    (paper,) = [path for path in files if path.read_bytes() == b"paid 12.50"]
    paper.chmod(0o600)
    paper.write_bytes(b"paid 92.50")
    assert "Evidence receipt.txt of complaint 1 " in found(copy)
    paper.unlink()
    assert "Evidence receipt.txt of complaint 1 " in found(copy)


# The schema itself


SCHEMA_CHANGES = {
    "a trigger dropped": "DROP TRIGGER transition_is_never_changed",
    "another trigger dropped": "DROP TRIGGER transition_is_never_deleted",
    "the chain's trigger dropped": "DROP TRIGGER transition_grows_at_its_end",
    "an index dropped": "DROP INDEX clock_running",
    "a column added": "ALTER TABLE complaint ADD COLUMN secret TEXT",
    "a column added to the journal": "ALTER TABLE transition ADD COLUMN secret TEXT",
    "a trigger put in": "CREATE TRIGGER spy AFTER INSERT ON complaint BEGIN DELETE FROM clock; END",
    "a table put in that refers to complaints": "CREATE TABLE spy (x REFERENCES complaint (id))",
    "a view put in": "CREATE VIEW spy AS SELECT * FROM personal",
    "an index put in": "CREATE INDEX spy ON complaint (summary)",
}


@pytest.mark.parametrize("change", SCHEMA_CHANGES)
def test_an_altered_schema_is_found(copy: Clerk, change: str) -> None:
    with closing(sqlite3.connect(copy.db)) as db:
        db.execute(SCHEMA_CHANGES[change])
    name = SCHEMA_CHANGES[change].split()[2]
    assert name in found(copy)


def test_a_trigger_made_toothless_is_found(copy: Clerk) -> None:
    with closing(sqlite3.connect(copy.db)) as db:
        db.execute("DROP TRIGGER transition_is_never_deleted")
        db.execute("CREATE TRIGGER transition_is_never_deleted BEFORE DELETE ON transition BEGIN SELECT 1; END")
    assert "transition_is_never_deleted" in found(copy)


def test_the_journal_defends_itself(copy: Clerk) -> None:
    """Without dropping its triggers, SQLite itself refuses."""
    with closing(sqlite3.connect(copy.db)) as db:
        for statement in (
            "UPDATE transition SET actor = 'x' WHERE seq = 5",
            "DELETE FROM transition WHERE seq = 5",
            "INSERT OR REPLACE INTO transition SELECT * FROM transition WHERE seq = 5",
            "INSERT INTO transition SELECT * FROM transition WHERE seq = 5",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="journal"):
                db.execute(statement)
    copy("verify").ok()
