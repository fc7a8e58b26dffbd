"""Mail: a message handed over to sendmail or to an SMTP server, and the note of what was mailed on a day."""

import json
import os
import re
import smtplib
import ssl
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from shutil import which
from tempfile import TemporaryFile
from typing import NamedTuple

from dealtrack.errors import BadEmail, CannotRead, CannotWrite, MailNotAccepted, MissingValue
from dealtrack.phrase import Phrase, listed
from dealtrack.register.drafts import BYTES, MAIL_SUFFIX, closing_file, disk_faults, share
from dealtrack.register.sqlite.file import beside

TIMEOUT = 30
"""The seconds that a server may take for each answer."""

PROGRAM_TIMEOUT = 120
"""The seconds that sendmail may take."""

USUAL_PLACES = os.pathsep.join(("/usr/sbin", "/usr/lib", "/usr/local/sbin", "/usr/bin"))
"""Where sendmail is looked for, as cron does, whatever the environment says."""

TLS_PORT = 465
"""The port at which a connection is encrypted from its beginning on; at any other one STARTTLS begins it."""

THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
"""The hosts to which a connection may stay as it is where the server offers no encryption."""

LONGEST_PASSWORD = 1000
LARGEST_NOTE = 100_000
_ADDRESS = re.compile(r"[A-Za-z0-9._%+'/=][A-Za-z0-9._%+'/=-]*@[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")


class MailWay(NamedTuple):
    """How mail is sent: by the program `sendmail`, or by the server `smtp` (host:port), as whom, with which password.

    Neither is given where the system's own sendmail is meant.
    """

    sendmail: str
    smtp: str
    sender: str
    user: str
    password_file: str


def check_address(text: str) -> str:
    """Return an address of mail, without what surrounds it; raises BadEmail for one that may mean anything else."""
    address = text.strip()
    if not _ADDRESS.fullmatch(address) or len(address) > 254:
        raise BadEmail
    return address


def send(message: EmailMessage, recipients: Sequence[str], way: MailWay) -> dict[str, str]:
    """Hand a message over, and return the recipients that were refused, each with the reason.

    Raises MailNotAccepted where all were, MissingValue, BadEmail and CannotRead.
    """
    sender = check_address(way.sender) if way.sender else ""
    if sender:
        message["From"] = sender
    if way.smtp and not way.sendmail:
        if not sender:
            raise MissingValue(what="The sender of mail", option="the setting mail.from")
        return _send_by_server(message, recipients, way)
    program = way.sendmail or which("sendmail", path=USUAL_PLACES)
    if program is None:
        raise MissingValue(what="The way to send mail", option="the setting mail.smtp or mail.sendmail")
    _send_by_program(message, recipients, program, sender)
    return {}


def _send_by_program(message: EmailMessage, recipients: Sequence[str], program: str, sender: str) -> None:
    command = [program, "-i", *(["-f", sender] if sender else []), "--", *recipients]
    # What it says goes to a file: a process of its own that lives on would keep a pipe open.
    with TemporaryFile() as said:
        try:
            content = message.as_bytes()
            # The program is that of the user's own settings; the recipients are checked.
            ran = subprocess.run(  # noqa: S603
                command, input=content, stdout=said, stderr=said, timeout=PROGRAM_TIMEOUT, check=False
            )
        except subprocess.TimeoutExpired:
            reason = Phrase("{program} did not end within {seconds} seconds", program=program, seconds=PROGRAM_TIMEOUT)
        except OSError as error:
            reason = Phrase("{program}: {fault}", program=program, fault=error.strerror or str(error))
        else:
            if ran.returncode == 0:
                return
            said.seek(0)
            lines = said.read(LARGEST_NOTE).decode("utf-8", "replace").split("\n")
            fault = next(filter(None, map(str.strip, reversed(lines))), f"status {ran.returncode}")
            reason = Phrase("{program}: {fault}", program=program, fault=fault)
    raise MailNotAccepted(recipients=listed(recipients), reason=reason)


