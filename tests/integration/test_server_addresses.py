"""Where a register on a server lies, how its server is reached, and what is said where it cannot be."""

import os
import shlex
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from dealtrack.errors import (
    BadAddress,
    BadOffice,
    DealtrackError,
    MissingOffice,
    NotAnOffice,
    NotConnected,
    PasswordInAddress,
    RecordingUncertain,
    ServerLost,
    UnknownOffice,
)
from dealtrack.register.address import LONGEST_OFFICE, is_server, read_address, read_office
from dealtrack.register.engine import EngineFault, FaultKind, ServerAddress, faults_of
from dealtrack.register.postgres.access import connection_keywords, in_effect, is_local, weak_mode
from dealtrack.register.postgres.refusals import check_server, connect_error, lost_reason
from tests.conftest import run_bare
from tests.pages import marked
from tests.processes import write_program

PROGRAMS = Path("/usr/lib/postgresql/15/bin")
LIBPQ = 170011


def server_at(text: str) -> ServerAddress:
    address = read_address(text)
    assert isinstance(address, ServerAddress)
    return address


# How an address is read


@pytest.mark.parametrize(
    ("text", "parameters"),
    [
        ("postgresql://db.example.org/dealtrack?office=haidian", {"host": "db.example.org", "dbname": "dealtrack"}),
        ("POSTGRES://db/dealtrack?office=haidian", {"host": "db", "dbname": "dealtrack"}),
        ("postgresql:///?service=dealtrack&office=haidian", {"service": "dealtrack"}),
        ("postgres://li@db:5433/d?office=haidian", {"user": "li", "host": "db", "port": "5433", "dbname": "d"}),
        ("postgresql://a:1,b:2,c/d?office=haidian", {"host": "a,b,c", "port": "1,2,", "dbname": "d"}),
        (
            "postgresql://[2001:db8::1]:5433,[::1]/d?office=haidian",
            {"host": "2001:db8::1,::1", "port": "5433,", "dbname": "d"},
        ),
        (
            "postgresql:///d?host=/run/postgresql&port=5433&office=haidian",
            {"host": "/run/postgresql", "port": "5433", "dbname": "d"},
        ),
        ("postgresql://%2Frun%2Fpostgresql/d?office=haidian", {"host": "/run/postgresql", "dbname": "d"}),
        (
            "postgresql://%e6%9d%8e%40desk@h/%E6%8A%95%E8%AF%89?office=haidian",
            {"user": "李@desk", "host": "h", "dbname": "投诉"},
        ),
        (
            "postgresql://h/d?sslmode=require&office=haidian&connect_timeout=3",
            {"host": "h", "dbname": "d", "sslmode": "require", "connect_timeout": "3"},
        ),
        ("postgresql://?office=haidian", {}),
        ("postgresql://h?dbname=d&office=haidian", {"host": "h", "dbname": "d"}),
    ],
)
def test_an_address_of_a_server_is_read(text: str, parameters: dict[str, str]) -> None:
    address = server_at(text)
    assert (dict(address.parameters), address.office, str(address)) == (parameters, "haidian", text)


@pytest.mark.parametrize(
    "text",
    ["register.db", "/srv/register.db", "postgresql", "postgresql.db", "postgresql/register.db", "postgresql:register.db",
     "./postgresql://h/d", "C:\\data\\register.db", "投诉.db"],
)  # fmt: skip
def test_anything_else_is_a_path(text: str) -> None:
    assert not is_server(text)
    assert read_address(text) == Path(text)


SECRET = "Tr0ub4dor"


