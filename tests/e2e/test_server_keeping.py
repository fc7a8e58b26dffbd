"""A register on a server, kept: evidence, backups, erasing, moving there and back, and what lies beside a file elsewhere."""

import json
import os
import re
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from time import monotonic

import pytest

from dealtrack.errors import MoveUncertain, NeedsFile, RegisterExists
from dealtrack.phrase import Phrase
from dealtrack.register.address import read_address
from dealtrack.register.engine import EngineFault, FaultKind
from dealtrack.register.opening import open_register
from dealtrack.register.recorder import recording
from tests import processes
from tests.conftest import PROJECT, Clerk, Result, make_small_register
from tests.postgres import SUPERUSER, Server

psycopg2 = pytest.importorskip("psycopg2", reason="psycopg2 is not installed")

from dealtrack.register.postgres.copying import CopyingDatabase  # noqa: E402
from dealtrack.register.postgres.evidence_table import LARGEST  # noqa: E402  # they need psycopg2
from dealtrack.register.postgres.waiting import CONNECT_SECONDS  # noqa: E402

CONTENT = b"\x89PNG not really\n" * 100_000
DIGEST = sha256(CONTENT).hexdigest()
NAME, PHONE, EMAIL, ADDRESS = "欧阳测试", "13912345678", "ouyang@example.com", "朝阳区建国路一百号"
CONSUMER = ("--consumer", NAME, "--phone", PHONE, "--email", EMAIL, "--address", ADDRESS)


@dataclass
class Desk:
    """A clerk who types commands to a register at an address."""

    clerk: Clerk
    address: str

    def __call__(self, *arguments: object) -> Result:
        """Run a command in this process."""
        return self.clerk("--db", self.address, *arguments)

    @property
    def environment(self) -> dict[str, str]:
        """Return the variables of a command in a process of its own."""
        return {"PATH": "/usr/bin:/bin", **self.clerk.environment(), "DEALTRACK_DB": self.address}

    @contextmanager
    def started(self, *arguments: object) -> "Iterator[processes.Command]":
        """Start a command in a process of its own, which is killed in the end."""
        nowhere = os.open(os.devnull, os.O_RDWR)
        words = [str(argument) for argument in arguments]
        process = processes.start(words, self.environment, PROJECT, [nowhere] * 3)
        os.close(nowhere)
        assert isinstance(process, processes.Command)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def state(self) -> str:
        """Return the number of entries and the checksum of a register that is sound."""
        return self("verify").ok()


@pytest.fixture
def person(tmp_path: Path) -> Clerk:
    """Give someone whose name is that of the login, and who has no register yet."""
    return Clerk(tmp_path / "home", tmp_path / "register.db", actor=SUPERUSER)


@pytest.fixture
def new_office(server: Server, person: Clerk) -> Callable[[], Desk]:
    """Give a way to name offices that the server does not have yet."""
    return lambda: Desk(person, str(server.address(server.new_name())))


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    """Give a file to attach."""
    path = tmp_path / "屏幕 photo.png"
    path.write_bytes(CONTENT)
    return path


def fill(desk: Desk, photo: Path) -> Desk:
    """Make a register with two complaints, the first of which has evidence."""
    make_small_register(read_address(desk.address))
    desk("add", "--platform", "JD", "--at", "2016-11-11 10:00", *CONSUMER).ok()
    desk("add", "--platform", "Tmall", "--at", "2016-11-12 10:00", "--consumer", "某某某").ok()
    desk("evidence", 1, "--file", photo).ok()
    return desk


@pytest.fixture
def office(new_office: Callable[[], Desk], photo: Path) -> Desk:
    """Give an office with complaints and evidence."""
    return fill(new_office(), photo)


@pytest.fixture
def file(person: Clerk, tmp_path: Path, photo: Path) -> Desk:
    """Give a register in a file, with complaints and evidence, some entries of which others made."""
    desk = Desk(person, str(tmp_path / "register.db"))
    fill(desk, photo)
    person.actor = "李雷"
    desk("forward", 2).ok()
    person.actor = SUPERUSER
    return desk


def schema_of(desk: Desk) -> str:
    """Return the schema of an office."""
    return desk.address.rpartition("office=")[2]