def _send_by_server(message: EmailMessage, recipients: Sequence[str], way: MailWay) -> dict[str, str]:
    host, _colon, port = way.smtp.rpartition(":")
    host = host.strip("[]")
    password = _password(way) if way.user else ""
    context = ssl.create_default_context()
    try:
        if int(port) == TLS_PORT:
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, TLS_PORT, timeout=TIMEOUT, context=context)
        else:
            server = smtplib.SMTP(host, int(port), timeout=TIMEOUT)
        with server:
            if int(port) != TLS_PORT:
                server.ehlo_or_helo_if_needed()
                if server.has_extn("starttls"):
                    server.starttls(context=context)
                elif host not in THIS_MACHINE:
                    raise MailNotAccepted(
                        recipients=listed(recipients), reason=Phrase("{server} offers no encryption", server=way.smtp)
                    )
            if way.user:
                server.login(way.user, password)
            content = message.as_bytes(policy=message.policy.clone(linesep="\r\n"))
            refused = server.sendmail(way.sender.strip(), recipients, content)
    except smtplib.SMTPRecipientsRefused as error:
        refused = error.recipients
    except (OSError, smtplib.SMTPException, ValueError) as error:
        reason = Phrase("{server}: {fault}", server=way.smtp, fault=_words(error))
        raise MailNotAccepted(recipients=listed(recipients), reason=reason) from None
    reasons = {recipient: f"{code} {_text(words)}" for recipient, (code, words) in refused.items()}
    if len(reasons) == len(recipients):
        raise_refused(reasons)
    return reasons


def raise_refused(reasons: Mapping[str, str]) -> None:
    """Refuse recipients for the reason that the server gave for the first."""
    raise MailNotAccepted(recipients=listed(reasons), reason=next(iter(reasons.values())))


def _words(error: Exception) -> str:
    """Return what a server or the system said."""
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(error.smtp_error)}"
    if isinstance(error, TimeoutError):
        return "timed out"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _text(words: bytes | str) -> str:
    return " ".join((words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)).split())


def _password(way: MailWay) -> str:
    """Return the first line of the file with the password, which nobody else may read; raises CannotRead."""
    if not way.password_file:
        raise MissingValue(what="The password for the mail server", option="the setting mail.password_file")
    path = Path(way.password_file)
    if path.exists() and not path.is_file():
        # A pipe would be waited for.
        raise CannotRead.because("it is not a file", path)
    with disk_faults(CannotRead, path=path), path.open("rb") as file:
        if sys.platform != "win32" and os.fstat(file.fileno()).st_mode & 0o077:
            raise CannotRead.because("others can read this password; make the file yours alone: chmod 600", path)
        line = file.read(LONGEST_PASSWORD).partition(b"\n")[0].strip()
    try:
        if text := line.decode("utf-8-sig"):
            return text
    except UnicodeDecodeError:
        raise CannotRead.because("it is not UTF-8 text", path) from None
    raise CannotRead.because("its first line is empty", path)


class MailNote:
    """What was mailed to whom on a day, by marks that tell no address."""

    def __init__(self, handle: int, day: str) -> None:
        self._handle, self._day = handle, day
        self._marks: set[str] = set()
        with suppress(ValueError, LookupError, TypeError):
            note = json.loads(os.read(handle, LARGEST_NOTE))
            if note["day"] == day:
                self._marks = {str(mark) for mark in note["mailed"]}

    def holds(self, mark: str) -> bool:
        """Tell whether this was mailed on the day."""
        return mark in self._marks

    def add(self, marks: Sequence[str]) -> None:
        """Note what was mailed. Raises OSError."""
        self._marks.update(marks)
        data = json.dumps({"day": self._day, "mailed": sorted(self._marks)}).encode() + b"\n"
        os.lseek(self._handle, 0, os.SEEK_SET)
        os.truncate(self._handle, 0)
        os.write(self._handle, data)


def mail_mark(*parts: object) -> str:
    """Return a mark for what is mailed to whom."""
    return sha256(json.dumps(parts, default=str).encode()).hexdigest()[:32]


@contextmanager
def mail_note(register: Path, day: str) -> Iterator[MailNote]:
    """Give the note beside a register of what was mailed on a day; whoever else mails waits. Raises CannotWrite."""
    place = beside(register, MAIL_SUFFIX)
    with disk_faults(CannotWrite, path=place):
        is_new = not os.path.lexists(place)
        handle = os.open(place, os.O_RDWR | os.O_CREAT | BYTES | getattr(os, "O_NOFOLLOW", 0), 0o600)
    with closing_file(handle):
        with disk_faults(CannotWrite, path=place):
            if is_new:
                share(handle, place.parent)
            if sys.platform != "win32":
                import fcntl

                fcntl.flock(handle, fcntl.LOCK_EX)
        yield MailNote(handle, day)
