"""A folder of lists, one for each platform or owner; lists of the last run that are not written again are removed."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dealtrack.core.file_names import file_names
from dealtrack.core.standing import Lateness
from dealtrack.errors import CannotWrite
from dealtrack.exchange.files import text_output
from dealtrack.register.drafts import make_folder

INDEX = ".dealtrack-lists.json"
"""The file in the folder that names the lists which stand in it, so that no other file is ever removed."""

ENDINGS = {"csv": ".csv", "xlsx": ".xlsx", "text": ".txt"}
"""The formats of lists, each with the ending of its files."""

LONGEST_INDEX = 10_000_000


@dataclass(frozen=True, slots=True)
class ListFile:
    """One list of the folder: whom it is for, its file, and what it holds; `overdue` is 0 for one that was removed."""

    name: str
    file: Path
    overdue: int
    working_days_late: int


def write_lists(
    folder: Path,
    groups: Mapping[str, Sequence[Lateness]],
    ending: str,
    write: Callable[[Path, str, Sequence[Lateness]], None],
) -> list[ListFile]:
    """Write one list a group into a folder, which is made where there is none, and remove the last run's others.

    `write` is given a list's path, the group's name and what it holds, and puts the list in place whole. The lists
    come in the order of the groups, then those that nothing is overdue for any more. Raises CannotWrite.
    """
    reason = make_folder(folder)
    if reason:
        raise CannotWrite(path=folder, reason=reason)
    before = _read_index(folder)
    files = {name: text + ending for name, text in file_names(groups).items()}
    now = {file: name for name, file in files.items()}
    # First what may come to stand there, then the lists: one cut short half-way is known to the next.
    if groups.keys() - before.values() or set(now) - set(before):
        _write_index(folder, {**before, **now})
    written = []
    for name, latenesses in groups.items():
        path = folder / files[name]
        write(path, name, latenesses)
        written.append(
            ListFile(name, path, len(latenesses), max(lateness.working_days_late for lateness in latenesses))
        )
    stale = {file: name for file, name in before.items() if file not in now}
    gone = [ListFile(name, folder / file, 0, 0) for file, name in stale.items() if _remove(folder / file)]
    if now != before:
        _write_index(folder, now)
    # One that was written anew in another format is not gone.
    return written + [listed for listed in gone if listed.name not in groups]


def _read_index(folder: Path) -> dict[str, str]:
    """Return the files of the last run's lists, each with its name; none where the index is missing or no index."""
    path = folder / INDEX
    try:
        if path.stat().st_size > LONGEST_INDEX:
            return {}
        index = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    lists = index.get("lists") if isinstance(index, dict) else None
    if not isinstance(lists, dict):
        return {}
    # Nothing that an index says reaches out of its own folder, or to what is no list.
    return {
        file: str(name)
        for file, name in lists.items()
        if file.endswith(tuple(ENDINGS.values())) and not set(file) & set("/\\\0")
    }


def _write_index(folder: Path, lists: Mapping[str, str]) -> None:
    text = json.dumps({"lists": dict(sorted(lists.items()))}, ensure_ascii=True, indent=1)
    with text_output(folder / INDEX, None) as stream:
        stream.write(text + "\n")


def _remove(path: Path) -> bool:
    """Remove a list that is still a plain file, and tell whether there was one; raises CannotWrite."""
    if path.is_symlink() or not path.is_file():
        return False
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise CannotWrite(path=path, reason=error.strerror or str(error)) from None
    return True


def grouped(latenesses: Iterable[Lateness], by: Callable[[Lateness], str]) -> dict[str, list[Lateness]]:
    """Return clocks by group, groups by name, those of one in the order they came."""
    groups: dict[str, list[Lateness]] = {}
    for lateness in latenesses:
        groups.setdefault(by(lateness), []).append(lateness)
    return dict(sorted(groups.items()))
