"""Completion by the Tab key, in the shells themselves: installed by the lines of the guide, quick, and in silence."""

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dealtrack.cli.candidates import _BY_COMMAND, _BY_METAVAR, _BY_OPTION
from dealtrack.cli.completion import split_line
from tests import pages
from tests.architecture.test_start_up import HEAVY
from tests.conftest import PROJECT, Clerk, prepared
from tests.registers import IS_SERVER, content, locked

SHELLS = ("bash", "zsh", "fish")


@prepared
def desk(clerk: Clerk) -> None:
    """Give a clerk with 1 received, 2 forwarded, 3 closed, 12 received."""
    for number in range(1, 13):
        clerk("add", "--platform", "Gome online", "--number", f"BJ:{number}", "--at", "2016-11-14 10:00").ok()
    clerk("forward", 2).ok()
    clerk("complete", "3-11").ok()


def asked(clerk: Clerk, *words: str) -> list[str]:
    """Return what is answered to a shell, which must never hear of a fault."""
    ran = clerk.process(*words, _DEALTRACK_COMPLETE="fish")
    assert (ran.status, ran.err) == (0, "")
    return ran.out.splitlines()


def offered(clerk: Clerk, *words: str) -> list[str]:
    """Return the words that are offered, without what is told of them."""
    return [line.partition("\t")[0] for line in asked(clerk, *words)]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["fo"], ["forward"]),
        (["platform", "sh"], ["show"]),
        (["forward", ""], ["1", "12"]),
        (["forward", "12"], ["12"]),
        (["forward", "1,"], ["1,12"]),
        (["complete", ""], ["1", "12", "2"]),
        (["reopen", ""], ["11", "10", "9", "8", "7", "6", "5", "4", "3"]),
        (["resume", ""], []),
        (["note", "--note", "x", "1"], ["1", "12", "11", "10"]),
        (["forward", "--number", "BJ:1"], ["BJ:1", "BJ:12"]),
        (["add", "--number", ""], []),
        (["list", "--platform", "Go"], ["Gome online"]),
        (["list", "--platform=Go"], ["--platform=Gome online"]),
        (["list", "--platform", "京"], ["京东"]),
        (["list", "--category", "de"], ["delivery"]),
        (["amend", "1", "--category", "质量"], ["质量", "质量问题"]),
        (["add", "--policy", "green"], ["green-channel"]),
        (["init", "--calendar", "cn-b"], ["cn-beijing"]),
        (["report", "--campaign", "double-eleven-2016"], ["double-eleven-2016"]),
        (["import", "x.csv", "--mapping", "cf"], ["cfpb"]),
        (["explain", "1", "--clock", ""], ["forward", "complete"]),
        (["list", "--status", "op"], ["open"]),
        (["overdue", "--format", "j"], ["json", "jsonl"]),
        (["hand-on", "1", "--to", ""], ["clerk"]),
        (["overdue", "--plat"], ["--platform"]),
        (["overdue", "--platform", "JD", "--plat"], ["--platform"]),
        (["add", "--platform", "JD", "--plat"], []),
        (["forward", "--number", "BJ:1", "--num"], ["--number"]),
        (["import", ""], ["@files"]),
        (["policy", "show", "gre"], ["green-channel"]),
        (["policy", "show", "./"], ["@files"]),
        (["completion", ""], ["bash", "zsh", "fish"]),
        (["help", "ca"], ["calendar"]),
        (["help", "d"], ["day", "deadlines", "datasette", "due", "digest", "doctor"]),
        (["board", "--pl"], ["--platform"]),
        (["--db", ""], ["@files"]),
        (["forward", "--", "--"], []),
        (["no-such-command", ""], []),
        (["calendar", "no-such-part", ""], []),
    ],
)
def test_what_is_offered(desk: Clerk, words: list[str], expected: list[str]) -> None:
    assert offered(desk, *words) == expected


def test_a_complaint_is_offered_with_what_it_is_and_nobody_s_name(desk: Clerk) -> None:
    desk("amend", 12, "--consumer", "欧阳测试", "--phone", "13912345678").ok()
    assert asked(desk, "forward", "12") == ["12\tBJ:12 Gome online other received due 2016-11-15"]


def test_the_register_is_the_one_that_was_named(desk: Clerk, new_clerk: Callable[..., Clerk]) -> None:
    assert offered(new_clerk(), "--db", str(desk.address), "forward", "") == ["1", "12"]


