"""What the guide gives for runs that nobody watches: the script that mails and pings, the systemd units."""

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tests.conftest import PROJECT, Clerk, Result, run_bare
from tests.pages import marked

SAMPLE = PROJECT / "data" / "samples" / "double-eleven-2016.csv"
UNITS = ("dealtrack-morning.service", "dealtrack-morning.timer")


class Switch:
    """A dead-man's switch on this machine, which remembers how it was called."""

    def __init__(self, status: int = 200) -> None:
        self.called: list[str] = []
        called = self.called

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                called.append(self.path)
                self.send_response(status)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
                """Stay silent."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever)
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "Switch":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def switch() -> Iterator[Switch]:
    with Switch() as held:
        yield held


@pytest.fixture
def morning(tmp_path: Path) -> Callable[[Clerk, str], Result]:
    """Give a way to run the guide's script for a clerk, its mail kept in a file and its switch on this machine."""
    if shutil.which("curl") is None:
        pytest.skip("there is no curl here")
    sendmail = tmp_path / "sendmail"
    sendmail.write_text(f'#!/bin/sh\n[ "$*" = -t ] && cat >> "{tmp_path}/mail"\n')
    program = tmp_path / "dealtrack"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dealtrack "$@"\n')
    script = tmp_path / "morning.sh"
    for path in (sendmail, program):
        path.chmod(0o755)

    def run(clerk: Clerk, address: str) -> Result:
        text = marked("morning").replace("/srv/dealtrack", str(tmp_path)).replace("/usr/sbin/sendmail", str(sendmail))
        text = text.replace("/usr/local/bin/dealtrack", str(program))
        script.write_text(text.replace("https://ping.example.org", address).replace("--retry 3", "--retry 0"))
        script.chmod(0o755)
        given = {"DEALTRACK_DB": str(clerk.address), "DEALTRACK_NOW": clerk.now, "PATH": "/usr/bin:/bin"}
        return run_bare([script], PROJECT, **given)

    return run


def test_a_page_is_mailed_and_the_switch_called(
    clerk: Clerk, morning: Callable[[Clerk, str], Result], switch: Switch, tmp_path: Path
) -> None:
    clerk.now = "2016-11-21T08:30:00+08:00"
    clerk("import", SAMPLE).ok()
    assert morning(clerk, switch.address) == Result(0, "", "")
    head, _, body = (tmp_path / "mail").read_text().partition("\n\n")
    assert head.startswith("To: complaints-desk@example.org\nSubject: Complaints, 2")
    assert "charset=UTF-8" in head
    assert body.startswith("Mon 2016-11-21 08:30: 1 newly overdue, 8 still overdue\n") and "网监科" in body
    assert switch.called == ["/morning-page/0"]


def test_a_quiet_morning_calls_the_switch_and_mails_nothing(
    clerk: Clerk, morning: Callable[[Clerk, str], Result], switch: Switch, tmp_path: Path
) -> None:
    clerk("backup", "--keep", 3, tmp_path / "backups").ok()
    assert morning(clerk, switch.address) == Result(0, "", "")
    assert not (tmp_path / "mail").exists()
    assert switch.called == ["/morning-page/0"]


def test_a_failure_is_mailed_and_its_status_reaches_the_switch_and_the_caller(
    new_clerk: Callable[..., Clerk], morning: Callable[[Clerk, str], Result], switch: Switch, tmp_path: Path
) -> None:
    assert morning(new_clerk(), switch.address) == Result(3, "", "")
    assert re.search(r"There is no (register|office \w+) at", (tmp_path / "mail").read_text())
    assert switch.called == ["/morning-page/3"]


@pytest.mark.parametrize("answers", [True, False])
def test_a_switch_that_fails_changes_no_status(
    clerk: Clerk, new_clerk: Callable[..., Clerk], morning: Callable[[Clerk, str], Result], answers: bool
) -> None:
    with Switch(503) as broken:
        address = broken.address if answers else "http://127.0.0.1:1"
        told = morning(clerk, address)
        assert told.status == 0 and "curl" in told.err
        assert morning(new_clerk(), address).status == 3


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd here")
    script = tmp_path / "morning.sh"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    for name in UNITS:
        text = marked(name).replace("/srv/dealtrack", str(tmp_path)).replace("User=dealtrack", "User=root")
        (tmp_path / name).write_text(text)
    verify = ["systemd-analyze", "verify", *(str(tmp_path / name) for name in UNITS)]
    ran = subprocess.run(verify, capture_output=True, text=True, check=False, timeout=60)
    assert (ran.returncode, str(tmp_path) in ran.stderr) == (0, False), ran.stderr
    script.unlink()
    assert subprocess.run(verify, capture_output=True, check=False, timeout=60).returncode != 0