@pytest.mark.parametrize(
    "text",
    [
        f"postgresql://li:{SECRET}@h/d?office=haidian",
        f"postgresql://li:{SECRET}@h/d",
        f"postgresql://li:{SECRET}/x@h/d?office=haidian",
        f"postgresql://li:x@{SECRET}@h/d?office=haidian",
        f"postgresql://li:x?{SECRET}=1@h/d?office=haidian",
        f"postgresql://li:x#{SECRET}@h/d?office=haidian",
        f"postgresql://li:1,{SECRET}:2@h/d?office=haidian",
        f"postgresql://li:@h/d?{SECRET}=1&office=haidian",
        f"postgresql://h/d?password={SECRET}&office=haidian",
        f"postgresql://h/d?office=haidian&pass%77ord={SECRET}",
        f"postgresql://h/d?sslpassword={SECRET}",
    ],
)
def test_a_password_is_refused_and_never_shown(text: str) -> None:
    with pytest.raises(PasswordInAddress) as refused:
        read_address(text)
    assert SECRET not in str(refused.value)
    assert ".pgpass" in str(refused.value) and "service file" in str(refused.value)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (f"postgresql://li:{SECRET}/d?office=haidian", "HOST:PORT"),
        ("postgresql://h:70000/d?office=haidian", "HOST:PORT"),
        ("postgresql://h:0/d?office=haidian", "HOST:PORT"),
        ("postgresql://[::1/d?office=haidian", "HOST:PORT"),
        ("postgresql://::1/d?office=haidian", "HOST:PORT"),
        ("postgresql://h/d?offce=haidian", "Did you mean office?"),
        ("postgresql://h/d?ssl=true&office=haidian", "Did you mean ssl"),
        ("postgresql://h/d?options=-csession_replication_role%3Dreplica&office=haidian", "options cannot be set"),
        ("postgresql://h/d?passfile=/tmp/x&office=haidian", "passfile cannot be set"),
        (f"postgresql://h/d?{SECRET}-1=2", "NAME=VALUE"),
        ("postgresql://h/d?office", "office has no value"),
        (f"postgresql:/li:{SECRET}@h/d?office=haidian", "two slashes must follow postgresql:"),
        ("Postgres:/h/d?office=haidian", "two slashes"),
        ("postgresql://h/d?office=a&office=b", "office is given twice"),
        ("postgresql://h/d?host=g&office=haidian", "host is given twice"),
        ("postgresql://h%0Aost/d?office=haidian", "%25"),
        ("postgresql://h/d%00?office=haidian", "%25"),
        ("postgresql://h/100%?office=haidian", "%25"),
        ("postgresql://h/%ff?office=haidian", "%25"),
    ],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(BadAddress) as refused:
        read_address(text)
    assert reason in str(refused.value) and SECRET not in str(refused.value)


def test_an_address_names_its_office() -> None:
    with pytest.raises(MissingOffice, match=r"office=haidian"):
        read_address("postgresql://h/d")
    with pytest.raises(MissingOffice):
        read_address("postgresql://h/d?office=")
    # Who adds an office names it beside the address.
    added = read_address("postgresql://h/d", "chaoyang")
    assert isinstance(added, ServerAddress) and added.office == "chaoyang"


@pytest.mark.parametrize(
    ("name", "office"),
    [("haidian", "haidian"), (" Haidian_2 ", "haidian_2"), ("海淀所", "海淀所"), ("Büro", "büro"), ("Bu\u0308ro", "büro"),
     ("a" * LONGEST_OFFICE, "a" * LONGEST_OFFICE)],
)  # fmt: skip
def test_an_office_may_be_named_in_any_script(name: str, office: str) -> None:
    assert read_office(name) == office
    assert server_at(f"postgresql://h/d?office={name.strip()}").office == office


@pytest.mark.parametrize(
    "name",
    ["", "2a", "_a", 'a"b', "a'b", "a b", "a-b", "a.b", "a\0b", "a;b", "pg", "pg_x", "PG_temp", "public",
     "information_schema", "a" * (LONGEST_OFFICE + 1), "海" * 17],
)  # fmt: skip
def test_an_office_that_no_schema_could_be_is_refused(name: str) -> None:
    with pytest.raises(BadOffice):
        read_office(name)


# How the server is reached: TLS


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    return {"HOME": str(tmp_path)}


@pytest.mark.parametrize(
    "text",
    ["postgresql:///d?office=a", "postgresql://localhost/d?office=a", "postgresql://127.0.0.1,[::1]/d?office=a",
     "postgresql:///d?host=/run/postgresql&office=a", "postgresql://x/d?hostaddr=127.0.0.1&office=a"],
)  # fmt: skip
def test_a_server_on_this_machine_is_reached_as_the_address_says(text: str, home: dict[str, str]) -> None:
    assert connection_keywords(server_at(text), LIBPQ, home) == {**server_at(text).parameters, "connect_timeout": "10"}
    assert weak_mode(server_at(f"{text}&sslmode=disable"), home) == ""


