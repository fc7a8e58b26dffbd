"""Commands that write, each marked so that the journal tells whether it was done: what crash and disk faults hit."""

import os
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from tests.faults.desk import Desk, look, write_rows

ROWS = 120
OLD = '{"old": true}'
"""What stands where an export goes."""


@dataclass(frozen=True, slots=True)
class Deed:
    """A command that writes: its words, and how many entries of the journal bear its mark when it is done.

    `once` tells that running it again after it was done changes nothing. `check` looks at what it leaves
    beside the register, and returns what is wrong there.
    """

    name: str
    words: Sequence[object]
    entries: int
    once: bool = False
    check: Callable[[Desk, bool], list[str]] | None = None


def _backup_check(path: Path) -> Callable[[Desk, bool], list[str]]:
    def check(desk: Desk, done: bool) -> list[str]:
        copies = [path] if path.suffix == ".db" else sorted(path.glob("*.db"))
        broken = []
        for copy in copies:
            if copy.exists():
                # Evidence is copied last, and the copies in a folder share it.
                found = look(copy, evidence=done and copy == path)
                broken += [f"{copy.name}: {fault}" for fault in found.faults]
                if copy.stat().st_mode & 0o077:
                    broken.append(f"{copy.name} can be read by others")
        if done and not any(copy.exists() for copy in copies):
            broken.append("no copy is there, though the command said so")
        return broken

    return check


def _export_check(path: Path) -> Callable[[Desk, bool], list[str]]:
    def check(desk: Desk, done: bool) -> list[str]:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        if not lines:
            return ["no export is there, though the command said so"] if done else []
        if lines[0] == OLD:
            return ["the old export is still there, though the command said it is new"] if done else []
        return [] if lines[-1].startswith('{"id":') and lines[-1].endswith("}") else ["half an export is there"]

    return check


def _whole_check(path: Path, is_whole: Callable[[bytes], bool]) -> Callable[[Desk, bool], list[str]]:
    """Return what looks whether a file is whole, the one from before or the new one."""

    def check(_desk: Desk, _done: bool) -> list[str]:
        return [] if path.exists() and is_whole(path.read_bytes()) else [f"{path.name} is not whole"]

    return check


def _is_workbook(held: bytes) -> bool:
    try:
        with zipfile.ZipFile(BytesIO(held)) as archive:
            return archive.testzip() is None
    except zipfile.BadZipFile:
        return False


WHOLE: dict[str, tuple[tuple[object, ...], str, Callable[[bytes], bool]]] = {
    "export xlsx": (("export", "--format", "xlsx", "--to"), "export.xlsx", _is_workbook),
    "report --xlsx": (("report", "--xlsx"), "report.xlsx", _is_workbook),
    "report --html": (("report", "--html"), "report.html", lambda held: held.rstrip().endswith(b"</html>")),
    "due --ics": (("due", "--within", "9wd", "--ics"), "due.ics", lambda held: held.endswith(b"END:VCALENDAR\r\n")),
}
"""Commands that write a file of a kind of their own over an earlier one: their words, its name, and when it is whole."""

NAMES = (
    "add",
    "forward",
    "complete",
    "reopen",
    "withdraw",
    "pause",
    "extend",
    "resume",
    "hand-on",
    "accept",
    "reject",
    "note",
    "amend",
    "amend personal data",
    "void",
    "evidence",
    "erase",
    "import",
    "platform add",
    "platform edit",
    "platform check",
    "calendar amend",
    "recheck --rebuild",
    "recheck --include-closed",
    "backup",
    "backup --keep",
    "export",
    *WHOLE,
)


def deed(name: str, desk: Desk, mark: str, target: int) -> Deed:
    """Return a deed with words of its own, for a complaint of the register that was made for it."""
    folder = desk.folder
    match name:
        case "add":
            more = ("--consumer", f"王{mark}", "--phone", "13900001111", "--summary", mark, "--duplicate-days", 0)
            return Deed(name, ("add", "--platform", "JD", "--number", mark, *more), 1)
        case "accept" | "forward" | "complete" | "note":
            return Deed(name, (name, target, "--note", mark), 1)
        case "resume":
            desk.must("pause", target, "--reason", "to be resumed")
            return Deed(name, (name, target, "--note", mark), 1)
        case "withdraw" | "reject" | "pause":
            return Deed(name, (name, target, "--reason", mark), 1)
        case "reopen":
            desk.must("complete", target)
            return Deed(name, (name, target, "--reason", mark), 1)
        case "extend":
            return Deed(name, (name, target, "--clock", "forward", "--by", 1, "--reason", mark), 1)
        case "hand-on":
            return Deed(name, (name, target, "--to", mark), 1)
        case "amend":
            return Deed(name, (name, target, "--summary", f"质量{mark}"), 1)
        case "amend personal data":
            return Deed(name, ("amend", target, "--phone", "13700002222", "--note", mark), 1)
        case "void":
            desk.must("note", target, "--note", "to be voided")
            return Deed(name, (name, target, "--reason", mark), 1)
        case "evidence":
            photograph = folder / f"{mark}.jpg"
            photograph.write_bytes(os.urandom(20_000))
            return Deed(name, (name, target, "--file", photograph), 1)
        case "erase":
            return Deed(name, (name, target, "--reason", mark, "--yes"), 1)
        case "import":
            return Deed(name, (name, write_rows(folder / f"{mark}.csv", mark, ROWS)), ROWS, once=True)
        case "platform add":
            return Deed(name, ("platform", "add", f"platform {mark}"), 1)
        case "platform edit":
            return Deed(name, ("platform", "edit", "JD", "--alias", f"alias {mark}"), 1)
        case "platform check":
            return Deed(name, ("platform", "check", "JD", "--channels", "phone", "--finding", mark), 1)
        case "calendar amend":
            day = f"2017-{1 + target % 12:02d}-{1 + target % 28:02d}"
            words = ("calendar", "amend", day, "--off" if target % 2 else "--worked", "--name", mark)
            return Deed(name, (*words, "--source", mark, "--yes"), 1)
        case "recheck --rebuild" | "recheck --include-closed":
            return Deed(name, ("recheck", name.split()[1]), 0, once=True)
        case "backup":
            return Deed(name, (name, folder / "copy.db"), 0, True, _backup_check(folder / "copy.db"))
        case "backup --keep":
            place = folder / "copies"
            return Deed(name, ("backup", "--keep", 2, place), 0, True, _backup_check(place))
        case "export":
            place = folder / "export.jsonl"
            place.write_text(f"{OLD}\n", encoding="utf-8")
            return Deed(name, (name, "--format", "jsonl", "--to", place), 0, True, _export_check(place))
        case _ if name in WHOLE:
            asked, file, is_whole = WHOLE[name]
            place = folder / file
            if not place.exists():
                # It writes over a file of its kind alone.
                desk.must(*asked, place)
            return Deed(name, (*asked, place), 0, True, _whole_check(place, is_whole))
    raise ValueError(name)
