"""What a second process makes ready in a large import stands in the register as what one process takes in by itself."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from select import select
from typing import Any

import pytest

from dealtrack.exchange.ahead import LARGE, Ahead, ahead
from dealtrack.exchange.blocks import CELL, ROW, Block
from dealtrack.exchange.mapping import Mapping
from dealtrack.exchange.preparing import GREETING, MODULE, Preparer, Setup
from dealtrack.exchange.raw import RawRow
from dealtrack.exchange.readers import open_source
from dealtrack.register.register import Register
from dealtrack.register.second_process import SecondProcess
from tests.bench import complaints
from tests.conftest import Clerk
from tests.second_processes import is_gone, started, worker_of, workers

ROWS = 9000
TABLES = {
    "transition": "seq, complaint, kind, at, recorded_at, actor, json_remove(detail, '$.personal')",
    "complaint": "*",
    "clock": "*",
    "search_text": "*",
    "platform": "name, definition",
    "policy": "*",
    "import_block": "*",
    "personal": "complaint, consumer, phone, email, address, phone_key, email_key",
}

pytestmark = pytest.mark.skipif(len(os.sched_getaffinity(0)) < 2, reason="one core: imports start no second process")


def strange(lines: list[str]) -> Iterator[str]:
    """Rows as a clerk meets them: some with no number, unknown platforms, other policies, faults, days alone, repeats."""
    for place, line in enumerate(lines):
        cells = line.split(",")
        match place % 101:
            case 3:
                cells[0] = ""
            case 7:
                cells[1] = f"Shop {place % 7}"
            case 11:
                cells[1] = "天猫"
            case 17:
                cells[5] = "2014-13-01"
            case 23:
                cells[5], cells[6] = cells[6] or cells[5], cells[5]
            case 29:
                cells[5] = cells[5][:10]
            case 31:
                cells[5] = "2099-01-01 09:00"
            case 37:
                yield line
            case 41:
                cells[-1] = '"x\ny ""z"""\n'
            case 43:
                yield "too,few\n"
            case 47:
                cells[-1] = "ＡＢ\u3000c\u00e9 " + cells[-1]
            case 53:
                yield ",".join([*cells[:4], "other", *cells[5:]])
            case 59:
                yield line
                cells[-1] = cells[-1].rstrip("\n") + " and more\n"
            case 61:
                cells[0] = "N/A"
            case 67:
                cells[0] = "2.01611E+13"
            case 71:
                cells[0] = f'="{cells[0]}"'
            case _:
                pass
        yield ",".join(cells)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ahead") / "complaints.csv"
    path.write_text(complaints.COLUMNS + "\n" + "".join(strange(list(complaints.rows(ROWS, 90, 90)))), encoding="utf-8")
    assert path.stat().st_size > LARGE
    return path


@pytest.fixture
def new(tmp_path: Path, made_register: Path) -> Clerk:
    clerk = Clerk(tmp_path / "home", tmp_path / "register.db", now=complaints.NOW)
    shutil.copy(made_register, clerk.db)
    return clerk


def rows(db: Path) -> dict[str, list[tuple[object, ...]]]:
    connection = sqlite3.connect(db)
    held = {table: connection.execute(f"SELECT {what} FROM {table}").fetchall() for table, what in TABLES.items()}
    connection.close()
    return held


@pytest.fixture(scope="module")
def alone(
    tmp_path_factory: pytest.TempPathFactory, made_register: Path, file: Path
) -> tuple[str, str, dict[str, list[tuple[object, ...]]]]:
    """What one process says and writes."""
    folder = tmp_path_factory.mktemp("alone")
    clerk = Clerk(folder / "home", folder / "register.db", now=complaints.NOW)
    shutil.copy(made_register, clerk.db)
    process = started(clerk, "import", file, "--skip-bad", cores={min(os.sched_getaffinity(0))})
    out, err = process.communicate(timeout=300)
    assert not workers(process.pid, MODULE)
    assert process.returncode == 4, err
    return out, err, rows(clerk.db)


def test_two_processes_say_and_write_what_one_does(
    new: Clerk, file: Path, alone: tuple[str, str, dict[str, list[tuple[object, ...]]]]
) -> None:
    process = started(new, "import", file, "--skip-bad")
    worker = worker_of(process, MODULE)
    out, err = process.communicate(timeout=300)
    assert (out, err) == alone[:2]
    assert rows(new.db) == alone[2]
    assert is_gone(worker)
    new("verify").ok()


