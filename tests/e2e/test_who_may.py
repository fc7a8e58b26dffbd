"""Who may see what: rights of files, arguments of processes, messages, temporary files, links in the evidence."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.conftest import Clerk, Result
from tests.registers import locked, new_place

SECRETS = ("张三丰", "13912345678", "zhang@example.org", "海淀区某路5号")
PERSONAL = ("--consumer", SECRETS[0], "--phone", SECRETS[1], "--email", SECRETS[2], "--address", SECRETS[3])


@pytest.mark.file_only("the rights of files")
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777])
def test_all_that_is_made_is_its_owners_alone_whatever_the_umask(clerk: Clerk, tmp_path: Path, umask: int) -> None:
    home = tmp_path / "new" / "home"
    desk = Clerk(home, new_place(home))
    before = os.umask(umask)
    try:
        desk("init").ok()
        desk("add", "--platform", "JD", "--summary", "shoes", *PERSONAL).ok()
        photograph = tmp_path / "photograph.jpg"
        photograph.write_bytes(b"picture")
        desk("evidence", 1, "--file", photograph).ok()
        desk("backup", home / "copy.db").ok()
        desk("backup", "--keep", 3, home / "copies").ok()
        desk("export", "--to", home / "export.csv").ok()
        bad = tmp_path / "bad.csv"
        bad.write_text("received,platform\nnonsense,JD\n2016-11-01,JD\n")
        assert desk("import", bad, "--skip-bad", "--rejects", home / "rejects.csv").status == 4
    finally:
        os.umask(before)
    loose = [
        f"{path.relative_to(tmp_path)} {path.stat().st_mode & 0o777:o}"
        for path in (home, *home.rglob("*"))
        if path.stat().st_mode & 0o777 & ~(0o700 if path.is_dir() else 0o600)
    ]
    assert not loose
    assert len(list(home.rglob("*"))) >= 7
    assert "can be read by others" not in desk("doctor").err


@pytest.mark.file_only("the rights of files")
@pytest.mark.parametrize("what", ["register", "folder", "evidence", "exhibit"])
def test_the_doctor_reports_looser_rights(clerk: Clerk, tmp_path: Path, what: str) -> None:
    photograph = tmp_path / "photograph.jpg"
    photograph.write_bytes(b"picture")
    clerk("add", "--platform", "JD").ok()
    clerk("evidence", 1, "--file", photograph).ok()
    clerk.db.parent.chmod(0o700)
    assert "can be read by others" not in clerk("doctor").err
    evidence = clerk.db.with_name(f"{clerk.db.name}.evidence")
    exhibit = next(path for path in evidence.rglob("*") if path.is_file())
    path = {"register": clerk.db, "folder": clerk.db.parent, "evidence": evidence, "exhibit": exhibit}[what]
    path.chmod(0o755)
    result = clerk("doctor")
    assert result.status == 1
    assert f"{path} can be read by others (mode 755); run chmod {700 if path.is_dir() else 600} on it" in result.err


CLERKS, GROUP = (12001, 12002), 12000


def _as_user(user: int, desk: Clerk, *arguments: object) -> Result:
    """Run a command in a copy of this process that has a user's rights, and those of the group of clerks alone."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.setgroups([])
        os.setresgid(GROUP, GROUP, GROUP)
        os.setresuid(user, user, user)
        os.umask(0o022)
        result = desk(*arguments)
        os.write(writing, json.dumps([result.status, result.out, result.err]).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    os.waitpid(pid, 0)
    return Result(*json.loads(text))


@pytest.fixture
def shared(clerk: Clerk) -> Iterator[Clerk]:
    """Give a desk whose register is to stand in a folder that a group shares; all that it runs was run here before."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only the superuser can be several clerks")
    for command in (*_DEEDS, ("backup", "--keep", 3, clerk.db.with_name("backups"))):
        clerk(*command)
    # Others cannot reach pytest's own folder.
    with TemporaryDirectory(dir="/tmp") as place:
        home, folder = Path(place), Path(place, "shared")
        home.chmod(0o755)
        folder.mkdir()
        os.chown(folder, CLERKS[0], GROUP)
        folder.chmod(0o2770)
        yield Clerk(folder / "home", new_place(folder))


_DEEDS: tuple[tuple[object, ...], ...] = (
    ("init",),
    ("add", "--platform", "JD", "--consumer", "张测试"),
    ("evidence", 1, "--file", __file__),
    ("forward", 1),
    ("erase", 1, "--reason", "asked", "--yes"),
    ("list",),
    ("doctor", "--format", "json"),
)


@pytest.mark.file_only("the rights of files")
def test_several_clerks_share_the_register_of_a_folder_that_gives_its_group_to_what_is_made_in_it(
    shared: Clerk,
) -> None:
    one, other = CLERKS
    paper, backups = shared.db.with_name("paper"), shared.db.with_name("backups")
    _as_user(one, shared, "init").ok()
    paper.write_text("an invented receipt")
    paper.chmod(0o644)
    for user in (one, other, one):
        _as_user(user, shared, "add", "--platform", "JD", "--consumer", "张测试").ok()
    for id_, user in ((1, one), (2, other)):
        _as_user(user, shared, "evidence", id_, "--file", paper).ok()
        _as_user(user, shared, "forward", id_).ok()
        _as_user(user, shared, "erase", id_, "--reason", "asked", "--yes").ok()
        _as_user(user, shared, "backup", "--keep", 3, backups).ok()
    made = [path for path in shared.db.parent.rglob("*") if path != paper]
    modes = {path.name: f"{path.stat().st_mode & 0o7777:o}" for path in made}
    assert set(modes.values()) == {"660", "2770"}, modes
    assert {path.stat().st_gid for path in made} == {GROUP}
    codes = [each["code"] for each in json.loads(_as_user(other, shared, "doctor", "--format", "json").out)]
    assert not [code for code in codes if code.startswith("rights")]
    shared.db.chmod(0o600)
    told = json.loads(_as_user(one, shared, "doctor", "--format", "json").out)
    assert [each["message"] for each in told if each["code"] == "rights-narrow"] == [
        f"{shared.db} cannot be written by its group (mode 600); run chmod 660 on it"
    ]
    shared.db.chmod(0o664)
    assert "rights-wide" in _as_user(one, shared, "doctor", "--format", "json").out


@pytest.mark.file_only("the rights of files")
def test_the_doctor_ends_with_1_only_for_what_can_be_mended(tmp_path: Path) -> None:
    clerk = Clerk(tmp_path / "home", tmp_path / "own" / "register.db")
    clerk("init").ok()
    clerk("backup", tmp_path / "copy.db").ok()
    calm = clerk("doctor", "--format", "json")
    told = json.loads(calm.out)
    assert calm.status == 0 and all(each.keys() == {"code", "message", "can_be_mended"} for each in told)
    assert {each["code"] for each in told} <= {"sqlite-old"}
    clerk.db.chmod(0o644)
    found = clerk("doctor", "--format", "csv")
    assert found.status == 1 and "rights-wide," in found.out


@pytest.mark.file_only("the rights of files")
def test_the_doctor_names_a_path_as_it_was_given(clerk: Clerk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "lower"
    folder.mkdir()
    clerk("--db", "lower/r.db", "init").ok()
    folder.chmod(0o755)
    assert "\ndealtrack: lower can be read by others" in f"\n{clerk('--db', 'lower/r.db', 'doctor').err}"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a process blanks out its arguments on Linux alone")
def test_personal_data_is_not_in_the_process_title(clerk: Clerk) -> None:
    command = [sys.executable, "-m", "dealtrack", "add", "--platform", "JD", *PERSONAL]
    with locked(clerk.address):
        process = subprocess.Popen(command, env=clerk.environment(), stdout=subprocess.PIPE)
        title = Path(f"/proc/{process.pid}/cmdline")
        deadline = time.monotonic() + 20
        while not (hidden := title.read_bytes().rstrip(b"\0").endswith(b"dealtrack\0add")):
            if time.monotonic() > deadline:
                break
            time.sleep(0.01)
    process.communicate(timeout=60)
    assert hidden and process.returncode == 0
    shown_whole = clerk("show", 1, "--reveal", "--format", "json").ok()
    assert all(secret in shown_whole for secret in SECRETS)


LINES = {
    "add": ("add", "--platform", "JD", "--consumer", "SECRET"),
    "note": ("note", "1", "--note", "SECRET"),
    "erase": ("erase", "1", "--yes", "--reason", "SECRET"),
    "amend": ("--db", "add", "amend", "1", "--consumer", "SECRET"),
    "hand-on": ("--lang=zh", "hand-on", "1", "--to", "SECRET"),
    "": ("--lang", "zh", "SECRET-1", "--to", "SECRET"),
    "policy": ("policy", "show", "SECRET"),
}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a process blanks out its arguments on Linux alone")
@pytest.mark.parametrize("shown", LINES)
def test_every_command_hides_its_arguments_before_it_imports_anything(shown: str) -> None:
    program = (
        "import sys, runpy, builtins\n"
        "before = set(sys.modules)\n"
        "from dealtrack.cli.arguments import hide_arguments\n"
        "hide_arguments()\n"
        "loaded = {name for name in set(sys.modules) - before if not name.startswith('dealtrack')}\n"
        "print(sorted(loaded), flush=True)\n"
        "print(open('/proc/self/cmdline').read().split('\\0', 3)[3].rstrip('\\0'))\n"
        "print(*sys.argv[1:])\n"
    )
    words = LINES[shown]
    ran = subprocess.run([sys.executable, "-c", program, *words], capture_output=True, text=True, check=True)
    assert ran.stdout.splitlines() == ["[]", shown, " ".join(words)]


BAD = [
    ("add", "--platform", "Nowhere", *PERSONAL),
    ("add", "--platform", "JD", "--at", "2030-01-01", *PERSONAL),
    ("add", "--platform", "JD", "--category", "nonsense", *PERSONAL),
    ("add", "--platform", "JD", "--policy", "nonsense", *PERSONAL),
    ("add", "--platform", "JD", "--format", "nonsense", *PERSONAL),
    ("add", "--platform", "JD", "--nonsense", *PERSONAL),
    *(("add", "--platform", "JD", "--consumer", f"{SECRETS[0]}{bad}") for bad in ("\x1b]0;x", "\u202e", "x" * 2000)),
    *(("add", "--platform", "JD", "--phone", f"{SECRETS[1]}{bad}") for bad in ("\x1b]0;x", "\u202e", "9" * 2000)),
    *(("amend", 1, "--email", f"{SECRETS[2]}{bad}") for bad in ("\x1b]0;x", "\u202e", "x" * 2000)),
    *(("amend", 1, "--address", f"{SECRETS[3]}{bad}") for bad in ("\x1b]0;x", "\u202e", "x" * 20_000)),
    ("erase", 1, "--reason", ""),
]


@pytest.mark.parametrize(
    "words", BAD, ids=lambda words: " ".join(map(str, words))[:40].encode("ascii", "replace").decode()
)
def test_no_message_holds_personal_data(clerk: Clerk, words: tuple[object, ...]) -> None:
    clerk("add", "--platform", "JD", *PERSONAL).ok()
    result = clerk(*words)
    assert result.status in (0, 2) and "Traceback" not in result.err
    assert not [secret for secret in SECRETS if secret in result.err + result.out]


def test_no_refused_row_is_printed_with_its_personal_data(clerk: Clerk, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    header = "number,received,platform,consumer,phone,email,address,amount,seller\n"
    personal = ",".join(SECRETS)
    rows.write_text(
        header
        + f"1,nonsense,JD,{personal},,\n"
        + f"2,2016-11-01,,{personal},,\n"
        + f"3,2016-11-01,JD,{personal},1e309,\n"
        + f"4,2016-11-01,JD,{personal},,nobody\n"
        + f"5,2016-11-01,JD,{personal}\x1b,,\n"
        + f"6,2030-11-01,JD,{personal},,\n"
        + f"7,2016-11-01,JD,{SECRETS[0] * 500},{','.join(SECRETS[1:])},,\n"
        + f"8,2016-11-01,JD,{personal},,,,,\n"
    )
    result = clerk("import", rows)
    assert result.status == 4 and "6 refused" in result.out
    assert not [secret for secret in SECRETS if secret in result.err + result.out]


def test_a_row_that_stands_where_the_header_should_is_not_printed(clerk: Clerk, tmp_path: Path) -> None:
    rows = tmp_path / "rows.csv"
    rows.write_text(f"2016-11-01,JD,{','.join(SECRETS)}\n2016-11-02,JD,{','.join(SECRETS)}\n")
    result = clerk("import", rows)
    assert result.status == 2 and "none; the first line holds values" in result.err
    assert not [secret for secret in SECRETS if secret in result.err + result.out]


def test_a_traceback_would_hold_no_values(clerk: Clerk) -> None:
    # Python prints the lines of the program, never the values of its variables; Typer's own would print both.
    from dealtrack.cli.commands import app

    assert app.pretty_exceptions_enable is False


def test_nothing_is_left_in_temporary_folders(clerk: Clerk, tmp_path: Path) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    clerk.extra["TMPDIR"] = clerk.extra["SQLITE_TMPDIR"] = str(place)
    rows = tmp_path / "rows.csv"
    rows.write_text("received,platform,consumer\n" + "".join(f"2016-11-01,JD,张{at}\n" for at in range(300)))
    clerk.process("import", rows).ok()
    clerk.process("import", "-", stdin=rows.read_bytes()).ok()
    clerk.process("export").ok()
    clerk.process("backup", tmp_path / "copy.db").ok()
    clerk.process("verify").ok()
    assert not list(place.iterdir())


HOSTILE = (
    "../../x",
    "/etc/passwd",
    "'; DROP TABLE transition; --",
    '" OR 1=1 --',
    '=HYPERLINK("http://example.org")',
    "\x1b]0;title\x07",
    "$(touch owned)",
    "`touch owned`",
    "%(message)s {0} {self.__class__}",
    "-rf",
    "CON.",
    "\u202egpj.exe",
)


@pytest.mark.parametrize("name", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_names_are_words_and_nothing_more(clerk: Clerk, tmp_path: Path, name: str) -> None:
    rows = tmp_path / "rows.csv"
    text = name.replace('"', '""')
    rows.write_text(f'number,received,platform,summary,owner\n"{text}","2016-11-01","{text}","{text}","{text}"\n')
    taken = clerk("import", rows)
    assert taken.status in (0, 4)
    clerk("platform", "add", f"P{name}")
    for words in (
        ("list", "--platform", name),
        ("list", "--owner", name),
        ("show", f"--number={name}"),
        ("search", "--", name),
        ("add", "--platform", "JD", f"--number={name}", f"--summary={name}", f"--note={name}"),
        ("calendar", "show", "--calendar", name),
        ("policy", "show", name),
        ("import", rows, "--mapping", name),
        ("init", f"--calendar={name}"),
    ):
        result = clerk(*words)
        assert result.status in (0, 2, 3) and "\x1b" not in result.out + result.err
        assert "root:" not in result.out + result.err
    exported = clerk("export").ok()
    assert not [
        cell for line in exported.splitlines() for cell in line.split(",") if cell.strip('"')[:1] in ("=", "+", "@")
    ]
    clerk("verify").ok()
    assert not [path for path in Path.cwd().iterdir() if path.name == "owned"]


@pytest.mark.file_only("the folder of evidence")
def test_links_in_the_evidence_are_not_followed(clerk: Clerk, tmp_path: Path) -> None:
    photograph, secret = tmp_path / "photograph.jpg", tmp_path / "secret"
    photograph.write_bytes(b"picture")
    secret.write_bytes(b"secret")
    clerk("add", "--platform", "JD").ok()
    clerk("evidence", 1, "--file", photograph).ok()
    evidence = clerk.db.with_name(f"{clerk.db.name}.evidence")
    exhibit = next(path for path in evidence.rglob("*") if path.is_file())
    exhibit.unlink()
    exhibit.symlink_to(secret)
    seq = clerk("evidence", 1, "--format", "json").ok().split('"seq": ')[1].split(",")[0].split("\n")[0]
    result = clerk("evidence", 1, "--save", seq, "--to", tmp_path / "saved.jpg")
    assert result.status == 1 and "symbolic link" in result.err
    assert not (tmp_path / "saved.jpg").exists()
    assert clerk("verify").status == 1
    clerk("evidence", 1, "--file", photograph).ok()
    assert not exhibit.is_symlink() and secret.read_bytes() == b"secret"


def test_personal_data_may_come_from_standard_input(clerk: Clerk) -> None:
    words = ("add", "--phone", "-", "--platform", "JD", "--consumer", "-", "--email", "-", "--address", "-")
    clerk.process(*words, stdin="13800138000\r\n王小明\n\n海淀区\nmore\n".encode()).ok()
    names = ("consumer", "phone", "email", "address")

    def held() -> list[str | None]:
        shown = json.loads(clerk("show", 1, "--reveal", "--format", "json").ok())
        return [shown.get(name) for name in names]

    assert held() == ["王小明", "13800138000", None, "海淀区"]
    clerk.process("amend", 1, "--email", "@-", "--address", "-", "--phone", "@-", stdin=b"a@b.cn\n-\n").ok()
    assert held() == ["王小明", None, "a@b.cn", None]
    for bad, told in ((b"", "Line of standard input for --phone is missing"), (b"\n", "--phone is empty")):
        refused = clerk.process("amend", 1, "--phone", "@-", stdin=bad)
        assert refused.status == 2 and told in refused.err
    clerk.process("add", "--platform", "JD", "--consumer", "@-", "--email", "-", stdin="李明\nc@d.cn\n".encode()).ok()
    second = json.loads(clerk("show", 2, "--reveal", "--format", "json").ok())
    assert (second["consumer"], second["email"]) == ("李明", "c@d.cn")
    refused = clerk.process("add", "--platform", "JD", "--consumer", "-", "--phone", "-", stdin="王\n".encode())
    assert refused.status == 2 and "Line of standard input for --phone is missing" in refused.err
    refused = clerk.process("add", "--platform", "JD", "--consumer", "-", stdin=b"\xff\n")
    assert refused.status == 2 and "not UTF-8" in refused.err


def test_on_a_terminal_personal_data_is_asked_for(clerk: Clerk) -> None:
    told = clerk.at_terminal("add", "--platform", "JD", "--phone", "-", "--yes", typed=b"13800138000\n")
    assert told.status == 0 and "phone" in told.out
    assert json.loads(clerk("show", 1, "--reveal", "--format", "json").ok())["phone"] == "13800138000"
