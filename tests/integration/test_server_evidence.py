"""The table of evidence on a server: it only grows, its contents are of their hashes, and nobody waits for an upload."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from hashlib import sha256
from threading import Thread
from typing import Any

import pytest

from dealtrack.phrase import Phrase
from dealtrack.register.engine import EngineFault, FaultKind
from dealtrack.register.evidence_files import EvidenceFault
from tests.postgres import SUPERUSER, Server

psycopg2 = pytest.importorskip("psycopg2", reason="psycopg2 is not installed")

from dealtrack.register.postgres import comparison, rights, schema  # noqa: E402  # they need psycopg2
from dealtrack.register.postgres.connection import ServerDatabase  # noqa: E402
from dealtrack.register.postgres.evidence_table import PIECE, EvidenceTable  # noqa: E402
from dealtrack.register.postgres.rights import OfficeRole  # noqa: E402

CONTENT = b"\x89PNG\0\xff\r\n not really" * 100
DIGEST = sha256(CONTENT).hexdigest()
Connect = Callable[..., ServerDatabase]


@pytest.fixture
def connect(server: Server) -> Iterator[Connect]:
    """Give a way to connect to an office's register; all connections are closed in the end."""
    with ExitStack() as stack:
        yield lambda *who: stack.enter_context(closing(ServerDatabase(server.address(*who))))


@pytest.fixture
def office(server: Server, connect: Connect) -> str:
    """Make an office with its roles, and a login for each, named `OFFICE_ROLE_login`."""
    name = server.new_name()
    owner = rights.role_name(name, OfficeRole.OWNER)
    database = connect(name)
    with database.altering():
        for statement in (*rights.role_creation(name), *schema.creation(name, owner), *rights.grants(name)):
            database.write(statement)
    for role in OfficeRole:
        login = login_of(name, role)
        server.run(f"CREATE ROLE {login} LOGIN", rights.membership(name, login, role))
    return name


def login_of(office: str, role: OfficeRole) -> str:
    return f"{rights.role_name(office, role)}_login"