@pytest.mark.parametrize(
    "text", ["postgresql://db/d?office=a", "postgresql://localhost,db/d?office=a",
             "postgresql://localhost/d?hostaddr=10.0.0.1&office=a", "postgresql://127.0.0.2/d?office=a"]
)  # fmt: skip
def test_a_server_elsewhere_must_prove_who_it_is(text: str, home: dict[str, str], tmp_path: Path) -> None:
    address = server_at(text)
    bundle = tmp_path / "bundle.crt"
    bundle.write_text("certificates")
    trusting = {**home, "SSL_CERT_FILE": str(bundle)}
    keywords = connection_keywords(address, LIBPQ, trusting)
    assert (keywords["sslmode"], keywords["sslrootcert"]) == ("verify-full", str(bundle))
    # The office's own authority goes before what the system trusts, and one that is named before both.
    (tmp_path / ".postgresql").mkdir()
    (tmp_path / ".postgresql" / "root.crt").write_text("certificate")
    own = connection_keywords(address, LIBPQ, trusting)
    assert own["sslmode"] == "verify-full" and "sslrootcert" not in own
    named = connection_keywords(server_at(f"{text}&sslrootcert=/etc/office.crt"), LIBPQ, trusting)
    assert (named["sslmode"], named["sslrootcert"]) == ("verify-full", "/etc/office.crt")
    variable = connection_keywords(address, LIBPQ, {**trusting, "PGSSLROOTCERT": "/etc/office.crt"})
    assert variable["sslmode"] == "verify-full" and "sslrootcert" not in variable
    system = connection_keywords(server_at(f"{text}&sslrootcert=system"), LIBPQ, trusting)
    assert (system["sslmode"], system["sslrootcert"]) == ("verify-full", str(bundle))


def test_where_the_system_has_no_certificates_libpq_looks_itself_or_a_file_is_needed(home: dict[str, str]) -> None:
    address = server_at("postgresql://db/d?office=a")
    assert connection_keywords(address, 160000, home, ())["sslrootcert"] == "system"
    with pytest.raises(NotConnected, match=r"no certificate.*\n.*root certificate.*root\.crt"):
        connection_keywords(address, 150018, home, ())


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require", "verify-ca"])
def test_a_weaker_mode_is_taken_and_can_be_told(mode: str, home: dict[str, str], tmp_path: Path) -> None:
    stated = server_at(f"postgresql://db/d?office=a&sslmode={mode}")
    assert connection_keywords(stated, LIBPQ, home)["sslmode"] == mode
    assert weak_mode(stated, home) == mode
    plain, by_service = server_at("postgresql://db/d?office=a"), server_at("postgresql:///?service=dealtrack&office=a")
    assert weak_mode(plain, home) == ""
    assert weak_mode(plain, {**home, "PGSSLMODE": mode}) == mode
    assert "sslmode" not in connection_keywords(plain, LIBPQ, {**home, "PGSSLMODE": mode})
    (tmp_path / ".pg_service.conf").write_text(
        f"# ours\n[other]\nhost=x\n[dealtrack]\nhost=db\nsslmode={mode}\n[more]\nport=1\n"
    )
    assert weak_mode(by_service, home) == mode
    assert "sslmode" not in connection_keywords(by_service, LIBPQ, home)
    assert in_effect(by_service, home) == {"service": "dealtrack", "host": "db", "sslmode": mode}


def test_a_service_counts_as_libpq_counts_it(home: dict[str, str], tmp_path: Path) -> None:
    address = server_at("postgresql:///?service=dealtrack&office=a&user=li")
    assert in_effect(address, home) == {"service": "dealtrack", "user": "li"}
    shared = tmp_path / "pg_service.conf"
    shared.write_text("[dealtrack]\nhost=shared\nuser=wang\n")
    assert in_effect(address, {**home, "PGSYSCONFDIR": str(tmp_path), "PGHOST": "x"})["host"] == "shared"
    own = tmp_path / "services"
    own.write_text("[dealtrack]\nhost=db\n")
    known = in_effect(address, {**home, "PGSYSCONFDIR": str(tmp_path), "PGSERVICEFILE": str(own)})
    assert known == {"service": "dealtrack", "host": "db", "user": "li"}
    assert not is_local(known)
    assert (
        in_effect(server_at("postgresql:///?office=a"), {"PGSERVICE": "dealtrack", "PGSERVICEFILE": str(own)})["host"]
        == "db"
    )


# What goes wrong on the way, at a server