def evidence_seq(desk: Desk) -> int:
    """Return the number of the entry of the first complaint's evidence."""
    (exhibit,) = json.loads(desk("evidence", 1, "--format", "json").ok())
    return int(exhibit["seq"])


# Evidence


def test_evidence_is_attached_listed_and_copied_out(office: Desk, photo: Path, tmp_path: Path) -> None:
    (exhibit,) = json.loads(office("evidence", 1, "--format", "json").ok())
    assert (exhibit["name"], exhibit["size"], exhibit["sha256"], exhibit["present"]) == (
        photo.name,
        len(CONTENT),
        DIGEST,
        True,
    )
    assert f"{photo.name}, 1,600,000 bytes" in office("show", 1).ok()
    assert json.loads(office("export", "--format", "json").ok())[0]["id"] == 1
    copy = tmp_path / "copy.png"
    assert office("evidence", 1, "--save", exhibit["seq"], "--to", copy).ok() == f"{copy}\n"
    assert copy.read_bytes() == CONTENT
    assert office("evidence", 1, "--save", exhibit["seq"], "--to", copy).status == 3
    assert office("verify").ok().startswith("journal intact: ")


def test_a_file_may_be_as_large_as_the_server_takes(office: Desk, tmp_path: Path) -> None:
    path = tmp_path / "film.mp4"
    with path.open("wb") as film:
        film.truncate(LARGEST + 1)
    ran = office("evidence", 2, "--file", path)
    assert ran.status == 2
    assert ran.err == f"dealtrack: Cannot read {path}: it has {LARGEST + 1:,} bytes; the maximum is {LARGEST:,}.\n"
    assert office("evidence", 2).ok() == ""


@pytest.mark.parametrize(
    ("change", "said"), [("UPDATE {0} SET content = content || 'x'", "was altered"), ("DELETE FROM {0}", "is missing")]
)
def test_what_a_superuser_did_to_evidence_is_told(
    server: Server, office: Desk, photo: Path, tmp_path: Path, change: str, said: str
) -> None:
    table = f"{schema_of(office)}.evidence"
    # He puts everything back as it was, so that only the content tells of it.
    server.run(
        f"ALTER TABLE {table} DISABLE TRIGGER ALL; ALTER TABLE {table} DROP CONSTRAINT evidence_check; "
        f"{change.format(table)}; ALTER TABLE {table} ENABLE ALWAYS TRIGGER evidence_is_never_changed; "
        f"ALTER TABLE {table} ADD CHECK (sha256 = encode(sha256(content), 'hex')) NOT VALID; "
        "SET allow_system_table_mods = on; "
        f"UPDATE pg_constraint SET convalidated = true WHERE conrelid = '{table}'::regclass"
    )
    seq = evidence_seq(office)
    ran = office("verify")
    assert ran.status == 1
    assert f"Evidence {photo.name} of complaint 1 (entry {seq}) {said}." in ran.err
    copy = tmp_path / "copy.png"
    saved = office("evidence", 1, "--save", seq, "--to", copy)
    assert (saved.status, copy.exists()) == (1, False)
    assert f"Evidence {photo.name} of complaint 1 {said}." in saved.err
    backed_up = office("backup", tmp_path / "backup.db")
    assert backed_up.status == 1
    assert f"Evidence {photo.name} of complaint 1 (entry {seq}) {said}." in backed_up.err


# Backups


def test_a_backup_is_a_file_that_is_restored_with_its_evidence(office: Desk, person: Clerk, tmp_path: Path) -> None:
    backup = Desk(person, str(tmp_path / "backup.db"))
    said = office("backup", backup.address).ok()
    assert said.endswith(f"1 evidence file, 1 new, in {backup.address}.evidence\n")
    assert backup.state() == office.state()
    assert office("backup", backup.address).ok().endswith(f"1 evidence file, 0 new, in {backup.address}.evidence\n")
    restored = Desk(person, str(tmp_path / "elsewhere.db"))
    assert "1 evidence file restored" in restored("restore", backup.address, "--yes").ok()
    assert restored.state() == office.state()


