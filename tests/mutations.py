"""Some sixty faults planted in the code, one at a time, each of which some test must catch.

`python -m tests.mutations` copies the tree, plants a fault, runs the tests that should fail, and says which faults were
caught; it exits with 1 where one was missed. Words after it choose faults by area or number; `--reduced` takes every
fifth; `--all-tests` runs the whole suite for each; `--tree FOLDER` plants them in another tree.
"""

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

PROJECT = Path(__file__).parent.parent
COPIED = ("dealtrack", "tests", "data", "pyproject.toml", "README.md", "CHANGELOG.md", "LICENSE", ".ci")
REDUCED = 5
"""Of so many faults the reduced run takes one."""


class Fault(NamedTuple):
    """A small change to the code: a text that stands there once, and what takes its place.

    `tests` are the files of tests of which one must fail, in the order in which they are run.
    """

    area: str
    name: str
    old: str
    new: str
    tests: str

    def place(self, tree: Path) -> Path:
        """Return the file in which the text stands; raises LookupError where it does not stand there just once."""
        places = [
            (path, count)
            for path in sorted((tree / "dealtrack").rglob("*.py"))
            if (count := path.read_text(encoding="utf-8").count(self.old))
        ]
        if [count for _, count in places] != [1]:
            found = ", ".join(f"{path.relative_to(tree)}: {count}" for path, count in places) or "nowhere"
            raise LookupError(f"{self.area}: {self.name}: this must stand just once, but stands {found}:\n{self.old}")
        return places[0][0]


