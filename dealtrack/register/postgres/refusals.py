"""What keeps a register on a server from being reached or used, as errors of the catalogue.

libpq and the server say most of it in words alone, in the server's language: those of English and of Chinese are known
here; of any other text its first line is shown.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from dealtrack.errors import DealtrackError, NotAnOffice, NotConnected, UnknownOffice
from dealtrack.phrase import Phrase, Word, as_phrase
from dealtrack.register.engine import ServerAddress
from dealtrack.register.postgres.access import in_effect, own_file

OLDEST_SERVER = 150000
DEFAULT_PORT = "5432"


class Case(NamedTuple):
    """What can be wrong: the SQLSTATEs and the texts by which it is known, the reason, and what to do."""

    states: str
    pattern: str
    reason: str
    instead: str


_IN_FILE = Word("Correct it in {file}: {line}")

# In the order in which they count, where the hosts of a list fail in several ways.
CASES = (
    Case(
        "28P01",
        r'(?:password|LDAP|PAM|RADIUS|GSSAPI) authentication failed for user "(?P<user>[^"]*)"|'
        r'用户 ?"(?P<user_zh>[^"]*)" ?(?:Password|的? ?LDAP|认证 PAM|的 ?RADIUS|的 ?GSSAPI) ?(?:认证)?失败',
        Word("the password of {user} is wrong"),
        _IN_FILE,
    ),
    Case(
        "",
        r"no password supplied",
        Word("the server asks {user} for a password, and none was found"),
        Word("Put this line into {file}, with your password, readable by you alone (chmod 600): {line}"),
    ),
    Case(
        "",
        r'(?:Peer|Ident|certificate) authentication failed for user "(?P<user>[^"]*)"|'
        r'用户 ?"(?P<user_zh>[^"]*)" ?(?:的对等认证|Ident 认证|的认证)失败',
        Word("the server does not accept you as {user}"),
        Word("Name your own login, e.g. user=li in the address, or ask the server administrator."),
    ),
    Case(
        "",
        r"requires a valid client certificate|需要一个有效的客户端认证",
        Word("the server asks {user} for a certificate, and none was found"),
        Word("Save yours and its key as postgresql.crt and postgresql.key beside {roots}, or name sslcert and sslkey."),
    ),
    Case(
        "",
        r'role "(?P<user>[^"]*)" (?:does not exist|is not permitted to log in)|'
        r'角色 ?"(?P<user_zh>[^"]*)" ?(?:不存在|进行登录)',
        Word("the server knows no login {user}"),
        Word("Name your own login, e.g. user=li in the address, or ask the server administrator."),
    ),
    Case(
        "",
        r"pg_hba\.conf",
        Word("the server does not let {user} in from this machine"),
        Word("The server administrator allows it in pg_hba.conf. The server says: {text}"),
    ),
    Case(
        "3D000",
        r'database "(?P<database>[^"]*)" does not exist|数据库 ?"(?P<database_zh>[^"]*)" ?不存在',
        Word("there is no database {database} on the server"),
        Word("The database stands after the host in the address: postgresql://HOST/DATABASE?office=NAME."),
    ),
    Case(
        "",
        r'permission denied for database "(?P<database>[^"]*)"|访问数据库 ?"(?P<database_zh>[^"]*)" ?的权限不够',
        Word("{user} has no right to the database {database}"),
        Word("The server administrator grants it: dealtrack office grant {user} --role clerk"),
    ),
    Case(
        "57P03",
        r"database system is (?:starting up|in recovery)|not yet accepting|数据库系统(?:启动中|在恢复模式)",
        Word("the server is starting"),
        Word("Try again in a minute."),
    ),
    Case(
        "57P01 57P02",
        r"database system is shutting down|数据库系统停止中",
        Word("the server is shutting down"),
        Word("Try again in a few minutes."),
    ),
    Case(
        "",
        r"closed the connection|reset by peer|中断联接",
        Word("the server closed it"),
        Word("Try again in a few minutes."),
    ),
    Case(
        "53300",
        r"too many (?:clients|connections)|connection slots are reserved|太多的客户|连接太多|连接位置",
        Word("the server has too many connections"),
        Word("Try again in a minute; if it goes on, ask the server administrator for more (max_connections)."),
    ),
    Case(
        "",
        r'server certificate for "(?P<name>[^"]*)".*does not match host name "(?P<host>[^"]*)"',
        Word("the server's certificate is for {name}, not for {host}"),
        Word("Write the host in the address as the certificate has it."),
    ),
    Case(
        "",
        r"certificate verify failed|root certificate file",
        Word("the server's certificate cannot be trusted"),
        Word("Ask the server administrator for its root certificate, and save it as {roots}."),
    ),
    Case(
        "",
        r"does not support SSL",
        Word("the server has no TLS, and the connection would be readable by others"),
        Word("Ask the server administrator to turn it on (ssl = on)."),
    ),
    Case(
        "",
        r"private key file|certificate file|must be specified for a verified",
        Word("a certificate or a key cannot be used ({text})"),
        Word("Correct sslcert, sslkey, sslrootcert or host in the address or your service file."),
    ),
    Case(
        "",
        r'definition of service "(?P<service>[^"]*)" not found',
        Word("there is no service {service}"),
        Word("Define it in {services}, or name another."),
    ),
    Case(
        "",
        r'could not translate host name "(?P<host>[^"]*)"|could not resolve|host name lookup',
        Word("there is no host {host}"),
        Word("Check the host in the address, and this machine's network."),
    ),
    Case(
        "",
        r"Connection refused|No such file or directory",
        Word("no server answers at {host}, port {port}"),
        Word("Check host and port in the address; if they are right, the server has stopped."),
    ),
    Case(
        "08001",
        r"timeout expired|timed out|No route to host|Network is unreachable",
        Word("the host {host} does not answer"),
        Word("Check this machine's network, and whether a firewall is between."),
    ),
    Case(
        "",
        r"session is read-only|is not accepting connections",
        Word("every server that answers is a standby, and takes no entries"),
        Word("Ask the server administrator to promote one."),
    ),
)


def connect_error(text: str, sqlstate: str, address: ServerAddress, environment: Mapping[str, str]) -> DealtrackError:
    """Return the error for what libpq or the server said while a register was being reached and opened.

    `sqlstate` is empty where there is none, as libpq gives none before it is connected.
    """
    match sqlstate:
        case "3F000" | "42501" if "database" not in text:
            return UnknownOffice(office=address.office, address=address)
        case "42P01":
            return NotAnOffice(office=address.office, address=address)
    values = _values(text, address, environment)
    for case in CASES:
        match = re.search(case.pattern, text)
        if match or (sqlstate and sqlstate in case.states):
            named = match.groupdict().items() if match else ()
            values |= {name.removesuffix("_zh"): value for name, value in named if value is not None}
            values["line"] = _password_line(values)
            instead = _password_place(address, environment) if case.instead is _IN_FILE else case.instead
            reason, instead = (as_phrase(template, values) for template in (case.reason, instead))
            return NotConnected(address=address, reason=reason, instead=instead)
    return NotConnected(address=address, reason=values["text"], instead="Ask the server administrator.")


def check_server(version: int, encoding: str, address: ServerAddress) -> None:
    """Raise NotConnected for a server whose version, such as 150018, is too old, or that does not hold every text."""
    if version < OLDEST_SERVER:
        reason = Phrase("the server is PostgreSQL {version}", version=version // 10000)
        needed = Phrase("dealtrack needs PostgreSQL {version} or later.", version=OLDEST_SERVER // 10000)
        raise NotConnected(address=address, reason=reason, instead=needed)
    if encoding != "UTF8":
        reason = Phrase("the database has the encoding {encoding}", encoding=encoding)
        needed = Phrase(
            "The server administrator creates a new one: createdb --encoding UTF8 --template template0 NAME"
        )
        raise NotConnected(address=address, reason=reason, instead=needed)


def lost_reason(text: str) -> Phrase:
    """Return why a connection was lost in the midst of work."""
    if re.search(r"closed the connection|closed unexpectedly|terminating connection|reset by peer|中断联接", text):
        return Phrase("the server closed it")
    if "timed out" in text:
        return Phrase("the server no longer answers")
    return Phrase("{text}", text=_first_line(text))


def _values(text: str, address: ServerAddress, environment: Mapping[str, str]) -> dict[str, object]:
    """Return what messages name: as the text has it, else as libpq was told it, else as libpq takes it."""
    keywords = in_effect(address, environment)
    user = keywords.get("user") or _login()
    tried = re.search(
        r'connection to server (?:at|on socket) "([^"]+?)(?:/\.s\.PGSQL\.([0-9]+))?"(?:.*?port ([0-9]+))?', text
    )
    host, port = (tried[1], tried[2] or tried[3]) if tried else (keywords.get("host"), keywords.get("port"))
    # Where both are keywords, libpq says the number, and looks for the password by the name.
    names = dict(zip(keywords.get("hostaddr", "").split(","), keywords.get("host", "").split(","), strict=False))
    host = names.get(host or "", host)
    return {
        "user": user,
        "database": keywords.get("dbname") or user,
        "host": host or "localhost",
        "port": port or DEFAULT_PORT,
        "service": keywords.get("service", ""),
        "file": environment.get("PGPASSFILE") or own_file(".pgpass", environment),
        "services": environment.get("PGSERVICEFILE") or own_file(".pg_service.conf", environment),
        "roots": keywords.get("sslrootcert", "").replace("system", "") or own_file("root.crt", environment),
        "text": _first_line(text),
    }


def _password_place(address: ServerAddress, environment: Mapping[str, str]) -> str:
    """Return what to do about a wrong password: libpq takes that of the service, then PGPASSWORD, then the file's."""
    if "password" in in_effect(address, environment):
        return Word("Correct it in {services}, under [{service}].")
    if environment.get("PGPASSWORD"):
        return Word("Correct it in the variable PGPASSWORD, or unset that and put this line into {file}: {line}")
    return _IN_FILE


def _login() -> str:
    from getpass import getuser

    try:
        return getuser()
    except (OSError, KeyError, ImportError):
        return "USER"


def _password_line(values: Mapping[str, object]) -> str:
    """Return the line of a .pgpass that would serve, with the word PASSWORD for it."""
    # A socket has several names there.
    host = "*" if str(values["host"]).startswith(("/", "@")) else values["host"]
    fields = (
        str(each).replace("\\", "\\\\").replace(":", "\\:")
        for each in (host, *map(values.get, ("port", "database", "user")))
    )
    return ":".join((*fields, "PASSWORD"))


def _first_line(text: str) -> str:
    """Return the first line of what was said, without where it was said and how grave it is."""
    first = next(iter(text.strip().splitlines()), "")
    return re.sub(r"^(?:connection to server .*? failed: )?(?:\w+: +)?", "", first).rstrip(".。")