HBA = """\
local   all    peer      peer
local   all    all       trust
host    all    kept_out  all  reject
hostssl all    li,wang   all  scram-sha-256
hostssl all    cert      all  cert
"""
ROLES = """
CREATE ROLE li LOGIN PASSWORD 'right';
CREATE ROLE wang LOGIN PASSWORD 'right' CONNECTION LIMIT 0;
CREATE ROLE kept_out LOGIN; CREATE ROLE peer LOGIN; CREATE ROLE cert LOGIN; CREATE ROLE sleeper NOLOGIN;
CREATE ROLE clerk LOGIN;
CREATE DATABASE deal ENCODING 'UTF8' TEMPLATE template0;
CREATE DATABASE closed;
REVOKE CONNECT ON DATABASE closed FROM public;
CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
"""
HOST = "register.test"
"""What the server's certificate says; nothing need resolve it, as `hostaddr` says where it is."""


class Server:
    """A PostgreSQL of the tests' own, with TLS, on a free port of this machine and in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.data = folder, folder / "data"
        self.port = free_port()
        self.roots = folder / "root.crt"

    def run(self, *command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a program as a user whom PostgreSQL accepts."""
        words = [*AS_POSTGRES, *map(str, command)]
        ran = subprocess.run(words, capture_output=True, text=True, check=False, cwd=self.folder, timeout=60)
        assert not check or ran.returncode == 0, ran.stderr
        return ran

    def make(self) -> None:
        """Make its files, and start it."""
        self.run(
            PROGRAMS / "initdb",
            "-N",
            "-A",
            "trust",
            "-U",
            "postgres",
            "-E",
            "UTF8",
            "--locale",
            "C.UTF-8",
            "-D",
            self.data,
        )
        new = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2")
        self.run(
            *new,
            "-subj",
            f"/CN={HOST}",
            "-addext",
            f"subjectAltName=DNS:{HOST}",
            "-keyout",
            "server.key",
            "-out",
            "root.crt",
        )
        self.run(*new, "-subj", "/CN=other", "-keyout", "other.key", "-out", "other.crt")
        (self.data / "pg_hba.conf").write_text(HBA + marked("database-clerks"))
        self.settings(f"""
            listen_addresses = '127.0.0.1,127.0.0.2'
            port = {self.port}
            unix_socket_directories = '{self.folder}'
            fsync = off
            ssl = on
            ssl_cert_file = '{self.roots}'
            ssl_key_file = '{self.folder / "server.key"}'
            ssl_ca_file = '{self.roots}'
        """)
        self.start()
        self.admin(ROLES)

    def settings(self, text: str) -> None:
        """Add settings."""
        with (self.data / "postgresql.conf").open("a") as stream:
            stream.write("".join(f"{line.strip()}\n" for line in text.splitlines()))

    def start(self, *options: str, **environment: str) -> None:
        """Start it, and wait until it answers."""
        variables = [f"{name}={value}" for name, value in environment.items()]
        self.run(
            "env", *variables, PROGRAMS / "pg_ctl", "start", "-D", self.data, "-l", self.folder / "log", "-w", *options
        )

    def stop(self, *options: str) -> None:
        """Stop it, at once."""
        self.run(PROGRAMS / "pg_ctl", "stop", "-D", self.data, "-m", "immediate", "-w", *options, check=False)

    def admin(self, sql: str) -> None:
        """Run statements as the superuser."""
        with superuser(self) as connection, connection.cursor() as cursor:
            for statement in filter(str.strip, sql.split(";")):
                cursor.execute(statement)

    def at(self, more: str = "", database: str = "deal") -> str:
        """Return its address as of a server elsewhere."""
        return f"postgresql://{HOST}:{self.port}/{database}?hostaddr=127.0.0.2&office=haidian{more}"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@contextmanager
def superuser(server: Server, database: str = "postgres") -> Iterator[Any]:
    import psycopg2

    connection = psycopg2.connect(host=str(server.folder), port=server.port, user="postgres", dbname=database)
    connection.autocommit = True
    try:
        yield connection
    finally:
        connection.close()


AS_POSTGRES = ("setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups") if os.getuid() == 0 else ()


def why_no_server() -> str:
    """Return why no server can be started here, empty where one can."""
    if find_spec("psycopg2") is None:
        return "psycopg2 is not installed"
    if not (PROGRAMS / "initdb").exists():
        return f"PostgreSQL is not installed ({PROGRAMS})"
    if shutil.which("openssl") is None:
        return "there is no openssl to make a certificate"
    if AS_POSTGRES and subprocess.run([*AS_POSTGRES, "true"], capture_output=True, check=False).returncode:
        return "PostgreSQL does not run as root, and there is no user postgres or no setpriv"
    return ""


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    """Give a server with a certificate, logins and rules of its own."""
    if reason := why_no_server():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="pg") as place:
        folder = Path(place)
        if AS_POSTGRES:
            shutil.chown(folder, "postgres", "postgres")
        made = Server(folder)
        try:
            made.make()
            yield made
        finally:
            made.stop()