@pytest.mark.file_only("a damaged file")
def test_a_faulty_register_offers_nothing_and_none_is_made(new_clerk: Callable[..., Clerk]) -> None:
    clerk = new_clerk()
    assert asked(clerk, "forward", "") == []
    assert asked(clerk, "list", "--platform", "") == []
    assert list(clerk.db.parent.iterdir()) == []
    clerk.db.write_bytes(b"SQLite format 3\x00" + b"rubbish" * 100)
    assert asked(clerk, "forward", "") == []
    clerk.db.write_text("no register")
    assert asked(clerk, "forward", "") == []
    assert offered(clerk, "forw") == ["forward"]
    clerk.extra["DEALTRACK_NOW"] = "never"
    assert asked(clerk, "explain", "--clock", "") == []


def test_nothing_is_written_and_nobody_is_waited_for(desk: Clerk) -> None:
    before = desk("verify").ok()
    held = content(desk.address)
    with locked(desk.address):
        assert offered(desk, "forward", "") == ["1", "12"]
    assert content(desk.address) == held
    assert desk("verify").ok() == before


def test_loads_nothing_heavy(desk: Clerk) -> None:
    program = (
        "import sys; from dealtrack.cli.main import main; main(sys.argv[1:]); print(*sys.modules, file=sys.stderr)"
    )
    for words in (["forward", ""], ["list", "--platform", ""], ["overdue", "--"], [""]):
        ran = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=True,
                             env={"PATH": "/usr/bin:/bin", "_DEALTRACK_COMPLETE": "zsh", **desk.environment()})  # fmt: skip
        loaded = {name.partition(".")[0] for name in ran.stderr.split()}
        assert "dealtrack" in loaded
        assert not loaded.intersection(HEAVY) - ({"psycopg2"} if IS_SERVER else set())


def test_every_value_is_completed_or_known_to_be_free() -> None:
    free = {"TEXT", "AMOUNT", "ADDRESS", "N", "HASH", "SEQ", "YEAR", "FORM", "FIELD=COLUMN", "FIELD=VALUE", "SHEET", "STAGE=TIME",
            "WORDS...", "VALUE...", "DAYS", "[MONTH]", "NUMBER", "TO", "LOGIN"}  # fmt: skip
    names = {"--consumer", "--alias", "--drop-alias", "--name"}
    for name, command in pages.commands():
        for option in pages.options(command):
            word, metavar = max(option.opts, key=len), str(option.metavar)
            known = (name, word) in _BY_COMMAND or word in _BY_OPTION or metavar in _BY_METAVAR
            assert option.is_flag or known or metavar in free or word in names, f"{name} {word} {metavar}"
        for argument in pages.arguments(command):
            known = (name, "") in _BY_COMMAND or str(argument.metavar) in _BY_METAVAR
            assert known or argument.metavar in free or name in ("platform add", "office add"), (
                f"{name} {argument.metavar}"
            )


@pytest.mark.parametrize(
    ("line", "words", "raw", "kept"),
    [
        ("dealtrack ", [""], "", ""),
        ("dealtrack for", ["for"], "for", ""),
        ("dealtrack list --platform Gome\\ on", ["list", "--platform", "Gome on"], "Gome\\ on", ""),
        ('dealtrack list --platform "Gome on', ["list", "--platform", "Gome on"], '"Gome on', ""),
        ("dealtrack list --platform=Go", ["list", "--platform=Go"], "Go", "--platform="),
        ("dealtrack forward --number BJ:1", ["forward", "--number", "BJ:1"], "1", "BJ:"),
        ("dealtrack note 1 --note 'a b' ", ["note", "1", "--note", "a b", ""], "", ""),
        ("dealtrack note 1 --note 'it''s", ["note", "1", "--note", "its"], "'it''s", ""),
        ("dealtrack a\\", ["a\\"], "a\\", ""),
        ("dealtrack list --platform 京", ["list", "--platform", "京"], "京", ""),
        ("", [""], "", ""),
    ],
)
def test_bash_s_line_is_split_as_bash_does(line: str, words: list[str], raw: str, kept: str) -> None:
    assert split_line(line, " \t\n\"'><=;|&(:") == (words, raw, kept)


# In the shells


