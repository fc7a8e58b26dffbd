"""Bad register: pages overwritten, files cut, lost or strange; a clear error or a correct answer, never a wrong one."""

import os
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.faults.desk import Desk, founded, moment
from tests.faults.processes import Outcome, asked, here, run, spread
from tests.faults.tally import Finding, Tally, gathered

PAGE = 4096
NOBODY = 65534
ASKED: tuple[tuple[object, ...], ...] = (
    ("list",),
    ("show", 1, 2, 3),
    ("overdue", "--format", "json"),
    ("search", "开胶"),
    ("export",),
    ("calendar", "next", 5, "--from", "2016-09-28"),
)
WAYS = ("backup", "--rebuild", "restore", "-shm", "chmod")


@dataclass(frozen=True, slots=True)
class Case:
    """A register overwritten from a byte on, or cut to a length.

    `tells` says whether commands themselves must notice, or `verify` alone can.
    """

    made: Desk
    folder: Path
    good: tuple[Outcome, ...]
    how: str
    at: int
    content: bytes | None
    tells: bool = True

    def spoil(self, path: Path) -> None:
        """Spoil a register's file, which is not made longer."""
        if self.content is None:
            os.truncate(path, self.at)
            return
        with path.open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(self.at)
            file.write(self.content[: size - self.at])


def tallies(folder: Path, seed: int, pages: int, flips: int) -> Iterator[Tally]:
    """Spoil a register in every way; only each so many-th page, and so many flips of bytes."""
    made = founded(folder / "made")
    good = asked(answers, made)
    whole = made.db.read_bytes()
    chance = random.Random(seed)
    starts = range(0, len(whole), pages * PAGE)

    def cases(name: str, tells: bool, spoils: Iterable[tuple[int, bytes | None]]) -> list[Case]:
        return [
            Case(made, folder / f"{name}{number}", good, f"{name} at {at} (page {at // PAGE + 1})", at, content, tells)
            for number, (at, content) in enumerate(spoils)
        ]

    noise = [(at, chance.randbytes(PAGE)) for at in starts]
    zeros = [(at, bytes(PAGE)) for at in starts]
    moved = [(at, whole[at - PAGE : at] if at else whole[PAGE : 2 * PAGE]) for at in starts]
    flipped = [(chance.randrange(len(whole)), chance.randbytes(chance.randint(1, 40))) for _ in range(flips)]
    cuts = [*((at, None) for at in starts), *((chance.randrange(len(whole)), None) for _ in starts)]
    for what, tells, spoils in (
        ("each page in turn overwritten with noise", True, noise),
        ("each page in turn overwritten with zeros", True, zeros),
        ("each page in turn overwritten with the page before it", False, moved),
        ("a few bytes overwritten anywhere", False, flipped),
        ("cut short, at each page and anywhere", True, cuts),
    ):
        yield gathered("bad register", what, spread(one, cases(what.split()[-1], tells, spoils)))
    yield gathered(
        "bad register", "strange files, links, rights and leftovers in its place", strange(made, folder, good)
    )


def answers(desk: Desk) -> tuple[Outcome, ...]:
    """Return what commands that look answer."""
    os.environ.clear()
    os.environ.update(desk.environment())
    return tuple(here(*words) for words in ASKED)


def one(case: Case) -> Finding:
    """Spoil a register and ask it everything."""
    desk = case.made.copied(case.folder)
    case.spoil(desk.db)
    try:
        finding = asked(judged, desk, case)
    except RuntimeError as error:
        finding = Finding(1, [f"{case.how}: {error}"])
    shutil.rmtree(case.folder)
    return finding


def judged(desk: Desk, case: Case) -> Finding:
    """Ask a spoilt register everything, in this process, and say where it answered wrongly without a word."""
    finding = Finding(1)

    def broken(command: str, outcome: Outcome, text: str) -> None:
        finding.broken.append(f"{case.how}: {command}: {text}: {outcome.told()}")

    found = answers(desk)
    wrong = False
    for words, outcome, good in zip(ASKED, found, case.good, strict=True):
        if not outcome.is_plain:
            broken(str(words[0]), outcome, "no plain end")
        elif outcome.status == 0 and (outcome.status, outcome.out) != (good.status, good.out):
            wrong = True
            finding.count("answered wrongly, and told by verify alone")
            if case.tells:
                broken(str(words[0]), outcome, "a wrong answer without a word")
        elif outcome.status not in (0, 3):
            wrong = True
    checked = here("verify")
    copy = desk.folder / "copy.db"
    saved = here("backup", copy)
    cured = here("doctor")
    for name, outcome in (("verify", checked), ("backup", saved), ("doctor", cured)):
        if not outcome.is_plain:
            broken(name, outcome, "no plain end")
    if checked.status == 0 and wrong:
        broken("verify", checked, "it finds nothing, but an answer was wrong")
    if checked.status and not any(way in checked.err for way in (*WAYS, "Name the right file", "Upgrade")):
        broken("verify", checked, "it names no way back")
    if saved.status == 0 and checked.status:
        there = here("--db", copy, "verify")
        if there.status and "--rebuild" not in there.err:
            broken("backup", saved, f"it made a copy that is not whole ({there.told()})")
    finding.count("found by verify", int(checked.status != 0))
    finding.count("harmless", int(checked.status == 0))
    return finding