@pytest.fixture
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the home of a user in whose environment nothing of libpq's is set."""
    from psycopg2 import extensions

    for name in [each for each in os.environ if each.startswith("PG")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".postgresql").mkdir()
    # With a function that waits, psycopg2 knows no connect_timeout.
    waiting = extensions.get_wait_callback()
    extensions.set_wait_callback(None)
    yield tmp_path
    extensions.set_wait_callback(waiting)


def trust(user: Path, server: Server) -> None:
    """Put the server's certificate where libpq looks for it."""
    shutil.copy(server.roots, user / ".postgresql" / "root.crt")


def keep_password(user: Path, line: str) -> None:
    kept = user / ".pgpass"
    kept.write_text(f"{line}\n")
    kept.chmod(0o600)


def connect(text: str) -> Any:
    """Connect as an engine does; raises what `connect_error` and `check_server` say."""
    import psycopg2

    address = server_at(text)
    keywords: dict[str, Any] = {**connection_keywords(address, psycopg2.extensions.libpq_version(), os.environ)}
    try:
        connection = psycopg2.connect(**keywords)
    except psycopg2.Error as error:
        raise connect_error(str(error), error.pgcode or "", address, os.environ) from error
    try:
        check_server(connection.server_version, connection.get_parameter_status("server_encoding"), address)
    except DealtrackError:
        connection.close()
        raise
    return connection


def refused(text: str) -> str:
    """Return what is said of an address that cannot be connected to."""
    with pytest.raises(NotConnected) as told:
        connect(text).close()
    message = told.value.message()
    assert told.value.exit_code == 3 and len(message.splitlines()) == 2, message
    assert message.startswith(f"No connection to {text}: ")
    return message.removeprefix(f"No connection to {text}: ")


