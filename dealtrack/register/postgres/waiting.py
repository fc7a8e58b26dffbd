"""Connecting to a PostgreSQL server and waiting for it, so that Ctrl-C ends the wait at once."""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from select import select
from threading import Thread
from time import monotonic
from typing import Any

import psycopg2
from psycopg2 import extensions

from dealtrack.register.engine import WAIT_SECONDS, ServerAddress
from dealtrack.register.postgres.access import connection_keywords
from dealtrack.register.postgres.refusals import check_server, connect_error
from dealtrack.register.postgres.values import TYPES, quoted

SILENT_SECONDS = 10
"""How long a server's machine may say nothing to what it is sent, until the next one is tried, or it is gone."""
CONNECT_SECONDS = 30
"""How long all machines of a server are tried."""
ANSWER_SECONDS = 3
"""How long an interrupted statement is waited for: only the server knows whether it came to its end."""


class ServerConnection(extensions.connection):
    """A connection of psycopg2's; `is_interrupted` tells whether Ctrl-C came while it waited for the server."""

    is_interrupted = False


def connect(address: ServerAddress, *, is_copying: bool = False) -> ServerConnection:
    """Connect to a server; `is_copying` lets psycopg2 copy rows to it. Raises NotConnected."""
    limit = address.parameters.get("connect_timeout", "")
    silence = int(limit) if limit.isdecimal() and int(limit) else SILENT_SECONDS
    hosts = address.parameters.get("host", "").count(",") + 1
    patience = CONNECT_SECONDS if silence == SILENT_SECONDS else silence * hosts
    chosen = {
        "tcp_user_timeout": min(silence, SILENT_SECONDS) * 1000,
        "keepalives_idle": WAIT_SECONDS,
        "keepalives_interval": SILENT_SECONDS,
        "keepalives_count": 3,
        "fallback_application_name": "dealtrack",
    }
    settings = {
        # A temporary table never stands in a register's place.
        "search_path": f"{quoted(address.office)},pg_temp",
        "client_min_messages": "warning",
        "DateStyle": "ISO",
        "bytea_output": "hex",
        "lock_timeout": str(WAIT_SECONDS * 1000),
        # What is streamed is read to its end.
        "cursor_tuple_fraction": "1",
        "jit": "off",
        # A report groups all rows in memory: it sorts them otherwise, which takes three times as long.
        "hash_mem_multiplier": "32",
        "standard_conforming_strings": "on",
    }
    keywords = connection_keywords(address, extensions.libpq_version(), os.environ)
    try:
        options = " ".join(f"-c {name}={_option(value)}" for name, value in settings.items())
        parts: dict[str, Any] = {**chosen, **keywords, "options": options, "client_encoding": "UTF8"}
        # psycopg2 has a function that waits for all connections of a process, or lets each one be waited for.
        await_connection = partial(_await_connection, seconds=patience)
        with waited_for_by(await_connection):
            connection: ServerConnection = psycopg2.connect(
                connection_factory=ServerConnection, async_=not is_copying, **parts
            )
        await_connection(connection)
    except psycopg2.Error as error:
        raise connect_error(str(error), error.pgcode or "", address, os.environ) from error
    check_server(connection.server_version, connection.info.parameter_status("server_encoding") or "", address)
    for type_ in TYPES:
        extensions.register_type(type_, connection)
    return connection


@contextmanager
def waited_for_by(function: Callable[[Any], None]) -> Iterator[None]:
    """Let a function wait for what the block does with a connection that copies: psycopg2 has one for all of them."""
    extensions.set_wait_callback(function)
    try:
        yield
    finally:
        extensions.set_wait_callback(None)


def _await_connection(connection: ServerConnection, seconds: int) -> None:
    end = monotonic() + seconds
    while not _is_ready(connection):
        if monotonic() > end:
            raise psycopg2.OperationalError(f"no answer in {seconds} seconds")


def _option(value: str) -> str:
    return re.sub(r"([\\\s])", r"\\\1", value)


def _is_ready(connection: ServerConnection) -> bool:
    """Wait for the server's next word, at most a second; return whether it has said all."""
    state = connection.poll()
    if state == extensions.POLL_OK:
        return True
    file = [connection.fileno()]
    is_reading = state == extensions.POLL_READ
    # Not for ever: on Windows no signal ends it.
    select(file if is_reading else [], [] if is_reading else file, [], 1)
    return False


def wait(connection: ServerConnection, send: Callable[[], object] | None = None) -> None:
    """Send a statement and wait for its end; Ctrl-C breaks it off, and only the server's answer tells what is done.

    Where that does not come soon, or Ctrl-C comes again, the connection is closed. Raises psycopg2's errors.
    """
    connection.is_interrupted = False
    try:
        try:
            if send:
                send()
            while not _is_ready(connection):
                pass
        except KeyboardInterrupt:
            connection.is_interrupted = True
            begin, requests, is_ready = monotonic(), 0, False
            while not is_ready:
                if monotonic() >= begin + requests:
                    if requests == ANSWER_SECONDS:
                        raise
                    # A server that is gone without a word is not waited for, and one that had not begun is asked again.
                    Thread(target=cancel, args=(connection,), daemon=True).start()
                    requests += 1
                is_ready = _is_ready(connection)
    except KeyboardInterrupt:
        connection.close()
        raise


def cancel(connection: ServerConnection) -> None:
    """Ask the server to break off what it does."""
    with suppress(psycopg2.Error):
        connection.cancel()