@pytest.fixture
def shell(desk: Clerk, tmp_path: Path) -> Callable[[str], dict[str, str]]:
    """Give a way to install completion as the guide says, for a user with an empty home; returns the environment."""

    def install(name: str) -> dict[str, str]:
        if shutil.which(name) is None:
            pytest.skip(f"{name} is not installed here")
        programs, home = tmp_path / "bin", tmp_path / "user"
        programs.mkdir()
        home.mkdir()
        program = programs / "dealtrack"
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dealtrack "$@"\n')
        program.chmod(0o755)
        environment = {"PATH": f"{programs}:/usr/local/bin:/usr/bin:/bin", "HOME": str(home), "TERM": "dumb",
                       "PYTHONPATH": str(PROJECT), "LANG": "C.UTF-8", **desk.environment()}  # fmt: skip
        (line,) = [line for line in pages.marked("completion").splitlines() if line.endswith(f" {name}")]
        ran = subprocess.run(["/bin/sh", "-c", line], env=environment, capture_output=True, text=True, check=True)
        added = re.search(r"^Add this line to ~/(\S+), then open a new terminal:\n  (.+)\n", ran.stderr, re.MULTILINE)
        if added:
            (home / added[1]).write_text(f"{added[2]}\n")
            again = subprocess.run(["/bin/sh", "-c", line], env=environment, capture_output=True, text=True, check=True)
            assert "is installed already" in again.stdout
            assert again.stderr == "Open a new terminal to use it.\n"
        for settings in (home / ".bashrc", home / ".zshrc"):
            with settings.open("a") as stream:
                stream.write("PS1='ready: '\n")
        return environment

    return install