@pytest.mark.parametrize("options", [["--skip-bad"], [], ["--dry-run"]])
def test_the_guard_of_the_journal_stands_as_before_after_a_large_import(
    new: Clerk, file: Path, options: list[str]
) -> None:
    before = guards(new.db)
    new("import", str(file), *options)
    assert guards(new.db) == before
    with (
        closing(sqlite3.connect(new.db)) as connection,
        pytest.raises(sqlite3.IntegrityError, match="only grows at its end"),
    ):
        connection.execute(
            "INSERT INTO transition SELECT seq + 1, 1, kind, at, at, actor, '', hash, hash FROM transition"
        )


def test_a_register_without_the_guard_is_not_given_one_by_an_import(new: Clerk, file: Path) -> None:
    with closing(sqlite3.connect(new.db)) as connection:
        connection.execute("DROP TRIGGER transition_grows_at_its_end")
    new("import", str(file), "--skip-bad")
    assert len(new("list", "--format", "plain").ok().splitlines()) > ROWS // 2
    told = new("verify")
    assert told.status == 1
    assert "transition_grows_at_its_end" in told.err


def guards(db: Path) -> list[tuple[str, str]]:
    connection = sqlite3.connect(db)
    found = connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' ORDER BY name").fetchall()
    connection.close()
    assert len(found) == 3
    return found


def test_most_rows_are_made_ready_and_those_that_need_a_word_are_not(new: Clerk, file: Path) -> None:
    with Register.open(new.db, read_only=True) as register, open_source(file) as source:
        now = datetime.fromisoformat(complaints.NOW)
        preparer = Preparer(register, Setup(new.db, source.name, source.header, Mapping(), now, now))
        raw = [row for row in source.rows if isinstance(row, RawRow)]
        # What the parent tells of is known from then on.
        shops = ["Shop 3"]
        made = preparer.prepare(shops, [row.line for row in raw], ROW.join(CELL.join(row.cells) for row in raw))
    ready = {row.line: fields for row, fields in zip(raw, made, strict=True) if fields is not None}
    assert 0.75 < len(ready) / len(raw) < 0.97
    platforms = {dict(zip(source.header, row.cells, strict=True))["platform"] for row in raw if row.line in ready}
    assert {"天猫", "Shop 3"} < platforms
    assert "Shop 5" not in platforms
    assert all(row.line not in ready for row in raw if "" in (row.cells[0], row.cells[5]) or "2099" in row.cells[5])


@pytest.mark.parametrize("wait", [0.0, 0.2, 0.4, 0.7, 1.0])
def test_an_import_goes_on_by_itself_where_the_other_process_dies(
    new: Clerk, file: Path, alone: tuple[str, str, dict[str, list[tuple[object, ...]]]], wait: float
) -> None:
    process = started(new, "import", file, "--skip-bad")
    worker = worker_of(process, MODULE)
    time.sleep(wait)
    with suppress(ProcessLookupError):
        os.kill(worker, signal.SIGKILL)
    out, err = process.communicate(timeout=300)
    assert (out, err) == alone[:2]
    assert rows(new.db) == alone[2]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_other_process_ends_with_the_import(new: Clerk, file: Path, how: signal.Signals) -> None:
    before = rows(new.db)
    process = started(new, "import", file, "--skip-bad")
    worker = worker_of(process, MODULE)
    time.sleep(0.1)
    process.send_signal(how)
    process.communicate(timeout=300)
    assert process.returncode != 4
    assert is_gone(worker)
    assert rows(new.db) == before
    new("verify").ok()


