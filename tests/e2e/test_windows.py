"""Daily commands, import, backup and evidence where the system lacks what Windows lacks: see `tests.windows`."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from dealtrack.cli.commands import GROUP_HELP
from tests import pages
from tests.conftest import PROJECT, Clerk, Result
from tests.windows import missing_modules

SAMPLE = PROJECT / "data" / "samples" / "double-eleven-2016.csv"
NOW = "2016-11-21T09:00:00+08:00"
OFFICE = ("add", "complaints", "grant", "list", "overdue", "report", "revoke", "seal", "upgrade")
NOT_RUN = {
    "board": "it takes the whole terminal; Textual has a part of its own for Windows",
    "completion": "it prints what a shell of Linux or macOS reads",
    "datasette": "it prints a command for a server",
    "move": "it copies what import and backup write, and checks it as verify does",
    "transfer": "it is for a server",
    **{f"office {name}": "it is for a server" for name in OFFICE},
}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux alone is brought to lack what Windows lacks")


def _windows(clerk: Clerk, commands: Sequence[Sequence[object]]) -> list[Result]:
    words = [[str(word) for word in command] for command in commands]
    ran = subprocess.run(
        [sys.executable, "-X", "warn_default_encoding", "-m", "tests.windows"],
        cwd=PROJECT,
        # Without locks it would be taken for granted elsewhere that nobody uses its temporary folders.
        env={"PATH": os.environ["PATH"], "TMPDIR": str(clerk.home.parent), **clerk.environment()},
        input=json.dumps([list(missing_modules()), words]),
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    assert ran.returncode == 0, ran.stderr
    return [Result(**made) for made in json.loads(ran.stdout)]


def _day(folder: Path) -> list[list[str]]:
    """Make the files that a day needs in a folder, and return the day's commands."""
    folder.mkdir()
    (folder / "票据.txt").write_bytes(RECEIPT)
    (folder / "days.csv").write_text("date,name,off\n2016-12-02,notice,yes\n", encoding="utf-8")
    text = DAY.format(folder=folder, sample=SAMPLE)
    return [line.split() for line in text.strip().splitlines()]


RECEIPT = b"one\r\ntwo\nthree\x1a\n"
DAY = """
    init
    import {sample}
    overdue
    overdue --as-of 2016-11-15
    due --within 2wd --as-of 2016-11-10
    digest
    list --status open
    show 3
    explain 3
    search 发货
    add --platform JD --category quality --phone 13912345678 --number W-1 --at 2016-11-18
    accept 301 --at 2016-11-18
    pause 301 --reason appraisal
    resume 301
    forward 301
    extend 301 --clock complete --by 1 --reason far
    hand-on 301 --to Haidian
    note 301 --note called
    undo --yes
    note 301 --note called
    reply 301 --interim
    amend 301 --summary corrected
    evidence 301 --file {folder}/票据.txt
    evidence 301 --file {folder}/票据.txt
    evidence 301 --file {folder}
    evidence 301
    evidence 301 --save 888 --to {folder}/saved.txt
    complete 301 --outcome refund --amount 12.50
    reopen 301 --reason again
    void 301 --reason mistake
    add --platform JD --policy samr-complaint --at 2016-11-18
    event 302 --name mediation-ended --at 2016-11-18
    add --platform JD --at 2016-11-18
    merge 303 --into 302
    letter 301 --kind receipt --format html --out {folder}/letters
    withdraw 259 --reason settled
    reject 252 --reason elsewhere
    erase 301 --reason asked --yes
    report --by platform
    report --html {folder}/page.html
    report --xlsx {folder}/book.xlsx
    export --to {folder}/all.csv
    export --format xlsx --to {folder}/all.xlsx
    due --within 30d --ics {folder}/due.ics
    overdue --by owner --out {folder}/lists
    import {folder}/all.xlsx --dry-run
    import {folder}/all.csv
    calendar show 2016-10
    calendar next 2 --from 2016-09-30
    calendar amend 2016-12-01 --off --name outage --source notice --yes
    calendar import {folder}/days.csv --year 2016 --yes
    calendar refresh
    config list
    config set page 20
    config get page
    config unset page
    policy list
    policy show
    policy try odr
    policy adopt odr
    platform list
    platform add Somebody --green-channel no
    platform edit Somebody --alias Some
    platform check Somebody --channels phone --finding seen
    platform show Somebody
    platform rename Somebody Anybody
    platform add Other --green-channel no
    platform merge Other --into Anybody --yes
    platform add Nobody --green-channel no
    platform remove Nobody
    platform import --yes
    verify
    recheck
    recheck --rebuild
    backup {folder}/copy.db
    backup --keep 2 {folder}/backups
    restore {folder}/copy.db --yes
    verify
    list --status open
    doctor
    help
    help commands
"""
SAME = frozenset("overdue due list show explain search add forward complete report policy platform help".split())
"""Commands that print no path, size or checksum."""