def strange(made: Desk, folder: Path, good: Sequence[Outcome]) -> Iterator[Finding]:
    """Put other things in a register's place, or beside it."""
    for name, (spoil, status, fragment) in STRANGE.items():
        desk = made.copied(folder / "strange")
        before = spoil(desk)
        finding = Finding(1)
        for words, wanted in zip(ASKED, good, strict=True):
            outcome = run(words, desk.environment(), before)
            if not outcome.is_plain or outcome.status != status or fragment not in outcome.err:
                finding.broken.append(f"{name}: {words[0]}: {outcome.told()}")
            elif status == 0 and outcome.out != wanted.out:
                finding.broken.append(f"{name}: {words[0]}: a wrong answer: {outcome.told()}")
        for words in (("verify",), ("doctor",), ("add", "--platform", "JD"), ("backup", desk.folder / "copy.db")):
            outcome = run(words, desk.environment(), before)
            if not outcome.is_plain:
                finding.broken.append(f"{name}: {words[0]}: {outcome.told()}")
        yield finding


Before = Callable[[], None] | None


def _newer(desk: Desk) -> Before:
    with closing(sqlite3.connect(desk.db)) as connection, connection:
        connection.execute("PRAGMA user_version = 99")
    return None


def _another(desk: Desk) -> Before:
    desk.db.unlink()
    with closing(sqlite3.connect(desk.db)) as connection, connection:
        connection.execute("CREATE TABLE notes (text TEXT)")
    return None


def _folder(desk: Desk) -> Before:
    desk.db.unlink()
    desk.db.mkdir()
    return None


def _fifo(desk: Desk) -> Before:
    desk.db.unlink()
    os.mkfifo(desk.db)
    return None


def _link(desk: Desk) -> Before:
    place = desk.folder / "elsewhere"
    place.mkdir()
    desk.db.rename(place / "real.db")
    desk.db.symlink_to(place / "real.db")
    return None


def _dangling(desk: Desk) -> Before:
    desk.db.unlink()
    desk.db.symlink_to(desk.folder / "nothing")
    return None


def _as_nobody() -> None:
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def _given(desk: Desk) -> None:
    for path in (desk.folder, *desk.folder.rglob("*")):
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    for path in desk.folder.parents:
        if path.name:
            path.chmod(path.stat().st_mode | 0o011)
            if path.name.startswith("faults"):
                break


def _read_only(desk: Desk) -> Before:
    _given(desk)
    desk.db.chmod(0o400)
    return _as_nobody


def _read_only_folder(desk: Desk) -> Before:
    _given(desk)
    desk.folder.chmod(0o500)
    return _as_nobody


def _no_rights(desk: Desk) -> Before:
    _given(desk)
    os.chown(desk.db, 0, 0)
    return _as_nobody


def _hot_journal(desk: Desk) -> Before:
    def crash() -> int:
        connection = sqlite3.connect(desk.db, isolation_level=None)
        connection.execute("PRAGMA journal_mode=DELETE")
        connection.execute("PRAGMA cache_size=1")
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("UPDATE complaint SET summary = 'changed ' || summary || hex(randomblob(3000))")
        connection.execute("DELETE FROM calendar_ruling")
        os._exit(0)

    asked_to_crash(crash)
    assert Path(f"{desk.db}-journal").stat().st_size
    return None


def asked_to_crash(work: Callable[[], int]) -> None:
    """Do something in a fork that does not come back."""
    pid = os.fork()
    if not pid:
        work()
    os.waitpid(pid, 0)


def _crashed(desk: Desk) -> None:
    def crash() -> int:
        from dealtrack.core.platform import Platform
        from dealtrack.register.opening import open_register
        from dealtrack.register.recorder import recording

        with open_register(desk.db) as register:
            with recording(register, moment(), "clerk") as recorder:
                recorder.enter_platform(Platform("Taojiji"))
            os._exit(0)

    asked_to_crash(crash)
    assert Path(f"{desk.db}-wal").stat().st_size


def _left_log(desk: Desk) -> Before:
    _crashed(desk)
    return None


def _lost_log(desk: Desk) -> Before:
    _crashed(desk)
    Path(f"{desk.db}-wal").unlink()
    return None


def _lost_index(desk: Desk) -> Before:
    _crashed(desk)
    Path(f"{desk.db}-shm").unlink()
    return None


def _spoilt_index(desk: Desk) -> Before:
    _crashed(desk)
    Path(f"{desk.db}-shm").write_bytes(os.urandom(32768))
    return None


def _strange_log(desk: Desk) -> Before:
    Path(f"{desk.db}-wal").write_bytes(os.urandom(50_000))
    return None


STRANGE: dict[str, tuple[Callable[[Desk], Before], int, str]] = {
    "newer schema": (_newer, 3, "newer dealtrack"),
    "another program's database": (_another, 3, "another program's database"),
    "a folder": (_folder, 3, "it is a folder"),
    "a pipe": (_fifo, 3, "it is not a regular file"),
    "a link to it": (_link, 0, ""),
    "a link to nothing": (_dangling, 3, "There is no register"),
    "a read-only file": (_read_only, 0, ""),
    "a read-only folder": (_read_only_folder, 0, ""),
    "no rights": (_no_rights, 3, "ermission denied"),
    "a hot journal": (_hot_journal, 0, ""),
    "a write-ahead file left by a crash": (_left_log, 0, ""),
    "a lost write-ahead file": (_lost_log, 3, "with its last entries, is gone"),
    "a lost index of the write-ahead file": (_lost_index, 0, ""),
    "noise for the index of the write-ahead file": (_spoilt_index, 0, ""),
    "noise for the write-ahead file": (_strange_log, 0, ""),
}