FAULTS = (
    # Clocks.
    Fault(
        "clocks",
        "an event at the very deadline is late",
        "(clock.ended or moment) > clock.due",
        "(clock.ended or moment) >= clock.due",
        "unit/test_clocks",
    ),
    Fault(
        "clocks",
        "days late count one too many",
        "calendar.count_between(clock.due_day, local_day(until, zone))",
        "calendar.count_between(clock.due_day, local_day(until, zone)) + 1",
        "unit/test_clocks",
    ),
    Fault(
        "clocks",
        "a paused clock is called running",
        "(Verdict.PAUSED, None, None)",
        "(Verdict.RUNNING, None, None)",
        "unit/test_clocks",
    ),
    Fault(
        "clocks",
        "a clock that an ending made needless is called met",
        "(Verdict.CANCELLED, ..., ...)",
        "(Verdict.MET, ..., ...)",
        "unit/test_clocks",
    ),
    Fault(
        "clocks",
        "what was completed and is opened again does not count as forwarded",
        "reached.add(Kind.FORWARDED)",
        "pass",
        "unit/test_clocks",
    ),
    Fault(
        "clocks",
        "what is opened again before it was forwarded is counted from the receipt",
        "began, has_run = position, False",
        "began, has_run = 0, False",
        "unit/test_clocks",
    ),
    Fault(
        "clocks",
        "a pause at the very deadline excuses nothing",
        "rule.pausable and entry.at <= count.deadline()",
        "rule.pausable and entry.at < count.deadline()",
        "unit/test_clocks",
    ),
    Fault(
        "clocks",
        "a restart leaves the start of its clock where it was",
        "run = run._replace(started=ending.at, start_kind=ending.kind, limit=None)",
        "pass",
        "unit/test_clocks",
    ),
    Fault(
        "clocks",
        "a projection begins at a deadline that has passed",
        "start = max(start or moment, before.due)",
        "start = before.due",
        "unit/test_clocks",
    ),
    Fault(
        "clocks",
        "days late of a year not published yet are called certain",
        "return not calendar.is_confirmed(clock.due_day, local_day(moment, zone))",
        "return False",
        "unit/test_clocks",
    ),
    Fault(
        "clocks",
        "a clock that has ended is judged by the calendar of now",
        "calendar = calendar_at(seq)",
        "calendar = calendar_at(None)",
        "integration/test_revising",
    ),
    # Hours, and other ways to count.
    Fault(
        "deadlines",
        "what was left at a pause of hours is counted from its beginning",
        "self._moment = max(self._moment, pause.end)",
        "self._moment = max(self._moment, pause.start)",
        "unit/test_rules_worked",
    ),
    Fault(
        "deadlines",
        "the hour of the start is counted all the same",
        "start if rule.counts_first_hour else next_full_hour(start, zone)",
        "start",
        "unit/test_rules_worked",
    ),
    Fault(
        "deadlines",
        "the first day is no day 1",
        "if first_counts and calendar.is_worked(start):",
        "if False:",
        "unit/test_rules_worked",
    ),
    Fault(
        "office_hours",
        "what lies before a start within office hours is counted",
        "begins = max(opens, start)",
        "begins = opens",
        "unit/test_rules_worked",
    ),
    Fault(
        "clocks",
        "a day alone is taken for its first second",
        "return bool(entry.detail[HOUR_UNKNOWN])",
        "return False",
        "unit/test_rules_worked",
    ),
    # The calendar, and deadlines counted by it.
    Fault(
        "calendar",
        "a deadline ends an hour early where clocks go back",
        ".replace(fold=1).astimezone(UTC)",
        ".astimezone(UTC)",
        "unit/test_clocks",
    ),
    Fault(
        "calendar",
        "a pause takes out its rest days too",
        "length += calendar.count_between(pause, resume)",
        "length += (resume - pause).days",
        "unit/test_clocks",
    ),
    Fault(
        "calendar",
        "months end on the 28th at the latest",
        "min(start.day, last.day)",
        "min(start.day, 28)",
        "unit/test_clocks unit/test_policies_worked",
    ),
    Fault(
        "calendar",
        "a due day on a rest day stays there",
        "return day, calendar.next_working(day)",
        "return day, day",
        "unit/test_clocks unit/test_policies_worked",
    ),
    Fault(
        "calendar",
        "a roll past holidays rolls past plain weekends",
        "return day, calendar.after_holiday(day)",
        "return day, calendar.next_working(day)",
        "unit/test_clocks unit/test_policies_worked",
    ),
    Fault(
        "calendar",
        "a holiday takes in the rest days of another span beside it",
        "if rest.worked or rest.span != middle.span:",
        "if rest.worked:",
        "unit/test_calendar",
    ),
    Fault(
        "calendar",
        "the number of a ruled day leaves its own ruling out",
        "shifts[bisect_right(turned, ordinal)]",
        "shifts[bisect_right(turned, ordinal - 1)]",
        "unit/test_calendar",
    ),
    Fault(
        "calendar",
        "next year's notice is due a month late",
        "if today.month < NOTICE_MONTH else",
        "if today.month <= NOTICE_MONTH else",
        "unit/test_calendar",
    ),
    Fault(
        "calendar",
        "a count that begins on the last day of a published year is confirmed by that year",
        "after = min(first + ONE_DAY, last)",
        "after, last = first, first",
        "unit/test_calendar unit/test_clocks",
    ),
    Fault(
        "calendar",
        "a revision drops no ruling",
        'for day in change["dropped"]:',
        "for day in ():",
        "integration/test_revising integration/test_notices e2e/test_notices_imported",
    ),
    # The life of a complaint.
    Fault(
        "lifecycle",
        "what is not paused can be resumed",
        'KindRule("resume", frozenset({Status.PAUSED}))',
        'KindRule("resume", OPEN)',
        "unit/test_lifecycle",
    ),
    Fault(
        "lifecycle",
        "entries that were voided still count",
        "entry.kind is not Kind.VOIDED and entry.seq not in voided",
        "entry.kind is not Kind.VOIDED",
        "unit/test_lifecycle",
    ),
    Fault(
        "lifecycle",
        "entries count in order of entry, not of what happened",
        "(entry.kind is not Kind.RECEIVED, entry.at, entry.seq)",
        "(entry.kind is not Kind.RECEIVED, entry.seq)",
        "unit/test_lifecycle",
    ),
    Fault(
        "lifecycle",
        "a transition may precede the one before it",
        "is not None and at < previous.at:",
        "is not None and previous.at < at < previous.at:",
        "unit/test_lifecycle",
    ),
    Fault(
        "lifecycle",
        "a transition may lie in the future",
        "if at > now:\n        raise InFuture(at=at, now=now)",
        "if at > now and kind is Kind.RECEIVED:\n        raise InFuture(at=at, now=now)",
        "unit/test_lifecycle",
    ),
    Fault(
        "lifecycle",
        "what was accepted before it was completed counts as resolved at first contact",
        "before is Status.RECEIVED and (is_known or None)",
        "before is not Status.FORWARDED and (is_known or None)",
        "unit/test_lifecycle",
    ),
    Fault(
        "lifecycle",
        "what ended in a pause is opened again as paused",
        "if self.status is _PAUSED else self.status",
        "if self.status is None else self.status",
        "unit/test_lifecycle",
    ),
    Fault(
        "lifecycle",
        "what is opened again keeps the outcome of its first end",
        '"merged_into", "outcome", "amount"))',
        '"merged_into"))',
        "unit/test_lifecycle",
    ),
    Fault(
        "lifecycle",
        "a day alone takes the moment of an entry on a later day",
        " < moment.end:",
        ":",
        "unit/test_lifecycle e2e/test_backdated e2e/test_life",
    ),
    # Import.
    Fault(
        "import",
        "a day alone is before a moment of the same day",
        "if moment.day_only else (moment.start < latest):",
        "if not moment.start else (moment.start < latest):",
        "e2e/test_import integration/test_import_again e2e/test_dates_of_files",
    ),
    Fault(
        "import",
        "a row overrides what a clerk entered",
        'by_clerk = bool(telling) and "source" not in telling[-1].detail',
        "by_clerk = False",
        "integration/test_import_again e2e/test_import",
    ),
    Fault(
        "import",
        "a row that tells another moment is taken for one that adds nothing",
        "elif not any(_agrees(moment, at, zone) for at in (*former, *recorded)):",
        "elif not recorded:",
        "e2e/test_import integration/test_import_again",
    ),
    Fault(
        "import",
        "a day alone agrees with its first second only",
        "return stated.start <= at < stated.end or",
        "return stated.start == at or",
        "e2e/test_import integration/test_import_again e2e/test_dates_of_files",
    ),
    Fault(
        "import",
        "one refused row does not keep the others out",
        "and not skip_bad):",
        "and not skip_bad and dry_run):",
        "e2e/test_import e2e/test_rejects",
    ),
    Fault(
        "import",
        "a refused row leaves its new platform behind",
        "            self._check_new(row)\n",
        "            pass\n",
        "e2e/test_rejects e2e/test_import e2e/test_platform_commands",
    ),
    Fault(
        "import",
        "the days that stand for none are taken for days",
        "if self._sentinels and when.date() in self._sentinels:",
        "if self._sentinels and when.date() not in self._sentinels and when.year < 1:",
        "integration/test_shipped_mappings integration/test_dates integration/test_mapping",
    ),
    Fault(
        "import",
        "Excel's day that never was is read",
        "days <= _FALSE_LEAP_DAY:",
        "days < _FALSE_LEAP_DAY:",
        "integration/test_dates",
    ),
    Fault(
        "import",
        "an hour that clocks skip or repeat is taken as any other",
        "first.utcoffset() == last.utcoffset() == last.replace(fold=1).utcoffset()",
        "first.utcoffset() == first.utcoffset()",
        "integration/test_dates",
    ),
    Fault(
        "import",
        "personal data that was erased is taken in again",
        "if stored is None and complaint in self._erased:",
        "if stored is not None and complaint in self._erased:",
        "e2e/test_erase e2e/test_import integration/test_import_again",
    ),
    # The recorder.
    Fault(
        "recorder",
        "an entry is recorded before the one that stands before it where the machine's clock was set back",
        "recorded_at = max(to_store(now), self._last.recorded_at)",
        "recorded_at = to_store(now)",
        "integration/test_register",
    ),
    Fault(
        "recorder",
        "a policy's limits of pauses and extensions are not looked at",
        "if kind in LIMITED:",
        "if kind is Kind.VOIDED:",
        "e2e/test_any_business e2e/test_life",
    ),
    Fault(
        "recorder",
        "an amendment vouches for personal data that somebody else put in",
        "raise PersonalAltered(complaint=complaint)",
        "return",
        "integration/test_tampering e2e/test_erase",
    ),
    # Verification.
    Fault(
        "verification",
        "an entry need not continue the one before it",
        "if before != previous:",
        "if before == own:",
        "unit/test_chain integration/test_tampering",
    ),
    Fault(
        "verification",
        "the hash of an entry leaves its detail out",
        '{encode_basestring(actor)},{encode_basestring(detail)}]"',
        '{encode_basestring(actor)}]"',
        "unit/test_chain integration/test_tampering",
    ),
    Fault(
        "verification",
        "a head that is not in the journal is none the worse",
        "has_head = has_head or row[-1].hex().startswith(head)",
        "has_head = True",
        "integration/test_tampering integration/test_verifying e2e/test_keeping",
    ),
    Fault(
        "verification",
        "rows of complaints and clocks are not compared with what the journal makes",
        "if stored != projected:",
        "if stored != projected and not projected.rows:",
        "integration/test_tampering integration/test_verifying",
    ),
    Fault(
        "verification",
        "personal data that is missing counts as erased",
        ".get(complaint, 0) > seq",
        ".get(complaint, 0) < seq",
        "e2e/test_erase integration/test_tampering",
    ),
    # Search.
    Fault(
        "search",
        "what a voided entry said is found",
        "and (entry.seq in counted or entry.kind is Kind.VOIDED)",
        "and (entry.seq in counted or entry.kind)",
        "e2e/test_search",
    ),
    # Figures.
    Fault(
        "figures",
        "what is overdue is left out of what is decided",
        "for verdict in LATE), Whole.DECIDED",
        "for verdict in LATE[:1]), Whole.DECIDED",
        "integration/test_report_figures integration/test_report",
    ),
    Fault(
        "figures",
        "nine of ten are rounded down",
        "-(-self.done * 9 // 10)",
        "max(1, self.done * 9 // 10)",
        "integration/test_report integration/test_report_figures",
    ),
    Fault(
        "figures",
        "weeks belong to the year of their first day",
        "*day.isocalendar()",
        "day.year, day.isocalendar()[1]",
        "integration/test_report_figures integration/test_report integration/test_report_random",
    ),
)