@pytest.mark.file_only("the folder of evidence")
def test_every_command_is_run_where_the_system_lacks_what_windows_lacks(
    new_clerk: Callable[..., Clerk], tmp_path: Path
) -> None:
    windows, linux = new_clerk(now=NOW), new_clerk(now=NOW)
    folder = tmp_path / "windows"
    day = _day(folder)
    names = {" ".join(words[:2]) if words[0] in GROUP_HELP else words[0] for words in day}
    assert {name for name, _ in pages.commands()} - names == NOT_RUN.keys()
    told, here = _windows(windows, day), [linux(*words) for words in _day(tmp_path / "linux")]
    for words, made, wanted in zip(day, told, here, strict=True):
        assert made.status == wanted.status, (words, made, wanted)
        if words[0] in SAME and str(folder) not in " ".join(words):
            assert made.out == wanted.out, words
        assert wanted.status == (2 if words[-1] == str(folder) else 0), (words, wanted)
    assert (folder / "saved.txt").read_bytes() == RECEIPT
    (kept,) = windows.db.with_name(f"{windows.db.name}.evidence").glob("*/*")
    assert kept.read_bytes() == RECEIPT


@pytest.mark.file_only("the rights of files")
def test_the_doctor_says_which_promises_are_not_kept(clerk: Clerk) -> None:
    (told,) = _windows(clerk, [["doctor"]])
    facts = dict(line.split("\t") for line in told.out.splitlines())
    assert "whoever can read the folder" in facts["file modes"]
    assert "before evidence is read" in facts["links"]
    assert "a local disk" in facts["drive"]
    assert "visible to other users" in facts["arguments"]
    assert "chmod" not in told.err
    here = clerk("doctor").out
    assert not [name for name in ("file modes", "links", "drive", "arguments") if f"{name}\t" in here]


@pytest.mark.file_only("the folder of evidence")
def test_a_link_in_the_evidence_is_not_followed_where_no_folder_can_be_held(clerk: Clerk, tmp_path: Path) -> None:
    receipt = tmp_path / "receipt.txt"
    receipt.write_bytes(RECEIPT)
    clerk("add", "--platform", "JD").ok()
    clerk("evidence", 1, "--file", receipt).ok()
    folder = clerk.db.with_name(f"{clerk.db.name}.evidence")
    (kept,) = folder.glob("*/*")
    elsewhere = tmp_path / "elsewhere"
    kept.rename(elsewhere)
    kept.symlink_to(elsewhere)
    saved = tmp_path / "saved.txt"
    check, save, attach, again = _windows(
        clerk,
        [
            ["verify"],
            ["evidence", "1", "--save", "7", "--to", str(saved)],
            ["evidence", "1", "--file", str(receipt)],
            ["verify"],
        ],
    )
    assert check.status == 1 and "is a symbolic link" in check.err
    assert save.status != 0 and not saved.exists()
    attach.ok()
    again.ok()
    assert not kept.is_symlink() and elsewhere.read_bytes() == RECEIPT
    folder.rename(tmp_path / "moved")
    folder.symlink_to(tmp_path / "moved")
    check, attach = _windows(clerk, [["verify"], ["evidence", "1", "--file", str(receipt)]])
    assert check.status == 1 and "is a symbolic link" in check.err
    assert attach.status == 3 and "there is a symbolic link or a file in place of its folder" in attach.err


@pytest.mark.file_only("on a server the name is the login's")
def test_the_actor_is_told_where_no_name_is_known(clerk: Clerk) -> None:
    clerk.actor = ""
    add, show = _windows(clerk, [["add", "--platform", "JD"], ["list", "--format", "json"]])
    add.ok()
    assert json.loads(show.out)[0]["owner"] == "unknown"
