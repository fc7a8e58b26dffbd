"""The address of a register: a file, or an office on a PostgreSQL server."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from dealtrack.core.vocabulary import nearest_names
from dealtrack.errors import BadAddress, BadOffice, MissingOffice, NeedsServer, PasswordInAddress, suggestion
from dealtrack.phrase import BadValue, Phrase
from dealtrack.register.engine import Address, ServerAddress

PARAMETERS = (
    *("host", "hostaddr", "port", "dbname", "user", "service", "connect_timeout", "target_session_attrs"),
    *("sslmode", "sslrootcert", "sslcrl", "sslcert", "sslkey", "channel_binding", "gssencmode", "krbsrvname"),
    *("application_name", "keepalives", "keepalives_idle", "keepalives_interval", "keepalives_count"),
    "tcp_user_timeout",
)
"""What an address may tell libpq: where the server is, how it proves who it is, and how long to wait for it.

Not `options`, which would set the very variables that the rights and the search path hang on, nor `passfile`: an
address, which others may hand on, must not choose which file of the user's passwords is read.
"""

SECRETS = frozenset(("password", "sslpassword"))
PASSWORD_FILE = r"%APPDATA%\postgresql\pgpass.conf" if sys.platform == "win32" else "~/.pgpass"
OFFICE = "office"
NATION = "national"
"""The office whose register seals the journals of all others."""

LONGEST_OFFICE = 48
"""In bytes: PostgreSQL cuts a name after 63, and the names of roles are an office's with a word behind it."""

_NEAR_SCHEME = r"(?i)postgres(?:ql)?:/"
_SCHEME = rf"{_NEAR_SCHEME}/"


def is_server(text: str) -> bool:
    """Tell whether a text is the address of a server; any other is a path."""
    return re.match(_SCHEME, text) is not None


def read_address(text: str, office: str = "") -> Address:
    """Return the address that a text is; where it names no office, `office` is meant.

    Raises BadAddress, PasswordInAddress, MissingOffice and BadOffice; none shows more of the text than is safe.
    """
    if not is_server(text):
        if re.match(_NEAR_SCHEME, text):
            raise BadAddress(reason=Phrase("two slashes must follow {scheme}", scheme="postgresql:"), nearest="")
        return Path(text)
    rest = text.partition("://")[2]
    # Whatever stands between a colon and an @ may be a password, even where the rest is no address.
    if re.search(r":[^@]*@", rest):
        raise PasswordInAddress(file=PASSWORD_FILE)
    place, _mark, query = rest.partition("?")
    parameters: dict[str, str] = {}
    for name, value in (*_of_place(place), *_of_query(query)):
        if name in parameters:
            raise BadAddress(reason=Phrase("{name} is given twice", name=name), nearest="")
        if value:
            parameters[name] = value
    named = parameters.pop(OFFICE, "") or office
    if not named:
        raise MissingOffice(address=text)
    return ServerAddress(text, parameters, read_office(named))


def office_address(text: str, name: str) -> ServerAddress:
    """Return the address of an office on a server, whichever office the text names, or none.

    Raises NeedsServer for a file, and what `read_address` raises.
    """
    if not is_server(text):
        raise NeedsServer(address=text)
    office = read_office(name)
    place, _mark, query = text.partition("?")
    rest = [part for part in query.split("&") if part and part.partition("=")[0] != OFFICE]
    address = read_address(f"{place}?{'&'.join([*rest, f'{OFFICE}={office}'])}")
    assert isinstance(address, ServerAddress)
    return address


def check_setting(text: str) -> None:
    """Raise BadValue for what a file of settings may not name as a register; the reason shows nothing of a password."""
    try:
        read_address(text)
    except PasswordInAddress as fault:
        raise BadValue("it contains a password; put that into {file}", file=fault.values["file"]) from None
    except MissingOffice:
        raise BadValue("it names no office; add office=NAME after a question mark") from None
    except (BadAddress, BadOffice) as fault:
        raise BadValue(str(fault.values["reason"])) from None


def _of_place(place: str) -> Iterator[tuple[str, str]]:
    """Yield what stands before the question mark: user, hosts, their ports, and the database."""
    authority, _slash, database = place.partition("/")
    user, _at, listed = authority.rpartition("@")
    hosts, ports = [], []
    for each in listed.split(","):
        match = re.fullmatch(r"(?:\[([^\[\]]+)\]|([^:\[\]]*))(?::([0-9]*))?", each)
        if match is None or (match[3] and not 0 < int(match[3][:6]) < 1 << 16):
            # Not shown: of an address without its @, the port is the password.
            raise BadAddress(reason=Phrase("a host and its port are not written as HOST:PORT"), nearest="")
        hosts.append(_decoded(match[1] or match[2] or ""))
        ports.append(match[3] or "")
    yield from (("user", _decoded(user)), ("dbname", _decoded(database))) if user or database else ()
    if any(hosts):
        yield "host", ",".join(hosts)
    if any(ports):
        yield "port", ",".join(ports)


def _of_query(query: str) -> Iterator[tuple[str, str]]:
    for part in filter(None, query.split("&")):
        name, equals, value = part.partition("=")
        name = _decoded(name)
        if name in SECRETS:
            raise PasswordInAddress(file=PASSWORD_FILE)
        if name not in PARAMETERS and name != OFFICE:
            if not re.fullmatch(r"[A-Za-z_]{1,40}", name):
                raise BadAddress(
                    reason=Phrase("what follows the question mark is not NAME=VALUE&NAME=VALUE"), nearest=""
                )
            near = suggestion(nearest_names(name, (*PARAMETERS, OFFICE)))
            raise BadAddress(reason=Phrase("{name} cannot be set in it", name=name), nearest=near)
        if not equals:
            raise BadAddress(reason=Phrase("{name} has no value", name=name), nearest="")
        yield name, _decoded(value)


def _decoded(text: str) -> str:
    """Return a part of an address with its %41 as A; raises BadAddress."""
    from urllib.parse import unquote

    try:
        plain = unquote(text, errors="strict")
    except UnicodeDecodeError:
        plain = "\0"
    if not plain.isprintable() or re.search(r"%(?![0-9A-Fa-f]{2})", text):
        raise BadAddress(
            reason=Phrase("a % must be followed by two digits of a readable character (a % itself is %25)"), nearest=""
        )
    return plain


def read_office(name: str) -> str:
    """Return the name of an office, which is its schema's: in small letters, composed; raises BadOffice."""
    from unicodedata import normalize

    office = normalize("NFC", name.strip()).lower()
    if not re.fullmatch(r"[^\W\d_]\w*", office):
        raise BadOffice(name=name, reason=Phrase("it must begin with a letter and have only letters, digits and _"))
    if len(office.encode()) > LONGEST_OFFICE:
        raise BadOffice(
            name=name,
            reason=Phrase(
                "it is too long; the maximum is {letters} letters, or {signs} Chinese characters",
                letters=LONGEST_OFFICE,
                signs=LONGEST_OFFICE // 3,
            ),
        )
    if office.startswith("pg_") or office in ("pg", "public", "information_schema"):
        raise BadOffice(name=name, reason=Phrase("PostgreSQL uses this name itself"))
    return office