def chosen(words: Iterable[str]) -> Iterator[tuple[int, Fault]]:
    """Yield the faults that words choose, each with its number from 1: by area, number, or a part of the name."""
    wanted = list(words)
    for number, fault in enumerate(FAULTS, 1):
        if not wanted or any(word in (fault.area, str(number)) or word in fault.name.split() for word in wanted):
            yield number, fault


def copy_tree(tree: Path, folder: Path) -> None:
    """Copy what the tests need of a tree to a folder; what lies beside the tree lies beside the folder too."""
    folder.mkdir()
    for name in COPIED:
        if (tree / name).is_dir():
            shutil.copytree(tree / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif (tree / name).exists():
            shutil.copy2(tree / name, folder / name)
    shared = folder.parent / "shared"
    if not shared.exists() and (tree.parent / "shared").exists():
        shared.symlink_to((tree.parent / "shared").resolve())


def run_tests(fault: Fault, folder: Path, all_tests: bool) -> tuple[bool, str]:
    """Plant a fault in a copied tree, run its tests, and take it back; return whether it was caught, and by what."""
    place = fault.place(folder)
    sound = place.read_text(encoding="utf-8")
    place.write_text(sound.replace(fault.old, fault.new), encoding="utf-8")
    files = [f"tests/{name}.py" for name in fault.tests.split() if (folder / f"tests/{name}.py").exists()]
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", "-n", "0"]
    try:
        ran = subprocess.run(
            [*command, *(["tests"] if all_tests else files)],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    finally:
        place.write_text(sound, encoding="utf-8")
    failed = [line for line in ran.stdout.splitlines() if line.startswith(("FAILED ", "ERROR "))]
    # 1 is the status of tests that failed; any other is a run that did not come to it.
    return ran.returncode == 1, failed[0] if failed else f"exit status {ran.returncode}: {ran.stdout[-300:]}"


def main() -> int:
    """Plant the faults that were asked for and say which were caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutations", description=__doc__)
    parser.add_argument("words", nargs="*", help="areas or numbers of faults; all by default")
    parser.add_argument("--reduced", action="store_true", help=f"one fault of {REDUCED}")
    parser.add_argument("--all-tests", action="store_true", help="run the whole suite for each fault")
    parser.add_argument("--tree", type=Path, default=PROJECT, help="the tree in which faults are planted")
    parser.add_argument("--jobs", type=int, default=1, help="how many faults are tried at once")
    given = parser.parse_args()
    faults = list(chosen(given.words))[:: REDUCED if given.reduced else 1]
    for fault in FAULTS:
        fault.place(given.tree)
    missed = 0
    with TemporaryDirectory(prefix="mutations") as held, ThreadPoolExecutor(given.jobs) as pool:
        folders = [Path(held) / f"tree{job}" for job in range(given.jobs)]
        for folder in folders:
            copy_tree(given.tree.resolve(), folder)

        def tried(entry: tuple[int, Fault]) -> tuple[int, Fault, bool, str, float]:
            number, fault = entry
            folder = folders.pop()
            began = time.monotonic()
            try:
                return number, fault, *run_tests(fault, folder, given.all_tests), time.monotonic() - began
            finally:
                folders.append(folder)

        for number, fault, is_caught, how, took in pool.map(tried, faults):
            missed += not is_caught
            told = "caught" if is_caught else "MISSED"
            print(f"{number:2d} {told} {took:4.0f} s  {fault.area}: {fault.name}\n       {how}", flush=True)
    print(f"mutations: {len(faults)} planted, {len(faults) - missed} caught, {missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
