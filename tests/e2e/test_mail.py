"""`digest --mail`: what is sent, once a day, by a real server on this machine and by a program, and what goes wrong."""

import json
import os
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from tests.conftest import PROJECT, Clerk, prepared, run_bare

SAMPLE = PROJECT / "data" / "samples" / "double-eleven-2016.csv"
CERTIFICATE = PROJECT / "tests" / "data" / "mail-server.pem"
"""A key and its own certificate, made for these tests alone: for localhost, 127.0.0.1 and 127.0.0.2."""

DESK, HEAD = "desk@example.org", "head@example.org"


@prepared
def sample(clerk: Clerk) -> None:
    clerk.now = "2016-11-21T09:00:00+08:00"
    clerk("import", SAMPLE).ok()
    clerk(
        "add",
        "--platform",
        "JD",
        "--at",
        "2016-11-18",
        "--consumer",
        "张测试",
        "--phone",
        "13800138000",
        "--owner",
        "<b>科&",
    ).ok()


class Mailbox:
    """What a server takes: the messages, and what it refuses."""

    def __init__(self, refused: tuple[str, ...] = (), answer: str = "250 OK", seconds: float = 0) -> None:
        self.refused, self.answer, self.seconds = refused, answer, seconds
        self.messages: list[tuple[list[str], EmailMessage]] = []
        self.encrypted: list[bool] = []

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:  # noqa: N802
        if address in self.refused:
            return "550 5.1.1 no such\x1b[31m user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        time.sleep(self.seconds)
        if self.answer.startswith("250"):
            message = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(message, EmailMessage)
            self.messages.append((list(envelope.rcpt_tos), message))
            self.encrypted.append(session.ssl is not None)
        return self.answer


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def encryption() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE)
    return context


@contextmanager
def serving(mailbox: Mailbox, host: str = "127.0.0.1", port: int = 0, **more: Any) -> Iterator[str]:
    """Run a mail server during the block, and give its host and port."""
    controller = Controller(mailbox, hostname=host, port=port or free_port(), **more)
    controller.start()
    try:
        yield f"{host}:{controller.port}"
    finally:
        controller.stop()


def configure(clerk: Clerk, **values: str) -> None:
    clerk.home.mkdir(exist_ok=True)
    lines = (f"{name} = {json.dumps(value)}\n" for name, value in {"from": "register@example.org", **values}.items())
    (clerk.home / "config.toml").write_text("[mail]\n" + "".join(lines))


