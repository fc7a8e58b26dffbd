"""What libpq connects by: the address, what the user's files and environment add, and TLS that checks the server."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from dealtrack.errors import NotConnected
from dealtrack.phrase import Phrase
from dealtrack.register.engine import ServerAddress

SYSTEM_ROOTS_SINCE = 160000
"""The version of libpq from which on `sslrootcert=system` means what the system trusts."""

BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
"""Where systems keep the certificates that they trust: Debian, Red Hat, SUSE, Alpine and macOS.

The library in the wheels of psycopg2 does not know: it looks in the folder in which it was built.
"""

VERIFY = "verify-full"
CONNECT_SECONDS = 10
"""How long to wait for a host that does not answer, where nothing else is said."""

_VARIABLES = {
    "PGHOST": "host",
    "PGHOSTADDR": "hostaddr",
    "PGPORT": "port",
    "PGDATABASE": "dbname",
    "PGUSER": "user",
    "PGSSLMODE": "sslmode",
    "PGSSLROOTCERT": "sslrootcert",
    "PGSERVICE": "service",
    "PGCONNECT_TIMEOUT": "connect_timeout",
}


def connection_keywords(
    address: ServerAddress, libpq: int, environment: Mapping[str, str], bundles: Sequence[str] = BUNDLES
) -> dict[str, str]:
    """Return the keywords for libpq, of a version such as 170011, in an environment.

    A server elsewhere must prove who it is, unless an sslmode is given. Raises NotConnected where nothing is known
    that it could prove it by.
    """
    keywords = in_effect(address, environment)
    parts = dict(address.parameters)
    if "connect_timeout" not in keywords:
        parts["connect_timeout"] = str(CONNECT_SECONDS)
    if is_local(keywords) or keywords.get("sslmode", VERIFY) != VERIFY:
        return parts
    parts["sslmode"] = VERIFY
    own = own_file("root.crt", environment)
    roots = keywords.get("sslrootcert", "")
    if roots not in ("", "system") or (not roots and own.exists()):
        return parts
    bundle = next(
        (path for path in (environment.get("SSL_CERT_FILE", ""), *bundles) if path and Path(path).exists()), ""
    )
    if not (bundle or libpq >= SYSTEM_ROOTS_SINCE):
        raise NotConnected(
            address=address,
            reason=Phrase("there is no certificate to check the server by"),
            instead=Phrase("Ask the server administrator for its root certificate, and save it as {path}.", path=own),
        )
    parts["sslrootcert"] = bundle or "system"
    return parts


def weak_mode(address: ServerAddress, environment: Mapping[str, str]) -> str:
    """Return the sslmode by which a server elsewhere is not checked, or not by its name; nothing where it is."""
    keywords = in_effect(address, environment)
    mode = keywords.get("sslmode", VERIFY)
    return "" if mode == VERIFY or is_local(keywords) else mode


def is_local(keywords: Mapping[str, str]) -> bool:
    """Tell whether every server that keywords name is on this machine."""
    # An address in numbers is where libpq goes, whatever the host is called.
    hosts = keywords.get("hostaddr") or keywords.get("host", "")
    return all(host in ("", "localhost", "127.0.0.1", "::1") or host[0] in "/@" for host in hosts.split(","))


def in_effect(address: ServerAddress, environment: Mapping[str, str]) -> dict[str, str]:
    """Return what libpq takes of an address, of its service, and of the environment, in this order."""
    keywords = {name: value for variable, name in _VARIABLES.items() if (value := environment.get(variable, ""))}
    keywords |= address.parameters
    if service := keywords.get("service"):
        keywords |= _service(service, environment)
        keywords |= address.parameters
    return keywords


def _service(name: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return what the first file of services that has a service says of it; nothing where none has it."""
    own = environment.get("PGSERVICEFILE") or own_file(".pg_service.conf", environment)
    shared = environment.get("PGSYSCONFDIR", "")
    for path in (Path(own), *([Path(shared, "pg_service.conf")] if shared else [])):
        try:
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            continue
        if f"[{name}]" in map(str.strip, lines):
            return dict(_pairs_of(name, lines))
    return {}


def _pairs_of(name: str, lines: list[str]) -> Iterator[tuple[str, str]]:
    is_inside = False
    for line in map(str.strip, lines):
        if line.startswith("["):
            is_inside = line == f"[{name}]"
        elif is_inside and not line.startswith("#"):
            key, equals, value = line.partition("=")
            if equals:
                yield key, value


def own_file(name: str, environment: Mapping[str, str]) -> Path:
    """Return where libpq looks for a file of the user's: root.crt, .pg_service.conf or .pgpass."""
    folder = Path(environment.get("HOME", ""))
    if sys.platform == "win32":
        folder, name = Path(environment.get("APPDATA", ""), "postgresql"), name.replace(".pgpass", "pgpass.conf")
    elif name == "root.crt":
        folder /= ".postgresql"
    return folder / name