def test_a_server_is_reached_whose_certificate_is_trusted(server: Server, user: Path) -> None:
    trust(user, server)
    keep_password(user, f"{HOST}:{server.port}:deal:li:right")
    with connect(server.at("&user=li")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
        assert cursor.fetchone() == (True,)
    connection.close()
    # The same by a service, which says all but the office.
    (user / ".pg_service.conf").write_text(
        f"[dealtrack]\nhost={HOST}\nhostaddr=127.0.0.2\nport={server.port}\ndbname=deal\nuser=li\npassword=right\n"
    )
    connect("postgresql:///?service=dealtrack&office=haidian").close()


def test_the_systems_certificates_are_what_is_trusted_where_there_is_no_other(
    server: Server, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_password(user, f"{HOST}:{server.port}:deal:li:right")
    monkeypatch.setenv("SSL_CERT_FILE", str(server.roots))
    connect(server.at("&user=li")).close()


def test_a_password_is_asked_for_by_the_line_that_would_serve(server: Server, user: Path) -> None:
    trust(user, server)
    line = f"{HOST}:{server.port}:deal:li:PASSWORD"
    told = refused(server.at("&user=li"))
    assert told.startswith("the server asks li for a password, and none was found.\n")
    assert f"{user}/.pgpass" in told and told.endswith(line)
    keep_password(user, line)
    told = refused(server.at("&user=li"))
    assert told == f"the password of li is wrong.\nCorrect it in {user}/.pgpass: {line}"
    # The line that was said is the one that serves.
    keep_password(user, line.replace("PASSWORD", "right"))
    connect(server.at("&user=li")).close()


def test_a_wrong_password_is_corrected_where_it_was_taken_from(
    server: Server, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trust(user, server)
    line = f"{HOST}:{server.port}:deal:li:PASSWORD"
    keep_password(user, line.replace("PASSWORD", "right"))
    monkeypatch.setenv("PGPASSWORD", "wrong")
    assert refused(server.at("&user=li")) == (
        "the password of li is wrong.\nCorrect it in the variable PGPASSWORD, or unset that and put this line "
        f"into {user}/.pgpass: {line}"
    )
    monkeypatch.setenv("PGPASSWORD", "right")
    services = user / ".pg_service.conf"
    services.write_text(
        f"[deal]\nhost={HOST}\nhostaddr=127.0.0.2\nport={server.port}\ndbname=deal\nuser=li\npassword=wrong\n"
    )
    assert refused("postgresql:///?service=deal&office=haidian") == (
        f"the password of li is wrong.\nCorrect it in {services}, under [deal]."
    )


def test_a_certificate_that_is_not_trusted_or_anothers_is_said(server: Server, user: Path) -> None:
    keep_password(user, "*:*:*:li:right")
    told = refused(server.at("&user=li"))
    assert told.startswith("the server's certificate cannot be trusted.\n")
    assert f"{user}/.postgresql/root.crt" in told
    shutil.copy(server.folder / "other.crt", user / ".postgresql" / "root.crt")
    assert refused(server.at("&user=li")).startswith("the server's certificate cannot be trusted.\n")
    trust(user, server)
    told = refused(server.at("&user=li").replace(HOST, "wrong.test"))
    assert told.startswith(f"the server's certificate is for {HOST}, not for wrong.test.\n")
    missing = refused(server.at(f"&user=li&sslrootcert={user}/none.crt"))
    assert missing.startswith("the server's certificate cannot be trusted.\n") and f"{user}/none.crt" in missing
    empty = user / "empty.crt"
    empty.write_text("no certificate")
    assert f"{empty}" in refused(server.at(f"&user=li&sslrootcert={empty}"))


def test_a_weaker_mode_connects_without_a_certificate(server: Server, user: Path) -> None:
    keep_password(user, "*:*:*:li:right")
    connect(server.at("&user=li&sslmode=require")).close()
    told = refused(server.at("&user=li&sslmode=disable"))
    assert told.startswith("the server does not let li in from this machine.\n")
    assert "pg_hba.conf" in told and "no encryption" in told


def test_whom_the_server_does_not_let_in(server: Server, user: Path) -> None:
    trust(user, server)
    for login in ("kept_out", "clerk"):
        told = refused(server.at(f"&user={login}"))
        assert told.startswith(f"the server does not let {login} in from this machine.\n") and "pg_hba.conf" in told
    keep_password(user, "*:*:*:wang:right")
    assert refused(server.at("&user=wang")).startswith("the server has too many connections.\n")
    at_socket = f"postgresql:///deal?host={server.folder}&port={server.port}&office=haidian"
    assert refused(f"{at_socket}&user=peer").startswith("the server does not accept you as peer.\n")
    assert refused(f"{at_socket}&user=nobody_here").startswith("the server knows no login nobody_here.\n")
    assert refused(f"{at_socket}&user=sleeper").startswith("the server knows no login sleeper.\n")
    assert refused(server.at("&user=cert")).startswith("the server asks cert for a certificate, and none was found.\n")


def test_a_database_that_is_not_there_is_closed_or_cannot_hold_chinese(server: Server, user: Path) -> None:
    at_socket = f"postgresql:///%s?host={server.folder}&port={server.port}&office=haidian&user=clerk"
    assert refused(at_socket % "nothing").startswith("there is no database nothing on the server.\n")
    # Without one, libpq takes the user's name.
    assert refused(at_socket % "").startswith("there is no database clerk on the server.\n")
    told = refused(at_socket % "closed")
    assert told.startswith("clerk has no right to the database closed.\n") and "office grant clerk" in told
    assert refused(at_socket % "latin").startswith("the database has the encoding LATIN1.\n")
    with superuser(server) as connection:
        check_server(connection.server_version, "UTF8", server_at(server.at()))
    with pytest.raises(NotConnected, match=r"the server is PostgreSQL 14\.\ndealtrack needs PostgreSQL 15 or later"):
        check_server(149999, "UTF8", server_at(server.at()))


def test_a_server_that_is_not_there(server: Server, user: Path) -> None:
    told = refused("postgresql://no-such-host.invalid/d?office=haidian")
    assert told.startswith("there is no host no-such-host.invalid.\n")
    port = free_port()
    told = refused(f"postgresql://127.0.0.1:{port}/d?office=haidian")
    assert told.startswith(f"no server answers at 127.0.0.1, port {port}.\n")
    told = refused(f"postgresql:///d?host={user}&office=haidian")
    assert told.startswith(f"no server answers at {user}, port 5432.\n")
    # Nobody answers there, and nothing leaves this machine: what listens takes no more connections than it must.
    with socket.create_server(("127.0.0.1", 0), backlog=1) as silent:
        port = silent.getsockname()[1]
        told = refused(f"postgresql://127.0.0.1:{port}/d?office=haidian&connect_timeout=2")
        assert told.startswith("the host 127.0.0.1 does not answer.\n")
    assert refused("postgresql:///?service=nothing&office=haidian").startswith("there is no service nothing.\n")
    # Of several hosts, what the one that answers says goes first.
    trust(user, server)
    listed = f"postgresql://no-such-host.invalid,{HOST}:{server.port}/deal?hostaddr=127.0.0.1,127.0.0.2&office=haidian&user=li"
    assert refused(listed).startswith("the server asks li for a password")


def test_an_office_that_is_not_there_or_not_open(server: Server, user: Path) -> None:
    import psycopg2

    address = server_at(f"postgresql:///deal?host={server.folder}&port={server.port}&office=haidian&user=clerk")
    with superuser(server, "deal") as owner, owner.cursor() as cursor:
        cursor.execute("CREATE SCHEMA chaoyang; CREATE SCHEMA bare; GRANT USAGE ON SCHEMA bare TO clerk")
        connection = connect(str(address))
        connection.autocommit = True
        expected = {"haidian": UnknownOffice, "chaoyang": UnknownOffice, "bare": NotAnOffice}
        for office, error in expected.items():
            with pytest.raises(psycopg2.Error) as told, connection.cursor() as asking:
                # So an engine asks; 3F000 is what SET search_path or a qualified CREATE would say.
                asking.execute(f"SELECT '\"{office}\"'::regnamespace")
                asking.execute(f'SELECT 1 FROM "{office}".meta')
            said = connect_error(str(told.value), told.value.pgcode or "", address._replace(office=office), os.environ)
            assert type(said) is error and office in str(said), told.value
        connection.close()


def test_a_connection_that_is_lost_while_working(server: Server, user: Path) -> None:
    import psycopg2

    address = server_at(f"postgresql:///deal?host={server.folder}&port={server.port}&office=haidian&user=clerk")
    connection = connect(str(address))
    with pytest.raises(psycopg2.Error) as told, connection.cursor() as asking:
        asking.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert str(lost_reason(str(told.value))) == "the server closed it"
    silent = lost_reason("could not receive data from server: Connection timed out\n")
    assert str(silent) == "the server no longer answers"
    assert str(lost_reason("Etwas anderes\n")) == "Etwas anderes"
    with pytest.raises(ServerLost) as lost, faults_of(address):
        raise EngineFault(FaultKind.GONE, lost_reason(str(told.value)))
    assert str(lost.value).endswith("was lost: the server closed it. Nothing was recorded: try again.")
    with pytest.raises(RecordingUncertain, match="It may have been recorded"), faults_of(address):
        raise EngineFault(FaultKind.UNCERTAIN, lost_reason(str(told.value)))
    connection.close()


def test_a_server_that_starts_or_stops(server: Server, user: Path) -> None:
    at_socket = f"postgresql:///deal?host={server.folder}&port={server.port}&office=haidian&user=clerk"
    held = connect(at_socket)
    server.run(PROGRAMS / "pg_ctl", "stop", "-D", server.data, "-m", "smart", "-W")
    expected = "the server is shutting down.\nTry again in a few minutes."
    assert until(at_socket, expected) == expected
    held.close()
    server.stop()
    try:
        # What is to be restored is waited for, for as long as the server is there.
        with waiting(server, "recovery.signal", "-c restore_command='sleep 300'"):
            expected = "the server is starting.\nTry again in a minute."
            assert until(at_socket, expected) == expected
        with waiting(server, "standby.signal", "-c hot_standby=off"):
            expected = "every server that answers is a standby, and takes no entries.\nAsk the server administrator to promote one."
            assert until(at_socket, expected) == expected
    finally:
        server.start()


@contextmanager
def waiting(server: Server, signal: str, options: str) -> Iterator[None]:
    """Have the server for the block in a state in which it lets nobody in."""
    file = server.data / signal
    file.touch()
    if AS_POSTGRES:
        shutil.chown(file, "postgres", "postgres")
    try:
        server.start("-o", options, "-W")
        yield
    finally:
        server.stop()
        file.unlink(missing_ok=True)


def until(text: str, expected: str) -> str:
    """Connect again and again until that is said, for at most 20 seconds, and return what was said last."""
    last = time.monotonic() + 20
    while (said := refused(text)) != expected and time.monotonic() < last:
        pass
    return said


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        ('致命错误:  用户 "李" Password 认证失败', "the password of 李 is wrong"),
        (
            '致命错误:  没有用于主机 "1.2.3.4", 用户 "li", 数据库 "d", 没有加密 的 pg_hba.conf 记录',
            "the server does not let li in",
        ),
        ('致命错误:  数据库 "d" 不存在', "there is no database d on the server"),
        ('致命错误:  访问数据库"d"的权限不够', "li has no right to the database d"),
        ('致命错误:  角色 "wang" 不存在', "the server knows no login wang"),
        ('致命错误:  不允许角色"wang" 进行登录', "the server knows no login wang"),
        ('致命错误:  对用户"li"的对等认证失败', "the server does not accept you as li"),
        ("致命错误:  数据库系统启动中", "the server is starting"),
        ("致命错误:  数据库系统停止中", "the server is shutting down"),
        ("致命错误:  对不起, 已经有太多的客户", "the server has too many connections"),
        ("致命错误:  Etwas ganz anderes\nDETAIL:  x", "Etwas ganz anderes"),
    ],
)
def test_a_server_that_speaks_chinese_is_understood(said: str, reason: str) -> None:
    """The words are those of PostgreSQL 15's own Chinese catalogue."""
    address = server_at("postgresql://db:5433/deal?office=haidian&user=li")
    text = f'connection to server at "db" (10.0.0.7), port 5433 failed: {said}\n'
    error = connect_error(text, "", address, {"HOME": "/home/li"})
    assert str(error).startswith(f"No connection to {address}: {reason}")


def test_a_real_server_that_speaks_chinese(server: Server, user: Path) -> None:
    trust(user, server)
    keep_password(user, "*:*:*:li:wrong")
    at_socket = f"postgresql:///%s?host={server.folder}&port={server.port}&office=haidian&user=%s"
    server.stop()
    try:
        server.start("-o", "-c lc_messages=C.UTF-8", LANGUAGE="zh_CN", LC_ALL="C.UTF-8")
        told = refused(server.at("&user=zhao"))
        if "没有" not in told:
            pytest.skip("PostgreSQL's Chinese messages are not installed")
        assert told.startswith("the server does not let zhao in from this machine.\n")
        assert refused(server.at("&user=li")).startswith("the password of li is wrong.\n")
        assert refused(at_socket % ("nothing", "clerk")).startswith("there is no database nothing on the server.\n")
        assert refused(at_socket % ("closed", "clerk")).startswith("clerk has no right to the database closed.\n")
        assert refused(at_socket % ("deal", "sleeper")).startswith("the server knows no login sleeper.\n")
        assert refused(at_socket % ("deal", "nobody_here")).startswith("the server knows no login nobody_here.\n")
        assert refused(at_socket % ("deal", "peer")).startswith("the server does not accept you as peer.\n")
    finally:
        server.stop()
        server.start()


# What the guide `sharing` says


def test_the_database_and_the_rule_of_the_guide_are_such_as_dealtrack_needs(server: Server, user: Path) -> None:
    name, *words = shlex.split(marked("database-office").splitlines()[0])
    server.run(PROGRAMS / name, "-h", server.folder, "-p", str(server.port), "-U", "postgres", *words)
    at_socket = f"postgresql:///{words[-1]}?host={server.folder}&port={server.port}&office=haidian&user=clerk"
    connect(at_socket).close()
    with superuser(server) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT user_name, auth_method, error FROM pg_hba_file_rules WHERE database = '{dealtrack}' OR error IS NOT NULL"
        )
        # A keeper is a clerk too, and a reader is not.
        assert cursor.fetchall() == [(["+haidian_clerk", "+haidian_reader"], "scram-sha-256", None)]


def test_what_a_clerk_does_by_the_guide_is_what_libpq_and_dealtrack_look_for(tmp_path: Path) -> None:
    write_program(tmp_path)
    (tmp_path / "root.crt").write_text("certificate")
    *lines, last = marked("database-desk").splitlines()
    assert last == "dealtrack list"
    home = {"HOME": str(tmp_path), "DEALTRACK_HOME": str(tmp_path), "PATH": f"{tmp_path}:/usr/bin:/bin"}
    run_bare(["sh", "-ec", "\n".join(lines)], tmp_path, **home).ok()
    address = server_at(run_bare(["dealtrack", "config", "get", "register"], tmp_path, **home).ok().strip())
    kept = tmp_path / ".pgpass"
    assert kept.stat().st_mode & 0o077 == 0
    refusal = (
        'connection to server at "db.example.org" (10.0.0.7), port 5432 failed: fe_sendauth: no password supplied\n'
    )
    assert str(connect_error(refusal, "", address, home)).endswith(f": {kept.read_text().strip()}")
    keywords = connection_keywords(address, LIBPQ, home)
    assert keywords["sslmode"] == "verify-full" and "sslrootcert" not in keywords