def typed(command: list[str], environment: dict[str, str], *steps: tuple[str, str]) -> str:
    """Type keys at a shell on a terminal, waiting after each for a text; return all that was shown."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    )
    os.close(theirs)
    screen = ""
    try:
        for keys, awaited in (("", "ready: "), *steps):
            os.write(ours, keys.encode())
            seen, until = b"", time.monotonic() + 30
            while awaited not in seen.decode(errors="replace"):
                assert time.monotonic() < until, f"{awaited!r} does not come: {screen}{seen!r}"
                if select.select([ours], [], [], 0.5)[0]:
                    seen += os.read(ours, 65536)
            screen += seen.decode(errors="replace")
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    return screen


CLEAR = "\x15"
STEPS = (
    ("dealtrack forw\t", "forward "),
    ("12\t", "12 "),
    (CLEAR + "dealtrack list --platform Go\t", "Gome\\ online "),
    (CLEAR + "dealtrack list --platform=Go\t", "--platform=Gome\\ online "),
    (CLEAR + "dealtrack reopen --number BJ:9\t", "BJ:9 "),
    (CLEAR + "dealtrack import pyproj\t", "pyproject.toml "),
)


def test_in_bash(shell: Callable[[str], dict[str, str]]) -> None:
    screen = typed(["bash", "-i"], shell("bash"), *STEPS, (CLEAR + "dealtrack forward \t\t\t", "12"))
    assert "Traceback" not in screen
    assert "dealtrack:" not in screen


def test_in_zsh(shell: Callable[[str], dict[str, str]]) -> None:
    screen = typed(["zsh", "-i"], shell("zsh"), *STEPS[:4], STEPS[5],
                   (CLEAR + "dealtrack forward 1\t\t", "Gome online other received due 2016-11-15"))  # fmt: skip
    assert "Traceback" not in screen
    assert "dealtrack:" not in screen


def test_in_fish(shell: Callable[[str], dict[str, str]]) -> None:
    environment = shell("fish")

    def complete(line: str) -> list[str]:
        ran = subprocess.run(["fish", "-c", f"complete -C '{line}'"], env=environment, capture_output=True, text=True,
                             check=True, timeout=60)  # fmt: skip
        assert ran.stderr == ""
        return ran.stdout.splitlines()

    assert complete("dealtrack forw") == ["forward\tRecord"]
    told = "Gome online other received due 2016-11-15"
    assert complete("dealtrack forward ") == [f"1\tBJ:1 {told}", f"12\tBJ:12 {told}"]
    assert complete("dealtrack list --platform Go") == ["Gome online"]
    assert complete("dealtrack import pyproj") == ["pyproject.toml"]
    assert complete("dealtrack resume ") == []


def test_an_unknown_shell_is_refused(clerk: Clerk) -> None:
    ran = clerk("completion", "fsh")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "dealtrack: The shell cannot be 'fsh'. Did you mean fish? Allowed: bash, zsh, fish.\n"


PLACES = {
    "bash": ".local/share/bash-completion/completions/dealtrack",
    "zsh": ".local/share/zsh/site-functions/_dealtrack",
    "fish": ".config/fish/completions/dealtrack.fish",
}


@pytest.mark.parametrize("name", PLACES)
def test_the_script_is_put_where_its_shell_reads_it_and_once(name: str, clerk: Clerk, tmp_path: Path) -> None:
    home = tmp_path / "user"
    home.mkdir()
    first = clerk.process("completion", "--install", HOME=str(home), SHELL=f"/usr/bin/{name}")
    assert first.ok() == f"{name} completion is installed: ~/{PLACES[name]}\n"
    assert "open a new terminal" in first.err.lower()
    written = [path for path in home.rglob("*") if path.is_file()]
    assert written == [home / PLACES[name]]
    assert written[0].read_text() == clerk("completion", name).ok()
    before = written[0].stat()
    again = clerk.process("completion", "--install", name, HOME=str(home))
    assert again.ok() == f"{name} completion is installed already: ~/{PLACES[name]}\n"
    assert (written[0].stat().st_mtime_ns, written[0].stat().st_ino) == (before.st_mtime_ns, before.st_ino)
    written[0].write_text(f"# of an earlier release\n_DEALTRACK_COMPLETE={name} dealtrack\n")
    assert "is installed: " in clerk.process("completion", "--install", name, HOME=str(home)).ok()
    assert written[0].read_text() == clerk("completion", name).ok()


def test_the_folders_that_the_environment_names_are_used(clerk: Clerk, tmp_path: Path) -> None:
    config, data = tmp_path / "c d", tmp_path / "d;e"
    clerk.extra |= {"HOME": "/nowhere", "XDG_CONFIG_HOME": str(config), "XDG_DATA_HOME": str(data)}
    for name in PLACES:
        clerk.process("completion", "--install", name).ok()
    told = clerk.process("completion", "--install", "zsh")
    assert f"fpath=('{data}/zsh/site-functions' $fpath)" in told.err
    assert (config / "fish/completions/dealtrack.fish").is_file()
    assert (data / "zsh/site-functions/_dealtrack").is_file()
    assert (data / "bash-completion/completions/dealtrack").is_file()
    clerk.process("completion", "--install", "bash", BASH_COMPLETION_USER_DIR=str(tmp_path / "b")).ok()
    assert (tmp_path / "b" / "completions" / "dealtrack").is_file()


@pytest.mark.parametrize("kind", ["file", "typers", "folder", "pipe", "link", "closed"])
def test_a_strangers_file_is_never_replaced(kind: str, clerk: Clerk, tmp_path: Path) -> None:
    place, target = tmp_path / PLACES["fish"], tmp_path / "target"
    place.parent.mkdir(parents=True)
    match kind:
        case "file":
            place.write_text("complete -c other\n")
        case "typers":
            place.write_text("complete -c dealtrack -a '(env _DEALTRACK_COMPLETE=complete_fish dealtrack)'\n")
        case "folder":
            place.mkdir()
        case "pipe":
            os.mkfifo(place)
        case "link":
            place.symlink_to(target)
        case _:
            place.parent.rmdir()
            place.parent.write_text("")
    before = sorted((path, path.is_file() and path.read_bytes()) for path in tmp_path.rglob("*"))
    told = clerk.process("completion", "--install", "fish", HOME=str(tmp_path))
    assert (told.status, told.out) == (3, "")
    assert f"Cannot write {place}: " in told.err
    assert sorted((path, path.is_file() and path.read_bytes()) for path in tmp_path.rglob("*")) == before


def test_a_shell_that_is_not_named_or_not_served_is_refused(clerk: Clerk, tmp_path: Path) -> None:
    assert "The shell is missing. Give bash, zsh or fish." in clerk("completion").err
    told = clerk.process("completion", "--install", HOME=str(tmp_path), SHELL="/bin/dash")
    assert (told.status, told.out) == (2, "")
    assert "The shell cannot be 'dash'." in told.err
    told = clerk.process("completion", "--install", HOME=str(tmp_path))
    assert (told.status, "The shell is missing." in told.err) == (2, True)
    assert list(tmp_path.rglob("*dealtrack*")) == []