def test_a_module_in_the_folder_of_the_clerk_is_not_run(new: Clerk, file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "cwd"
    folder.mkdir()
    for name in ("csv", "pickle", "dealtrack", "sitecustomize"):
        (folder / f"{name}.py").write_text("open('/dev/stderr', 'w').write('run')\nraise SystemExit(9)\n")
    program = Path(sys.executable).with_name("dealtrack")
    if not program.exists():
        pytest.skip("dealtrack is not installed as a program")
    ran = subprocess.run(
        [program, "import", file, "--skip-bad"],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", **new.environment()},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ran.returncode == 4
    assert "run" not in ran.stderr.replace("--rejects", "")


def test_what_a_site_prints_at_the_start_of_python_is_no_answer(
    new: Clerk, file: Path, tmp_path: Path, alone: tuple[str, str, dict[str, list[tuple[object, ...]]]]
) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('welcome')\n")
    new.extra |= {"PYTHONPATH": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    process = started(new, "import", file, "--skip-bad")
    out, err = process.communicate(timeout=300)
    assert (out, err) == (f"welcome\n{alone[0]}", alone[1])
    assert rows(new.db) == alone[2]


def test_a_greeting_that_was_none_spoils_no_block(
    new: Clerk, file: Path, tmp_path: Path, alone: tuple[str, str, dict[str, list[tuple[object, ...]]]]
) -> None:
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nif '-P' in sys.orig_argv:\n    sys.stdout.buffer.write(bytes(8))\n    sys.stdout.flush()\n"
    )
    new.extra |= {"PYTHONPATH": str(tmp_path)}
    out, err = started(new, "import", file, "--skip-bad").communicate(timeout=300)
    assert (out, err) == alone[:2]
    assert rows(new.db) == alone[2]


GREET = f"import sys, time; from dealtrack.register.second_process import send; send(sys.stdout.buffer, {GREETING!r}); "
ONE = RawRow(2, ("number",), ["x" * 100_000])
BLOCK = Block([ONE], b"known by this", list(ONE.cells))


@pytest.mark.parametrize("then", ["time.sleep(60)", "sys.stdin.buffer.read(9_000_000); time.sleep(60)"])
def test_a_process_that_was_stopped_is_not_waited_for(then: str) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", GREET + then], stdin=subprocess.PIPE, stdout=subprocess.PIPE, process_group=0
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        assert select([process.stdout], [], [], 30)[0]
        began = time.monotonic()
        helper = Ahead(SecondProcess(process, patience=0.3), [])
        assert list(helper.through(iter([BLOCK, BLOCK]), lambda _: False)) == [(BLOCK, None), (BLOCK, None)]
        assert time.monotonic() - began < 30
        assert process.wait(30) == -signal.SIGKILL
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            with suppress(OSError):
                stream.close()


class Slow(SecondProcess):
    """A fake of a process that never has an answer yet; it keeps how many rows it is asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    has_answered = False

    def ask(self, value: Any) -> None:
        _, lines, texts = value
        assert len(lines) == len(texts.split(ROW))
        self.asked.append(len(lines))

    def answer(self) -> Any:
        return []

    def pump(self) -> None:
        pass


def test_a_process_that_is_behind_is_asked_for_fewer_rows_and_never_for_none() -> None:
    slow = Slow()
    helper = Ahead(slow, [])
    helper._is_up = True
    short = [Block([ONE] * count, b"", ["a row"] * count) for count in [100] * 30 + [1] * 3]
    given = list(helper.through(iter(short), lambda _: False))
    assert [len(made or []) for _, made in given] == [len(block.rows) for block in short]
    assert slow.asked[0] == 100
    assert slow.asked[-5:] == [5, 5, 1, 1, 1]


def test_a_process_that_will_say_nothing_more_is_asked_in_vain() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", "import os, time; os.close(1); time.sleep(60)"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        process_group=0,
    ) as process:
        assert process.stdout is not None
        assert select([process.stdout], [], [], 30)[0]
        second = SecondProcess(process)
        second.ask(b"a message that its pipe has room for")
        assert second.answer() is None
        assert process.wait(30) == -signal.SIGKILL


@pytest.mark.parametrize("program", ["", "/bin/false", "/bin/echo", "/nowhere/python"])
def test_an_import_needs_no_second_process(
    new: Clerk, file: Path, program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = datetime.fromisoformat(complaints.NOW)
    with open_source(file) as source:
        setup = Setup(new.db, source.name, source.header, Mapping(), now, now)
        monkeypatch.setattr(sys, "executable", program)
        with ahead(source, setup, []) as helper:
            time.sleep(0.2)
            assert list(helper.through(iter([BLOCK, BLOCK]), lambda _: False)) == [(BLOCK, None), (BLOCK, None)]