def kind_of_fault(database: ServerDatabase, statement: str) -> FaultKind:
    """Return the kind of the fault by which a statement is refused."""
    with pytest.raises(EngineFault) as error, database.altering():
        database.write(statement)
    return error.value.kind


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE])
def test_what_is_kept_is_read_in_pieces(office: str, connect: Connect, size: int) -> None:
    content = bytes(range(256)) * (size // 256) + bytes(size % 256)
    table = EvidenceTable(connect(office, login_of(office, OfficeRole.CLERK)))
    digest, kept = table.keep(content[start : start + 1_000_000] for start in range(0, size, 1_000_000))
    assert (digest, kept) == (sha256(content).hexdigest(), size)
    reader = EvidenceTable(connect(office, login_of(office, OfficeRole.READER)))
    pieces = list(reader.read(digest))
    assert b"".join(pieces) == content
    assert max(map(len, pieces)) <= PIECE
    assert reader.sizes([digest, DIGEST]) == {digest: size}
    assert reader.faults([digest]) == {}


def test_a_content_is_kept_once(server: Server, office: str, connect: Connect) -> None:
    table = EvidenceTable(connect(office, login_of(office, OfficeRole.CLERK)))
    for _ in range(2):
        assert table.keep(iter([CONTENT])) == (DIGEST, len(CONTENT))
    assert server.run(f"SELECT count(*) FROM {office}.evidence") == [(1,)]


def test_what_cannot_be_read_to_its_end_is_not_kept(server: Server, office: str, connect: Connect) -> None:
    def chunks() -> Iterator[bytes]:
        yield CONTENT
        raise OSError

    with pytest.raises(OSError):
        EvidenceTable(connect(office, login_of(office, OfficeRole.CLERK))).keep(chunks())
    assert server.run(f"SELECT count(*) FROM {office}.evidence") == [(0,)]


def test_it_only_grows_and_by_what_is_of_its_hash(server: Server, office: str, connect: Connect) -> None:
    clerk, owner, reader = (
        connect(office, login_of(office, role)) for role in (OfficeRole.CLERK, OfficeRole.OWNER, OfficeRole.READER)
    )
    EvidenceTable(clerk).keep(iter([CONTENT]))
    false = f"INSERT INTO {office}.evidence VALUES ('{'0' * 64}', 'another')"
    assert [kind_of_fault(each, false) for each in (clerk, owner)] == [FaultKind.CONSTRAINT] * 2
    assert kind_of_fault(reader, false) is FaultKind.DENIED
    for change in (
        f"UPDATE {office}.evidence SET content = 'another'",
        f"DELETE FROM {office}.evidence",
        f"TRUNCATE {office}.evidence",
    ):
        assert [kind_of_fault(each, change) for each in (clerk, reader)] == [FaultKind.DENIED] * 2
        assert kind_of_fault(owner, change) is FaultKind.CONSTRAINT
        # Nor by a superuser who says that he is a standby.
        assert (
            kind_of_fault(connect(office), f"SET session_replication_role = replica;{change}") is FaultKind.CONSTRAINT
        )
    assert list(EvidenceTable(reader).read(DIGEST)) == [CONTENT]
    assert comparison.schema_faults(reader, office) == []


def test_a_file_is_kept_while_others_record(office: str, connect: Connect) -> None:
    recording = connect(office, login_of(office, OfficeRole.KEEPER))
    with recording.writing():
        assert recording.version() == 0
        EvidenceTable(connect(office, login_of(office, OfficeRole.CLERK))).keep(iter([CONTENT]))


@pytest.mark.parametrize("ends_well", [True, False])
def test_two_may_keep_the_same_at_once(server: Server, office: str, connect: Connect, ends_well: bool) -> None:
    first, second = (connect(office, login_of(office, OfficeRole.CLERK)) for _ in range(2))
    kept: list[Any] = []
    waiting = Thread(target=lambda: kept.append(EvidenceTable(second).keep(iter([CONTENT]))))
    try:
        with first.altering():
            EvidenceTable(first).keep(iter([CONTENT]))
            waiting.start()
            server.await_truth(
                "EXISTS (SELECT FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
                f"WHERE NOT l.granted AND a.usename = '{login_of(office, OfficeRole.CLERK)}')"
            )
            if not ends_well:
                raise EngineFault(FaultKind.OTHER, Phrase("given up"))
    except EngineFault:
        assert not ends_well
    waiting.join()
    assert kept == [(DIGEST, len(CONTENT))]
    assert EvidenceTable(first).sizes([DIGEST]) == {DIGEST: len(CONTENT)}


ALTERED = "ALTER TABLE {0} DISABLE TRIGGER evidence_is_never_changed; ALTER TABLE {0} DROP CONSTRAINT evidence_check; "
MENDED = (
    "; ALTER TABLE {0} ENABLE ALWAYS TRIGGER evidence_is_never_changed; "
    "ALTER TABLE {0} ADD CHECK (sha256 = encode(sha256(content), 'hex')) NOT VALID"
)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE {0} SET content = content || 'x'", "was altered"),
        ("UPDATE {0} SET content = ''", "was altered"),
        ("DELETE FROM {0}", "is missing"),
    ],
)
def test_what_a_superuser_did_is_met(server: Server, office: str, connect: Connect, change: str, said: str) -> None:
    reader = connect(office, login_of(office, OfficeRole.READER))
    EvidenceTable(connect(office, login_of(office, OfficeRole.CLERK))).keep(iter([CONTENT]))
    server.run((ALTERED + change + MENDED).format(f"{office}.evidence"), login=SUPERUSER)
    assert EvidenceTable(reader).faults([DIGEST]) == {DIGEST: said}
    with pytest.raises(EvidenceFault, match=said):
        list(EvidenceTable(reader).read(DIGEST))
    assert [str(fault) for fault in comparison.schema_faults(reader, office)] == ["the schema was altered at evidence"]


def test_statistics_hold_no_personal_data(server: Server, office: str) -> None:
    rows = ", ".join(f"({n}, '某某', '1391234{n:04}', NULL, NULL, 'x', 'k{n % 7}', NULL)" for n in range(1000))
    server.run(f"INSERT INTO {office}.personal VALUES {rows}", f"ANALYZE {office}.personal")
    shown = f"SELECT attname FROM pg_stats WHERE schemaname = '{office}' AND tablename = 'personal' ORDER BY 1"
    assert server.run(shown) == [("complaint",), ("salt",)]