def test_backups_in_a_folder_share_their_evidence(office: Desk, person: Clerk, tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    for person.now in ("2016-11-15T09:00:00+08:00", "2016-11-16T09:00:00+08:00"):
        office("backup", "--keep", 5, folder).ok()
    name = schema_of(office)
    copies = [f"{name}-20161115T010000Z.db", f"{name}-20161116T010000Z.db"]
    assert sorted(path.name for path in folder.iterdir()) == [*copies, f"{name}.db.evidence"]
    restored = Desk(person, str(tmp_path / "elsewhere.db"))
    assert "1 evidence file restored" in restored("restore", folder / copies[0], "--yes").ok()
    assert restored.state() == office.state()


@pytest.mark.parametrize("words", [["datasette"], ["restore", "backup.db", "--yes"]])
def test_what_is_done_with_files_is_refused(office: Desk, words: list[str]) -> None:
    ran = office(*words)
    assert (ran.status, ran.err) == (2, f"dealtrack: {NeedsFile(address=office.address)}\n")


# Erasing


def test_nothing_of_what_was_erased_is_left_in_the_servers_tables(server: Server, office: Desk) -> None:
    # Not those that other offices of this server have.
    texts = {
        "consumer": "司马测试",
        "phone": "13987654321",
        "email": "sima@example.com",
        "address": "海淀区学院路二百号",
    }
    options = [word for name, text in texts.items() for word in (f"--{name}", text)]
    office("amend", 2, *options).ok()
    # Earlier versions of the row lie in the table too.
    office("amend", 2, "--address", f"{texts['address']}之二").ok()
    values = [text.encode() for text in texts.values()]
    server.run("VACUUM ANALYZE", "CHECKPOINT")

    def left() -> list[bytes]:
        held = b"".join(path.read_bytes() for path in (server.folder / "data" / "base").rglob("*") if path.is_file())
        assert NAME.encode() in held
        return [value for value in values if value in held]

    assert left() == values
    ran = office("erase", 2, "--reason", "消费者申请")
    assert ran.ok() == "complaint 2: consumer, phone, email, address erased\n"
    assert "The server's log (WAL), its archive and the server's own backups hold the data until they expire" in ran.err
    server.run("CHECKPOINT")
    assert left() == []
    assert office("verify").status == 0


def test_of_a_file_nothing_is_said_of_a_server(file: Desk) -> None:
    assert "server" not in file("erase", 1, "--reason", "消费者申请").err


# Moving


def test_moved_to_a_server_and_back(file: Desk, new_office: Callable[[], Desk], person: Clerk, tmp_path: Path) -> None:
    state, history = file.state(), file("show", 1, 2, "--format", "json", "--reveal").ok()
    content = Path(file.address).read_bytes()
    office = new_office()
    ran = person("move", file.address, office.address)
    counted = re.search(r"(\d+ entries, checksum \w+)", state)
    assert counted
    assert ran.ok() == f"register {file.address} moved to {office.address}: {counted[1]}\n1 evidence file moved\n"
    assert f"{file.address} is read-only now" in ran.err
    assert office.state() == state
    assert office("show", 1, 2, "--format", "json", "--reveal").ok() == history
    assert '"actor": "李雷"' in history
    assert Path(file.address).read_bytes() == content
    office("add", "--platform", "JD").ok()
    back = Desk(person, str(tmp_path / "back.db"))
    ran = person("move", office.address, back.address)
    assert f"register {office.address} moved to {back.address}" in ran.ok()
    assert "ask who manages the server" in ran.err
    assert back.state() == office.state() != state
    back("evidence", 1, "--save", evidence_seq(back), "--to", tmp_path / "copy.png").ok()
    assert (tmp_path / "copy.png").read_bytes() == CONTENT


def test_who_has_not_heard_of_the_move_records_nothing(
    file: Desk, new_office: Callable[[], Desk], person: Clerk
) -> None:
    person("move", file.address, new_office().address).ok()
    ran = person.without_rights("--db", file.address, "add", "--platform", "JD")
    assert ran.status == 3
    assert "it is read-only; nothing was written" in ran.err
    person.without_rights("--db", file.address, "show", 1).ok()
    for path in Path(file.address).parent.glob("register.db*"):
        path.chmod(path.stat().st_mode | 0o200)
    person.without_rights("--db", file.address, "add", "--platform", "JD").ok()


def test_who_had_it_open_while_it_was_moved_records_nothing(
    file: Desk, new_office: Callable[[], Desk], person: Clerk
) -> None:
    with open_register(Path(file.address)) as register:
        person("move", file.address, new_office().address).ok()
        with pytest.raises(EngineFault, match="read-only"), recording(register, datetime.now(UTC), "li"):
            pass
    # Root may write to any file.
    assert "it is read-only; nothing was written" in file("add", "--platform", "JD").err


def test_a_move_of_which_the_end_is_not_known_says_how_to_find_out(
    file: Desk, new_office: Callable[[], Desk], person: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    office, commit = new_office(), CopyingDatabase._commit

    def lose(database: CopyingDatabase) -> None:
        commit(database)
        raise EngineFault(FaultKind.UNCERTAIN, Phrase("the server closed the connection"))

    monkeypatch.setattr(CopyingDatabase, "_commit", lose)
    ran = person("move", file.address, office.address)
    assert ran.status == 3
    assert (
        str(MoveUncertain(path=file.address, place=office.address, reason="the server closed the connection"))
        in ran.err
    )
    again = person("move", file.address, office.address)
    assert "There is already a register at" in again.err
    assert office.state() == file.state()


def test_a_file_of_another_user_is_not_closed_and_that_is_said(
    file: Desk, new_office: Callable[[], Desk], person: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, mode: int) -> None:
        raise PermissionError(path, mode)

    monkeypatch.setattr(Path, "chmod", refuse)
    ran = person("move", file.address, new_office().address, "--quiet")
    assert ran.status == 0
    assert f"{file.address} still takes entries" in ran.err
    assert f"run 'chmod a-w {file.address}'" in ran.err


def test_nobody_records_while_it_is_moved(
    server: Server, file: Desk, new_office: Callable[[], Desk], person: Clerk
) -> None:
    import sqlite3

    office = new_office()
    with closing(psycopg2.connect(server.uri())) as other, other.cursor() as cursor:
        cursor.execute("LOCK TABLE pg_catalog.pg_trigger IN SHARE MODE")
        with file.started("move", file.address, office.address) as process:
            server.await_truth(WAITS)
            with closing(sqlite3.connect(file.address, timeout=0)) as late, pytest.raises(sqlite3.OperationalError):
                late.execute("BEGIN IMMEDIATE")
            other.rollback()
            assert process.wait() == 0
    assert office.state() == file.state()


@pytest.mark.parametrize("direction", ["to", "from", "aside"])
def test_nothing_is_moved_to_where_something_is(
    direction: str, file: Desk, office: Desk, new_office: Callable[[], Desk], person: Clerk
) -> None:
    source, target = {
        "to": (file, office),
        "from": (office, file),
        "aside": (office, office),
    }[direction]
    before = target.state()
    ran = person("move", source.address, target.address)
    assert (ran.status, ran.err) == (2, f"dealtrack: {RegisterExists(path=target.address)}\n")
    assert target.state() == before


def test_evidence_that_is_missing_stays_behind_and_is_named(
    file: Desk, new_office: Callable[[], Desk], person: Clerk, photo: Path
) -> None:
    Path(f"{file.address}.evidence", DIGEST[:2], DIGEST).write_bytes(b"another")
    office = new_office()
    ran = person("move", file.address, office.address)
    assert ran.status == 1
    assert f"Evidence {photo.name} of complaint 1 (entry {evidence_seq(file)}) was altered." in ran.err
    assert office("list").ok() == file("list").ok()
    assert "is missing" in office("verify").err


def test_a_register_that_is_not_sound_is_not_moved(file: Desk, new_office: Callable[[], Desk], person: Clerk) -> None:
    import sqlite3

    with closing(sqlite3.connect(file.address)) as connection, connection:
        connection.execute("UPDATE personal SET phone = '13500000000' WHERE complaint = 1")
    office = new_office()
    ran = person("move", file.address, office.address)
    assert ran.status == 3
    assert "was not moved to" in ran.err
    assert "the personal data of complaint 1 was altered" in ran.err
    assert "There is no office" in office("list").err
    file("add", "--platform", "JD").ok()


WAITS = (
    "EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
    "WHERE NOT l.granted AND a.application_name = 'dealtrack')"
)
GONE = "NOT EXISTS (SELECT FROM pg_stat_activity WHERE application_name = 'dealtrack')"


def test_killed_on_the_way_to_a_server_nothing_is_there(
    server: Server, file: Desk, new_office: Callable[[], Desk]
) -> None:
    office = new_office()
    with closing(psycopg2.connect(server.uri())) as other, other.cursor() as cursor:
        # It comes as far as to the guards: all rows are copied then.
        cursor.execute("LOCK TABLE pg_catalog.pg_trigger IN SHARE MODE")
        with file.started("move", file.address, office.address) as process:
            server.await_truth(WAITS)
            process.kill()
    server.await_truth(GONE)
    assert server.run(f"SELECT count(*) FROM pg_namespace WHERE nspname = '{schema_of(office)}'") == [(0,)]
    file("add", "--platform", "JD").ok()
    file.clerk("move", file.address, office.address).ok()
    assert office.state() == file.state()


def test_killed_on_the_way_to_a_file_nothing_is_there(
    server: Server, office: Desk, person: Clerk, tmp_path: Path
) -> None:
    back = Desk(person, str(tmp_path / "back.db"))
    with closing(psycopg2.connect(server.uri())) as other, other.cursor() as cursor:
        # It comes as far as to the evidence.
        cursor.execute(f"LOCK TABLE {schema_of(office)}.evidence IN ACCESS EXCLUSIVE MODE")
        with office.started("move", office.address, back.address) as process:
            server.await_truth(WAITS)
            process.kill()
    server.await_truth(GONE)
    assert not Path(back.address).exists()
    office("add", "--platform", "JD").ok()
    person("move", office.address, back.address).ok()
    assert back.state() == office.state()


# What lies beside a file, of a file


def test_a_day_is_mailed_once(office: Desk, new_office: Callable[[], Desk], person: Clerk, tmp_path: Path) -> None:
    record, program = tmp_path / "mailed", tmp_path / "sendmail"
    program.write_text(f'#!{sys.executable}\nimport sys\nopen({str(record)!r}, "a").write(sys.argv[-1] + "\\n")\n')
    program.chmod(0o700)
    person("config", "set", "mail.sendmail", program).ok()
    other = new_office()
    make_small_register(read_address(other.address))
    other("add", "--platform", "JD", "--at", "2016-11-01").ok()
    for desk in (office, office, other, other):
        desk("digest", "--mail", "desk@example.org").ok()
    assert record.read_text() == "desk@example.org\n" * 2
    notes = [path.name for path in (person.home / "servers").iterdir()]
    assert sorted(note.partition("-")[0] for note in notes) == sorted(map(schema_of, (office, other)))


def completed(desk: Desk, *words: str) -> list[str]:
    """Return what the Tab key offers."""
    ran = desk.clerk.process(*words, DEALTRACK_DB=desk.address, _DEALTRACK_COMPLETE="fish")
    assert (ran.status, ran.err) == (0, "")
    return [line.partition("\t")[0] for line in ran.out.splitlines()]


def test_the_tab_key_knows_the_complaints(office: Desk) -> None:
    assert completed(office, "forward", "") == ["1", "2"]


def test_the_tab_key_is_silent_where_no_server_answers(office: Desk, tmp_path: Path) -> None:
    office.address = f"postgresql:///d?office=haidian&host={tmp_path}"
    assert completed(office, "forward", "") == []


def test_the_tab_key_does_not_wait_for_a_server_that_is_silent(office: Desk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        office.address = f"postgresql://127.0.0.1:{silent.getsockname()[1]}/d?office=haidian"
        began = monotonic()
        assert completed(office, "forward", "") == []
        assert monotonic() - began < CONNECT_SECONDS / 2


def test_without_a_command_it_is_shown_what_there_is_to_do(office: Desk) -> None:
    ran = office.clerk.at_terminal("--db", office.address)
    assert ran.status == 0
    assert "dealtrack overdue" in ran.out


def test_doctor_tells_of_the_server(office: Desk) -> None:
    ran = office("doctor", "--format", "json")
    assert "server-unsafe" in {finding["code"] for finding in json.loads(ran.out)}