def text_of(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def note(clerk: Clerk) -> Path:
    if isinstance(clerk.address, Path):
        return clerk.db.with_name(f"{clerk.db.name}.last-mail")
    mark = sha256(str(clerk.address).encode()).hexdigest()[:8]
    folder = clerk.home / "servers"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{clerk.address.office}-{mark}.last-mail"


def test_the_summary_as_a_mail(sample: Clerk) -> None:
    mailbox = Mailbox()
    with serving(mailbox) as server:
        configure(sample, smtp=server)
        told = sample("digest", "--mail", DESK, "--mail", HEAD)
    # What cron is told it would mail.
    assert (told.status, told.out, told.err) == (0, "", "")
    ((recipients, message),) = mailbox.messages
    assert (
        recipients == [DESK, HEAD] and message["To"] == f"{DESK}, {HEAD}" and message["From"] == "register@example.org"
    )
    assert message["Subject"] == "Complaints, Mon 2016-11-21: 1 newly overdue, 8 still overdue, 1 due today"
    assert message["Date"].datetime.isoformat() == "2016-11-21T01:00:00+00:00"
    assert message["Auto-Submitted"] == "auto-generated" and message["Message-ID"].endswith("@example.org>")
    text, page = text_of(message, "plain"), text_of(message, "html")
    assert text == sample("digest").ok()
    for said in ("BJ-2016-252", "Gome online", "Checksum", "朝阳所"):
        assert said in text and said in page
    assert "&lt;b&gt;科&amp;" in page and "<b>科" not in page and "<script" not in page
    for secret in ("张", "13800138000", "毛衣"):
        assert secret not in text and secret not in page
    assert note(sample).stat().st_mode & 0o777 == 0o600 and "example" not in note(sample).read_text()


def test_a_mail_in_chinese(sample: Clerk) -> None:
    mailbox = Mailbox()
    with serving(mailbox) as server:
        configure(sample, smtp=server)
        sample("--lang", "zh", "digest", "--mail", DESK).ok()
    ((_, message),) = mailbox.messages
    assert message["Subject"] == "投诉提醒 2016-11-21 周一：新增逾期 1 件，仍然逾期 8 件，今日到期 1 件"
    page = text_of(message, "html")
    assert '<html lang="zh-CN">' in page and "国美在线" in page and "Gome" not in page
    assert ">逾期工作日</th>" in page and ">与描述不符</td>" in page
    assert page.count(';white-space:nowrap">2016-11-') == 10
    assert text_of(message, "plain") == sample("--lang", "zh", "digest").ok()


def test_once_a_morning_though_it_is_called_twice(sample: Clerk) -> None:
    mailbox = Mailbox()
    with serving(mailbox) as server:
        configure(sample, smtp=server)
        for words in ((), (), ("--working-days-only",)):
            told = sample("digest", "--mail", DESK, *words, now="2016-11-21T17:00:00+08:00")
            assert (told.status, told.out, told.err) == (0, "", "")
        assert len(mailbox.messages) == 1
        # Another recipient, and other complaints, are another mail.
        sample("digest", "--mail", DESK, "--mail", HEAD).ok()
        assert [to for to, _ in mailbox.messages][1:] == [[HEAD]]
        sample("digest", "--mail", DESK, "--owner", "朝阳所").ok()
        sample("digest", "--mail", DESK.upper(), "--owner", "朝阳所").ok()
        assert len(mailbox.messages) == 3
        sample("digest", "--mail", DESK, "--again").ok()
        assert len(mailbox.messages) == 4
        sample("digest", "--mail", DESK, now="2016-11-22T09:00:00+08:00").ok()
        assert len(mailbox.messages) == 5
        told = sample.at_terminal("digest", "--mail", DESK, "--again")
        assert told.out.split() == f"Mailed to {DESK}.".split()
        told = sample.at_terminal("--lang", "zh", "digest", "--mail", DESK)
        assert "".join(told.out.split()) == "2016-11-21已经发送过；加--again再发一次。"


def test_two_calls_at_once_send_one_mail(sample: Clerk) -> None:
    mailbox = Mailbox(seconds=0.5)
    with serving(mailbox) as server:
        configure(sample, smtp=server)
        results = []
        calls = [
            threading.Thread(target=lambda: results.append(sample.process("digest", "--mail", DESK))) for _ in range(3)
        ]
        for call in calls:
            call.start()
        for call in calls:
            call.join()
    assert [(told.status, told.out, told.err) for told in results] == [(0, "", "")] * 3
    assert len(mailbox.messages) == 1


def test_nothing_to_report_sends_nothing(clerk: Clerk) -> None:
    told = clerk("digest", "--mail", DESK)
    assert (told.status, told.out, told.err) == (0, "", "") and not note(clerk).exists()
    clerk("add", "--platform", "JD", "--at", "2016-11-11").ok()
    told = clerk("digest", "--mail", DESK, "--working-days-only", now="2016-11-13T09:00:00+08:00")
    assert (told.status, told.out, told.err) == (0, "", "")


def test_the_recipients_that_are_refused_are_named_and_tried_again(sample: Clerk) -> None:
    mailbox = Mailbox(refused=(HEAD,))
    with serving(mailbox) as server:
        configure(sample, smtp=server)
        told = sample("digest", "--mail", DESK, "--mail", HEAD)
        assert (told.status, told.out) == (5, "")
        assert (
            told.err.splitlines()[0] == f"dealtrack: The mail to {HEAD} was not accepted: 550 5.1.1 no such␛[31m user."
        )
        assert "\x1b" not in told.err
        assert sample("digest", "--mail", DESK, "--mail", HEAD).status == 5
        mailbox.refused = ()
        sample("digest", "--mail", DESK, "--mail", HEAD).ok()
    assert [to for to, _ in mailbox.messages] == [[DESK], [HEAD]]


def refused(clerk: Clerk, *words: object) -> str:
    """Return what is said of a mail that was not accepted, after which nothing is noted."""
    told = clerk("digest", "--mail", DESK, *words)
    assert (told.status, told.out) == (5, ""), told
    assert told.err.startswith(f"dealtrack: The mail to {DESK} was not accepted: ") and told.err.count("\n") == 2
    assert not note(clerk).read_bytes()
    return told.err


def test_a_server_that_takes_nothing(sample: Clerk) -> None:
    with serving(Mailbox(refused=(DESK,))) as server:
        configure(sample, smtp=server)
        assert "550 5.1.1 no such" in refused(sample)
    with serving(Mailbox(answer="554 5.6.0 spam")) as server:
        configure(sample, smtp=server)
        assert f"{server}: 554 5.6.0 spam." in refused(sample)
    configure(sample, smtp=f"127.0.0.1:{free_port()}")
    assert "Connection refused" in refused(sample)
    configure(sample, smtp="no-such-host.invalid:25")
    refused(sample)


@contextmanager
def scripted(*answers: bytes | None) -> Iterator[str]:
    """Run a server that gives these answers, one for each line but those of a message, then hangs up; None is silence."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        with connection, connection.makefile("rb") as lines:
            for answer in answers:
                if answer is None:
                    lines.readline()
                    time.sleep(1)
                    return
                with suppress(OSError):
                    connection.sendall(answer)
                    while lines.readline() not in (b"", b".\r\n") and answer.startswith(b"354"):
                        pass

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    with listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"
    thread.join(5)


HELLO, FINE = b"220 hello\r\n", b"250 fine\r\n"


@pytest.mark.parametrize(
    "answers",
    [
        (),
        (b"not SMTP at all\r\n" * 100,),
        (HELLO,),
        (HELLO, FINE, FINE, FINE),
        (HELLO, FINE, FINE, FINE, b"354 go on\r\n"),
        (HELLO, b"250-" + b"x" * 100_000 + b"\r\n"),
        (b"421 busy\r\n",),
    ],
)
def test_a_server_that_dies_in_the_middle(answers: tuple[bytes, ...], sample: Clerk) -> None:
    with scripted(*answers) as server:
        configure(sample, smtp=server)
        refused(sample)


@pytest.mark.parametrize("answers", [(None,), (HELLO, None), (HELLO, FINE, FINE, FINE, b"354 go on\r\n", None)])
def test_a_server_that_falls_silent(
    answers: tuple[bytes | None, ...], sample: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dealtrack.exchange.mail.TIMEOUT", 0.3)
    with scripted(*answers) as server:
        configure(sample, smtp=server)
        assert "timed out" in refused(sample)


def test_starttls_is_used_and_checked_and_the_password_comes_from_a_file(sample: Clerk, tmp_path: Path) -> None:
    mailbox, secret = Mailbox(), tmp_path / "password"
    secret.write_text("hidden-word\n")
    secret.chmod(0o600)

    def check(_server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any) -> AuthResult:
        is_right = (data.login, data.password) == (b"clerk", b"hidden-word")
        return AuthResult(success=is_right, handled=is_right)

    more: dict[str, Any] = {
        "tls_context": encryption(),
        "require_starttls": True,
        "auth_required": True,
        "authenticator": check,
    }
    with serving(mailbox, **more) as server:
        configure(sample, smtp=server, user="clerk", password_file=str(secret))
        # Its certificate is nobody's that this machine trusts.
        assert "certificate verify failed" in refused(sample)
        assert sample.process("digest", "--mail", DESK, SSL_CERT_FILE=str(CERTIFICATE)).ok() == ""
        assert mailbox.encrypted == [True]
        secret.write_text("wrong\n")
        told = sample.process("digest", "--mail", DESK, "--again", SSL_CERT_FILE=str(CERTIFICATE))
        assert told.status == 5 and "535 5.7.8" in told.err and "wrong" not in told.err
        secret.write_text("hidden-word\n")
        secret.chmod(0o640)
        told = sample.process("digest", "--mail", DESK, "--again", SSL_CERT_FILE=str(CERTIFICATE))
        assert told.status == 2 and "others can read this password" in told.err and "hidden" not in told.err
        secret.chmod(0o600)
        for content, said in ((b"\n", "its first line is empty"), (b"\xff\xfe\n", "it is not UTF-8 text")):
            secret.write_bytes(content)
            assert said in sample("digest", "--mail", DESK, "--again").err
        secret.unlink()
        told = sample("digest", "--mail", DESK, "--again")
        assert told.status == 2 and "No such file" in told.err
        os.mkfifo(secret, 0o600)
        assert "it is not a file" in sample("digest", "--mail", DESK, "--again").err
        configure(sample, smtp=server, user="clerk")
        told = sample("digest", "--mail", DESK, "--again")
        assert told.status == 2 and "Give the setting mail.password_file." in told.err
    assert len(mailbox.messages) == 1


def test_without_encryption_nothing_goes_to_another_machine(sample: Clerk) -> None:
    # To dealtrack another machine; in truth this one, where the whole of 127.0.0.0/8 is.
    mailbox = Mailbox()
    with serving(mailbox, "127.0.0.2") as server:
        configure(sample, smtp=server)
        assert f"{server} offers no encryption" in refused(sample)
    with serving(mailbox, "127.0.0.2", tls_context=encryption()) as server:
        configure(sample, smtp=server)
        sample.process("digest", "--mail", DESK, SSL_CERT_FILE=str(CERTIFICATE)).ok()
    assert mailbox.encrypted == [True]


def test_port_465_is_encrypted_from_the_beginning(sample: Clerk) -> None:
    mailbox = Mailbox()
    try:
        with serving(mailbox, port=465, ssl_context=encryption()) as server:
            configure(sample, smtp=server)
            sample.process("digest", "--mail", DESK, SSL_CERT_FILE=str(CERTIFICATE)).ok()
    except PermissionError:
        pytest.skip("who is not root cannot listen at port 465")
    assert len(mailbox.messages) == 1


SENDMAIL = """#!{python}
import json, os, sys, time
with open({record!r}, "a") as file:
    file.write(json.dumps([sys.argv[1:], sys.stdin.buffer.read().decode()]) + "\\n")
{more}
"""


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., tuple[Path, Path]]:
    """Give a way to make a program that stands for sendmail, and writes down what it was given."""

    def make(more: str = "") -> tuple[Path, Path]:
        path, record = tmp_path / "send mail", tmp_path / "record"
        path.write_text(SENDMAIL.format(python=sys.executable, record=str(record), more=more))
        path.chmod(0o700)
        return path, record

    return make


def calls(record: Path) -> list[tuple[list[str], EmailMessage]]:
    read = (json.loads(line) for line in record.read_text().splitlines())
    return [(arguments, message_from_bytes(text.encode(), policy=policy.default)) for arguments, text in read]


def test_a_mail_by_sendmail_from_an_empty_environment(sample: Clerk, program: Callable[..., tuple[Path, Path]]) -> None:
    path, record = program()
    configure(sample, sendmail=str(path))
    environment = {"DEALTRACK_NOW": sample.now, "DEALTRACK_HOME": str(sample.home)}
    command = [sys.executable, "-m", "dealtrack", "--db", str(sample.address), "digest", "--mail", DESK, "--mail", HEAD]
    for _ in range(2):
        told = run_bare(command, PROJECT, **environment)
        assert (told.status, told.out, told.err) == (0, "", "")
    ((arguments, message),) = calls(record)
    assert arguments == ["-i", "-f", "register@example.org", "--", DESK, HEAD]
    assert "newly overdue" in message["Subject"] and "BJ-2016-252" in text_of(message, "plain")
    assert "\r" not in json.loads(record.read_text())[1]
    (sample.home / "config.toml").write_text(f"[mail]\nsendmail = {json.dumps(str(path))}\n")
    sample("digest", "--mail", DESK, "--again").ok()
    arguments, message = calls(record)[1]
    assert arguments == ["-i", "--", DESK] and message["From"] is None


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("sys.stderr.write('queue full\\x1b[31m\\n\\n'); sys.exit(75)", "queue full␛[31m."),
        ("sys.exit(75)", "status 75."),
        ("os.kill(os.getpid(), 9)", "status -9."),
        ("time.sleep(20)", "did not end within 0.5 seconds."),
    ],
)
def test_a_program_that_fails(
    more: str, said: str, sample: Clerk, program: Callable[..., tuple[Path, Path]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dealtrack.exchange.mail.PROGRAM_TIMEOUT", 0.5 if "sleep" in more else 60)
    path, _ = program(more)
    configure(sample, sendmail=str(path))
    assert said in refused(sample)


def test_a_program_that_is_not_there_or_lives_on(sample: Clerk, program: Callable[..., tuple[Path, Path]]) -> None:
    configure(sample, sendmail="/no/such/sendmail")
    assert "/no/such/sendmail: No such file or directory." in refused(sample)
    path, _ = program("os.fork() or time.sleep(3)")
    configure(sample, sendmail=str(path))
    began = time.monotonic()
    sample("digest", "--mail", DESK).ok()
    assert time.monotonic() - began < 2.5, "what sendmail leaves behind is not waited for"


@pytest.mark.parametrize(
    "address",
    [
        "desk", "@example.org", "a@", "-oQ/tmp@example.org", "a b@example.org", "a@example.org\nBcc: b@example.org",
        "a@example.org\r\n\r\nbody", "a@example.org,b@example.org", "Desk <a@example.org>", "a@example.org>", "甲@example.org",
        "a@[127.0.0.1]", "a@example.org;id", "|id@example.org", f"{'a' * 250}@example.org", "a@b\u2028c", "a@exa\x00mple.org",
    ],
)  # fmt: skip
def test_what_is_no_address_reaches_no_header_and_no_program(
    address: str, clerk: Clerk, program: Callable[..., tuple[Path, Path]]
) -> None:
    path, record = program()
    configure(clerk, sendmail=str(path))
    clerk("add", "--platform", "JD", "--at", "2016-11-01").ok()
    told = clerk("digest", "--mail", DESK, "--mail", address)
    assert (told.status, told.out) == (2, "") and told.err.startswith("dealtrack: Invalid e-mail address.")
    assert not record.exists() and not note(clerk).exists()


def test_what_is_missing_or_does_not_go_together(
    sample: Clerk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(*words: str) -> str:
        told = sample("digest", *words)
        assert (told.status, told.out) == (2, "")
        return told.err

    monkeypatch.setattr("dealtrack.exchange.mail.USUAL_PLACES", str(tmp_path))
    assert "The way to send mail is missing. Give the setting mail.smtp or mail.sendmail." in said("--mail", DESK)
    sample.home.mkdir(exist_ok=True)
    (sample.home / "config.toml").write_text('[mail]\nsmtp = "127.0.0.1:25"\n')
    assert "The sender of mail is missing. Give the setting mail.from." in said("--mail", DESK)
    assert "--mail sends text and HTML: omit --format." in said("--mail", DESK, "--format", "json")
    assert "--mail is empty." in said("--mail", "")


def test_a_note_that_is_damaged_or_cannot_be_written(sample: Clerk) -> None:
    mailbox = Mailbox()
    with serving(mailbox) as server:
        configure(sample, smtp=server)
        for count, content in enumerate(
            (b"", b"{", b"[]", b'{"day": "2016-11-21"}', b"\xff" * 10, b'{"day": 1, "mailed": 2}'), 1
        ):
            note(sample).write_bytes(content)
            sample("digest", "--mail", DESK).ok()
            assert len(mailbox.messages) == count
            assert json.loads(note(sample).read_bytes())["day"] == "2016-11-21"
        note(sample).unlink()
        note(sample).mkdir()
        told = sample("digest", "--mail", DESK)
        assert told.status == 3 and "Cannot write" in told.err
        note(sample).rmdir()
        outside = sample.home / "outside"
        outside.write_text("precious")
        note(sample).symlink_to(outside)
        assert sample("digest", "--mail", DESK).status == 3 and outside.read_text() == "precious"
        assert len(mailbox.messages) == count
    assert "reserved for notes" in sample("export", "--to", sample.home / "x.last-mail").err


def test_the_register_is_free_while_a_server_takes_its_time(sample: Clerk) -> None:
    mailbox = Mailbox(seconds=1)
    with serving(mailbox) as server:
        configure(sample, smtp=server)
        mailing = threading.Thread(target=lambda: sample.process("digest", "--mail", DESK))
        mailing.start()
        sample.process("note", 1, "--note", "meanwhile").ok()
        mailing.join()
    assert len(mailbox.messages) == 1 and note(sample).exists()
