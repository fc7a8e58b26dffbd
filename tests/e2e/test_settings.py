"""Settings: which of option, environment, the user's file and the office's file applies; files that are broken or hostile."""

import json
import os
import pwd
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from platformdirs import user_data_path

from dealtrack.core.text import display_width
from dealtrack.core.vocabulary import OFFICE_SUFFIX
from dealtrack.errors import BadSettings, HomeUnknown, NoOfficeFile, NotForOffice, SettingRefused, UnknownSetting
from dealtrack.settings import KEYS, Settings, user_folder
from tests.conftest import MORNING, PROJECT, Clerk, Result, run_bare

ENGLISH, CHINESE = "Format cannot be", "格式不能是"


@pytest.fixture
def desk(clerk: Clerk) -> Clerk:
    """Give a clerk with a complaint, whose environment names neither the register nor the user."""
    clerk("add", "--platform", "JD", "--owner", "朝阳所", "--at", "2016-11-01 10:00").ok()
    clerk.home.mkdir(exist_ok=True)
    return clerk


def own(clerk: Clerk, text: str) -> Path:
    """Write the user's file."""
    clerk.home.mkdir(exist_ok=True)
    path = clerk.home / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def offices(clerk: Clerk, text: str | bytes) -> Path:
    """Write the office's file."""
    path = Path(f"{clerk.db}{OFFICE_SUFFIX}")
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def bare(clerk: Clerk, *words: object, **environment: str) -> Result:
    """Run a command as cron does, told only where the user's folder is, and the time."""
    given = {"DEALTRACK_HOME": str(clerk.home), "DEALTRACK_NOW": MORNING, **environment}
    return run_bare([sys.executable, "-m", "dealtrack", *map(str, words)], PROJECT, **given)


@pytest.mark.file_only("the office's file of settings")
@pytest.mark.parametrize(
    ("option", "variable", "users", "office", "locale", "said"),
    [
        ("", "", "", "", "", ENGLISH),
        ("", "", "", "", "zh_CN.UTF-8", CHINESE),
        ("", "", "", "zh", "en_US.UTF-8", CHINESE),
        ("", "", "en", "zh", "zh_CN.UTF-8", ENGLISH),
        ("", "zh", "en", "en", "en_US.UTF-8", CHINESE),
        ("en", "zh", "zh", "zh", "zh_CN.UTF-8", ENGLISH),
    ],
)
def test_option_goes_before_environment_before_the_users_file_before_the_offices_before_the_locale(
    option: str, variable: str, users: str, office: str, locale: str, said: str, desk: Clerk
) -> None:
    if users:
        own(desk, f'language = "{users}"\n')
    if office:
        offices(desk, f'language = "{office}"\n')
    words = ["--lang", option] if option else []
    named = {"DEALTRACK_DB": str(desk.address), "DEALTRACK_LANG": variable, "LANG": locale}
    told = bare(desk, *words, "list", "--format", "tabel", **named)
    assert told.status == 2
    assert said in told.err


@pytest.mark.parametrize("words", [("--help",), ("list", "--help"), ("lst",), ("list", "--no-such"), ("show", " ")])
def test_help_and_refusals_of_wrong_usage_are_said_in_the_language_of_the_settings(
    words: tuple[str, ...], desk: Clerk
) -> None:
    own(desk, 'language = "zh"\n')
    said = desk(*words)
    assert any("\u4e00" <= sign <= "\u9fff" for sign in said.out + said.err)
    assert "--help" not in words or "显示本说明" in said.out


@pytest.mark.file_only("the office's file of settings")
def test_register_and_user_of_the_settings_serve_a_bare_environment(desk: Clerk) -> None:
    own(desk, f'register = "../{desk.db.name}"  # goes on from this folder\nactor = "张三"\n')
    assert bare(desk, "note", 1, "--note", "x").status == 0
    told = bare(desk, "show", 1, "--format", "json").out
    assert '"actor": "张三"' in told
    assert bare(desk, "note", 1, "--note", "y", DEALTRACK_ACTOR="李四").status == 0
    assert '"actor": "李四"' in bare(desk, "show", 1, "--format", "json").out
    elsewhere = bare(desk, "--db", desk.home / "none.db", "list")
    assert (elsewhere.status, "There is no register" in elsewhere.err) == (3, True)
    assert bare(desk, "list", DEALTRACK_DB=str(desk.home / "none.db")).status == 3


def test_what_is_piped_never_changes_with_settings(desk: Clerk) -> None:
    commands = [
        ("list",),
        ("overdue",),
        ("due",),
        ("show", "1"),
        ("list", "--format", "json"),
        ("export",),
        ("digest",),
    ]
    before = [desk.process(*words).out for words in commands]
    text = (
        'language = "zh"\npage = 1\ncolours = "on"\nletterhead = ["X"]\n[filters]\nnone = "--owner nobody"\n'
        '[columns]\nlist = ["id"]\noverdue = ["id"]\ndue = ["id"]\n[ask]\nowner = true\n'
    )
    own(desk, text)
    after = [desk.process(*words, DEALTRACK_LANG="en").out for words in commands]
    assert after == before
    assert [desk.process(*words).out for words in commands[:-1]] == before[:-1]


OFFICE_REFUSED = {
    "register": '"/etc/passwd"',
    "actor": '"root"',
    "section": '"x"',
    "templates": '"/tmp"',
    "mail.sendmail": '"/bin/sh"',
    "mail.smtp": '"evil.example.org:25"',
    "mail.from": '"a@example.org"',
    "mail.user": '"x"',
    "mail.password_file": '"/etc/shadow"',
}


def test_the_keys_that_an_office_may_not_set_are_these() -> None:
    assert {key.name for key in KEYS.values() if not key.is_office} == OFFICE_REFUSED.keys()


@pytest.mark.file_only("the office's file of settings")
@pytest.mark.parametrize("key", OFFICE_REFUSED)
def test_the_offices_file_sets_no_command_server_path_or_name(key: str, desk: Clerk) -> None:
    group, _, name = key.rpartition(".")
    head = f"[{group}]\n" if group else ""
    path = offices(desk, f'# ours\ncolours = "off"\n{head}{name} = {OFFICE_REFUSED[key]}\n')
    said = desk("list")
    assert (said.status, said.out) == (2, "")
    line = 4 if group else 3
    assert f"Settings {path}: the office's file may not set {key}; it belongs in your own settings (line {line})" in (
        said.err
    )


HOSTILE = {
    "not TOML": (b"language = zh\n", "it is not TOML"),
    "not text": (b"\xff\xfe\x00", "it is not UTF-8 text"),
    "a register": (b"SQLite format 3\0" + bytes(5000), "it is not TOML"),
    "large": (b"#" * 70_000, "larger than 16 KiB"),
    "deep": (b"a = " + b"[" * 10_000, "it is not TOML"),
    "many dots": (b".".join([b"a"] * 8_000) + b" = 1", "unknown key"),
    "a great number": (b"page = " + b"9" * 12_000, ""),
    "no such page": (b"page = 0", "page: it must be a whole number from 1 to 9999"),
    "a date": (b"page = 2016-11-11", "page: it must be a whole number"),
    "an escape": (b'letterhead = ["\\u001b[2J"]', "letterhead: it contains a control character"),
    "a turned line": (b'letterhead = ["\\u202e"]', "letterhead: it contains a control character"),
    "a new line": (
        b'[filters]\nmine = "--owner x\\n--out /etc"',
        "filters.mine: it contains a control character (line 2)",
    ),
    "a long text": (b'[filters]\nmine = "' + b"x" * 2000 + b'"', "it has 2,000 characters"),
    "many columns": (b"[columns]\nlist = [" + b'"id",' * 300 + b"]", "it has 300 parts"),
    "columns of numbers": (b"[columns]\nlist = [1]", "columns.list: it must be text"),
    "a table of columns": (b"[columns.list]\na = 1", "columns.list: it must be a list of texts"),
    "an array": (b"[[filters]]\na = 1", "unknown key 'filters'"),
    "a number of language": (b"language = 1", "language: it must be en / zh"),
    "a name of a filter": (b'[filters]\n"../x" = "a"', "unknown key 'filters.../x'"),
    "an escape as key": (b'"\\u001b[2J" = 1', "unknown key"),
    "a file": (b'letterhead = "head.txt"', "the office's file gives the lines themselves, not a file"),
    "a slip": (b"\ncolour = 'on'", "unknown key 'colour'; Did you mean colours?"),
    "empty": (b'letterhead = "  "\n[filters]\nx = " "', "it is empty"),
    "a word": (b"[ask]\nnote = 'maybe'", "ask.note: it must be true / false (line 2)"),
}


@pytest.mark.file_only("the office's file of settings")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_of_an_office_is_refused_in_one_line(name: str, desk: Clerk) -> None:
    content, reason = HOSTILE[name]
    path = offices(desk, content)
    before = sorted(path.parent.iterdir())
    said = desk("list")
    assert (said.status, said.out) == (2, "")
    assert said.err.startswith(f"dealtrack: Settings {path}: ")
    assert reason in said.err
    assert said.err.count("\n") == 1
    assert "Traceback" not in said.err
    assert said.err.rstrip("\n").isprintable()
    assert sorted(path.parent.iterdir()) == before


@pytest.mark.file_only("the office's file of settings")
@pytest.mark.parametrize("kind", ["link", "loop", "pipe", "folder", "device"])
def test_what_is_no_file_is_not_followed_and_not_waited_for(kind: str, desk: Clerk, tmp_path: Path) -> None:
    path = Path(f"{desk.db}{OFFICE_SUFFIX}")
    own_file = own(desk, 'language = "en"\n')
    match kind:
        case "link":
            path.symlink_to(own_file)
        case "loop":
            path.symlink_to(path)
        case "pipe":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case _:
            path.symlink_to("/dev/zero")
    own_file.unlink()
    if kind == "link":
        own(desk, "")
    said = desk("list")
    assert (said.status, said.out) == (2, "")
    assert f"Settings {path}: " in said.err


@pytest.mark.file_only("the office's file of settings")
def test_no_output_takes_the_place_of_the_offices_file(desk: Clerk) -> None:
    """A folder or list there would bar every command of everybody."""
    path = Path(f"{desk.db}{OFFICE_SUFFIX}")
    lists = ("overdue", "--by", "platform", "--out", path)
    letters = ("letter", 1, "--kind", "reminder", "--format", "html", "--out", path)
    for words in (("export", "--to", path), lists, letters, ("backup", path), ("due", "--ics", path)):
        told = desk("--lang", "en", *words)
        assert told.status and "reserved for the settings of an office" in told.err, words
        assert not os.path.lexists(path)
    desk("list").ok()


@pytest.mark.file_only("the office's file of settings")
def test_a_link_to_the_register_leads_to_the_offices_file_beside_the_register_itself(
    desk: Clerk, tmp_path: Path
) -> None:
    offices(desk, 'language = "zh"\n')
    link = tmp_path / "elsewhere" / "link.db"
    link.parent.mkdir()
    link.symlink_to(desk.db)
    assert CHINESE in desk("--db", link, "list", "--format", "tabel").err


@pytest.mark.parametrize("words", ["list", "overdue", "add --platform JD", "board", "calendar next 2"])
def test_a_broken_file_of_the_users_is_named_with_its_line_and_what_to_do(words: str, desk: Clerk) -> None:
    path = own(desk, '# mine\nactor = "x"\nlangage = "zh"\n')
    said = desk(*words.split())
    assert (said.status, said.out) == (2, "")
    reason = "unknown key 'langage'; Did you mean language?"
    assert said.err.startswith(f"dealtrack: Settings {path}: {reason}")
    assert "(line 3). Correct the file; 'dealtrack help settings' describes it." in said.err
    path.write_text('actor = "x\n')
    said = desk(*words.split())
    assert (said.status, said.out) == (2, "")
    assert f"Settings {path}: it is not TOML" in said.err
    assert "line 1" in said.err
    assert issubclass(BadSettings, Exception)


@pytest.mark.parametrize("words", ["--help", "list --help", "help", "help start", "--version", "completion bash"])
def test_a_broken_file_bars_no_help(words: str, desk: Clerk) -> None:
    path = own(desk, "language = zh\n")
    said = desk(*words.split())
    assert said.status == 0
    assert said.out
    assert f"Settings {path}: it is not TOML" in said.err


@pytest.mark.file_only("whoever has no rights reaches no server of the tests")
def test_a_file_that_cannot_be_read_is_named_and_a_closed_folder_is_as_none(desk: Clerk) -> None:
    path = own(desk, "")
    path.chmod(0)
    said = desk.without_rights("list")
    assert (said.status, said.out) == (2, "")
    assert f"Settings {path}: Permission denied" in said.err
    path.chmod(0o600)
    desk.home.chmod(0)
    try:
        desk.without_rights("list").ok()
    finally:
        desk.home.chmod(0o700)


@pytest.mark.file_only("the office's file of settings")
def test_the_letterhead_is_its_lines_or_a_file_beside_the_users(desk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEALTRACK_HOME", str(desk.home))

    def letterhead() -> object:
        return Settings({"register": str(desk.address)}).value("letterhead")

    assert letterhead() == ()
    offices(desk, 'letterhead = ["北京市市场监督管理局", "　投诉举报中心"]\n')
    assert letterhead() == ("北京市市场监督管理局", "投诉举报中心")
    own(desk, 'letterhead = """\n北京市\n网监科"""\n')
    assert letterhead() == ("北京市", "网监科")
    own(desk, 'letterhead = "head.txt"\n')
    with pytest.raises(BadSettings, match=r"there is no file head\.txt in the same folder"):
        letterhead()
    (desk.home / "head.txt").write_text("一\n\n二\n", encoding="utf-8")
    assert letterhead() == ("一", "二")
    (desk.home / "head.txt").write_bytes("北京市".encode("gb18030"))
    with pytest.raises(BadSettings, match=r"head\.txt is not UTF-8 text"):
        letterhead()
    (desk.home / "head.txt").unlink()
    (desk.home / "head.txt").symlink_to("/etc/passwd")
    with pytest.raises(BadSettings, match="it is a link"):
        letterhead()
    own(desk, 'letterhead = "../head.txt"\n')
    with pytest.raises(BadSettings, match="the file must be in the same folder"):
        letterhead()


def test_paths_of_the_users_file_go_on_from_its_folder_or_from_a_home(
    desk: Clerk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DEALTRACK_HOME", str(desk.home))
    own(desk, f'templates = "letters"\n[mail]\npassword_file = "~{pwd.getpwuid(0).pw_name}/secret"\n')
    settings = Settings({})
    assert settings.value("templates") == str(desk.home / "letters")
    assert settings.value("mail.password_file") == f"{pwd.getpwuid(0).pw_dir}/secret"
    own(desk, 'templates = "~no-such-user/x"\n')
    with pytest.raises(BadSettings, match=r"templates: there is no such user \(line 1\)"):
        Settings({}).value("templates")


@pytest.mark.file_only("the office's file of settings")
def test_each_value_is_read_as_what_it_is(desk: Clerk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEALTRACK_HOME", str(desk.home))
    own(
        desk,
        '\ufeffpage = 20\n[ask]\nowner = true\nnote = "否"\n[columns]\nlist = "id，platform, owner"\n'
        '[filters]\n"我的" = "--owner 朝阳所"\n[mail]\nsmtp = "[::1]:25"\nfrom = "desk@example.org"\n',
    )
    offices(desk, '[filters]\n"我的" = "--owner x"\nweek = "--from 2016-11-07"\n[ask]\nnote = true\n')
    settings = Settings({"register": str(desk.address)})
    assert (settings.value("page"), settings.value("ask.owner"), settings.value("ask.note")) == (20, True, False)
    assert settings.value("columns.list") == ("id", "platform", "owner")
    assert settings.value("columns.due") == ()
    assert settings.names("filters") == ["我的", "week"]
    assert settings.setting("filters.我的") == ("filters.我的", "--owner 朝阳所", "user")
    assert settings.setting("filters.week") == ("filters.week", "--from 2016-11-07", "office")
    assert settings.value("mail.smtp") == "[::1]:25"
    with pytest.raises(UnknownSetting, match="Did you mean columns"):
        settings.value("column.list")
    for wrong in ('smtp = "mail.example.org"', 'smtp = "mail:99999"', 'smtp = "a b:25"', 'from = "desk"'):
        own(desk, f"[mail]\n{wrong}\n")
        with pytest.raises(BadSettings, match="it must be"):
            Settings({}).value("mail.user")


@pytest.mark.parametrize(
    "environment",
    [{"HOME": "/home/x"}, {"HOME": "/home/x", "XDG_DATA_HOME": "/srv/y"}, {"XDG_DATA_HOME": "y", "HOME": "/z"}, {}],
)
def test_the_users_folder_is_where_platformdirs_has_it(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HOME", "XDG_DATA_HOME", "DEALTRACK_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert user_folder() == user_data_path("dealtrack", appauthor=False)
    monkeypatch.setenv("DEALTRACK_HOME", "/elsewhere")
    assert user_folder() == Path("/elsewhere")


HOMELESS = """
import os, sys
from dealtrack.cli.main import main
os.environ.update(DEALTRACK_DB=sys.argv[1])
import platformdirs.unix, pwd
main(["list"])
os.setuid(54321)
del os.environ["DEALTRACK_DB"]
sys.exit(main(["list"]))
"""


@pytest.mark.file_only("the office's file of settings")
def test_a_user_without_a_home_is_told_what_to_set(desk: Clerk) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can become a user that the system does not know")
    ran = subprocess.run(
        [sys.executable, "-c", HOMELESS, desk.db], cwd=PROJECT, env={}, capture_output=True, text=True, check=False
    )
    assert ran.stdout, "a register that is named needs no home"
    assert (ran.returncode, ran.stderr.splitlines()[-1]) == (2, f"dealtrack: {HomeUnknown.template()}")


def test_colours_are_on_where_the_settings_say_so_and_off_under_no_color(desk: Clerk) -> None:
    assert "\x1b[" in _raw(desk)
    assert "\x1b[" not in _raw(desk, TERM="dumb")
    own(desk, 'colours = "on"\n')
    assert "\x1b[" in _raw(desk, TERM="dumb")
    assert "\x1b[" not in _raw(desk, NO_COLOR="1")
    own(desk, 'colours = "off"\n')
    assert "\x1b[" not in _raw(desk)


def _raw(clerk: Clerk, **extra: str) -> str:
    kept, clerk.extra = clerk.extra, extra
    shown = clerk.at_terminal("overdue").ok()
    clerk.extra = kept
    return shown


def test_settings_cost_a_daily_command_one_module(desk: Clerk) -> None:
    program = "import sys; from dealtrack.cli.main import main; main(['list']); print(*sorted(sys.modules))"

    def loaded() -> set[str]:
        ran = subprocess.run(
            [sys.executable, "-c", program], cwd=PROJECT, env=desk.environment(), capture_output=True, check=True
        )
        return set(ran.stdout.decode().splitlines()[-1].split())

    without = loaded()
    assert not without & {"tomllib", "platformdirs", "dealtrack.sources.toml_files"}
    own(desk, 'language = "en"\n[columns]\nlist = ["id"]\n')
    more = {name for name in loaded() - without if not name.startswith("tomllib")}
    assert {name for name in more if name.startswith("dealtrack")} <= {
        "dealtrack.sources",
        "dealtrack.sources.toml_files",
    }


@pytest.mark.file_only("the office's file of settings")
def test_config_shows_what_applies_and_from_where(desk: Clerk) -> None:
    own(desk, 'language = "en"\nactor = "张三"\n[filters]\nmine = "--owner 朝阳所"\n')
    offices(desk, 'page = 20\nletterhead = ["北京市", "网监科"]\nlanguage = "zh"\n')
    rows = {line.split("\t")[0]: line.split("\t")[1:3] for line in desk("config").ok().splitlines()}
    assert desk("config", "list").out == desk("config").out
    assert rows["register"] == [str(desk.address), "environment"]
    assert rows["actor"] == ["clerk", "environment"]
    assert rows["language"] == ["en", "user"]
    assert rows["filters.mine"] == ["--owner 朝阳所", "user"]
    assert rows["page"] == ["20", "office"]
    assert rows["letterhead"] == ["北京市, 网监科", "office"]
    assert rows["colours"] == ["auto", "default"]
    assert rows["mail.smtp"] == ["", "default"]
    assert rows.keys() == {name for name in KEYS if name != "filters.NAME"} | {"filters.mine"}
    records = json.loads(desk("--db", desk.address, "config", "list", "--format", "json").out)
    assert {
        "key": "register",
        "value": str(desk.address),
        "origin": "option",
        "meaning": "Register: file or server.",
    } in records
    assert next(each for each in records if each["key"] == "letterhead")["value"] == ["北京市", "网监科"]
    assert desk("config", "list", "--office", "--format", "csv").out.splitlines()[1:] == [
        "page,20,office,Rows per page on a terminal.",
        'letterhead,"北京市, 网监科",office,Lines at the head of letters; or a .txt file in your folder.',
        "language,zh,office,Language of messages.",
    ]
    assert desk("config", "get", "letterhead").out == "北京市\n网监科\n"
    assert desk("config", "get", "ask.owner").out == "false\n"
    assert desk("config", "get", "page").out == "20\n"
    assert desk("config", "get", "section").ok() == ""


@pytest.mark.file_only("the office's file of settings")
@pytest.mark.parametrize(("language", "words"), [("en", "your|office's|default"), ("zh", "本人|单位|默认")])
@pytest.mark.parametrize("width", [80, 120])
def test_config_on_a_terminal_is_a_table_in_the_users_language(
    language: str, words: str, width: int, desk: Clerk
) -> None:
    own(desk, f'language = "{language}"\nsection = "朝阳所"\n')
    offices(desk, "page = 20\n")
    shown = desk.at_terminal("config", width=width, NO_COLOR="1").ok()
    assert all(word in shown for word in words.split("|"))
    assert all(display_width(line) <= width for line in shown.splitlines())
    assert ("meaning" if language == "en" else "含义") in shown
    assert str(desk.home / "config.toml") in shown.replace("\n", "")


def test_set_and_unset_keep_all_else_in_the_file(desk: Clerk) -> None:
    before = (
        '# mine\nlanguage = "en"  # for now\n\n[mail]\n# the office\'s relay\nsmtp = "mail:25"\n\n[ask]\nnote = true\n'
    )
    path = own(desk, before)
    assert desk("config", "set", "language", "中文").ok() == f"language: zh (in {path})\n"
    assert path.read_text() == before.replace('"en"', '"zh"')
    desk("config", "set", "language", "en").ok()
    desk("config", "set", "mail.from", "desk@example.org").ok()
    desk("config", "set", "columns.list", "id，number", "platform").ok()
    desk("config", "set", "page", "25").ok()
    text = path.read_text()
    assert all(line in text.splitlines() for line in before.splitlines())
    assert tomllib.loads(text) == {
        "language": "en", "page": 25, "mail": {"smtp": "mail:25", "from": "desk@example.org"}, "ask": {"note": True},
        "columns": {"list": ["id", "number", "platform"]},
    }  # fmt: skip
    assert path.stat().st_mode & 0o777 == 0o600
    for key in ("page", "mail.from", "columns.list"):
        assert f"{key}: no longer set in {path}" in desk("config", "unset", key).ok()
    text = path.read_text()
    assert tomllib.loads(text.replace("[columns]\n", "")) == tomllib.loads(before)
    assert desk("config", "unset", "page").ok() == f"page is not set in {path}; nothing was changed\n"
    assert path.read_text() == text
    assert sorted(each.name for each in desk.home.iterdir()) == ["config.toml"]


def test_a_first_setting_makes_the_folder_for_its_user_alone(desk: Clerk, tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    desk.process("config", "set", "ask.note", "yes", DEALTRACK_HOME=str(home)).ok()
    assert (home / "config.toml").read_text() == "[ask]\nnote = true\n"
    assert [each.stat().st_mode & 0o777 for each in (home, home / "config.toml")] == [0o700, 0o600]


@pytest.mark.file_only("the office's file of settings")
def test_the_offices_file_is_the_groups_that_shares_the_folder_and_the_users_never(desk: Clerk) -> None:
    desk("config", "set", "letterhead", "北京市", "网监科", "--office").ok()
    path = Path(f"{desk.db}{OFFICE_SUFFIX}")
    assert path.read_text() == 'letterhead = ["北京市", "网监科"]\n'
    assert path.stat().st_mode & 0o777 == 0o600
    desk.db.parent.chmod(0o2770)
    desk.home.chmod(0o2770)
    desk("config", "set", "letterhead", "北京市", "--office").ok()
    desk("config", "set", "page", "20").ok()
    assert (desk.home / "config.toml").stat().st_mode & 0o777 == 0o600
    assert path.read_text() == 'letterhead = ["北京市"]\n'
    assert path.stat().st_mode & 0o777 == 0o660
    told = desk("config", "set", "actor", "x", "--office")
    assert (told.status, told.out) == (NotForOffice.exit_code, "")
    assert "The office's file may not set actor." in told.err
    assert desk("config", "unset", "letterhead", "--office", "--quiet").out == ""
    assert path.read_text() == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("page 0", "page cannot be '0': it must be a whole number from 1 to 9999."),
        ("page x y", "page cannot be 'x y': it must be a whole number"),
        ("language fr", "language cannot be 'fr': it must be en / zh."),
        ("colours red", "colours cannot be 'red': it must be auto / on / off."),
        ("ask.owner maybe", "ask.owner cannot be 'maybe': it must be true / false."),
        ("mail.smtp mail.example.org", "it must be a host and a port"),
        ("letterhead none.txt", "there is no file none.txt in the same folder"),
        ("actr x", "Unknown setting: actr. Did you mean actor?"),
        ("filters x", "Unknown setting: filters."),
        ("filters.a/b x", "Unknown setting: filters.a/b."),
        ("filters.mine --ownr 朝阳所", "--ownr is not allowed in a filter. Did you mean --owner"),
        ("filters.mine --owner", "--owner takes one value."),
        ("filters.mine 朝阳所", "朝阳所 is not allowed in a filter."),
        ("filters.mine --format json", "--format is not allowed in a filter."),
        ("filters.mine '--owner \"朝阳'", "a quotation mark is not closed."),
        ("columns.list id plattform", "Column cannot be 'plattform'. Did you mean platform?"),
        ("columns.due complete_due", "Column cannot be 'complete_due'."),
        ("section \x1b[2J", "it contains a control character"),
    ],
)
def test_a_bad_value_is_refused_with_what_is_allowed_and_nothing_is_written(words: str, said: str, desk: Clerk) -> None:
    told = desk("config", "set", *shlex.split(words))
    assert (told.status, told.out) == (2, "")
    assert said in told.err
    assert "\x1b" not in told.err
    assert not (desk.home / "config.toml").exists()
    assert SettingRefused.exit_code == UnknownSetting.exit_code == 2


def test_a_saved_filter_is_the_text_of_options_with_quotes_where_they_are_needed(desk: Clerk) -> None:
    desk("config", "set", "filters.mine", "--owner", "朝阳 所", "--status", "open").ok()
    assert desk("config", "get", "filters.mine").out == "--owner '朝阳 所' --status open\n"
    desk("config", "set", "filters.mine", "--owner 朝阳所").ok()
    assert desk("config", "get", "filters.mine").out == "--owner 朝阳所\n"
    desk("config", "set", "columns.list", "序号", "平台", "办结", "audit_due").ok()
    assert desk("config", "get", "columns.list").out == "id\nplatform\ncomplete_due\naudit_due\n"


@pytest.mark.file_only("the office's file of settings")
def test_a_hostile_filter_of_an_office_is_words_and_nothing_is_run(desk: Clerk, tmp_path: Path) -> None:
    for text in ("--owner $(touch stolen)", "--owner `touch stolen`", "--owner x; touch stolen", "--out=/tmp/stolen"):
        offices(desk, f"[filters]\ndefault = '{text}'\nx = '{text}'\n")
        piped = desk.process("list")
        assert piped.ok().count("\n") == 1, "a default filter is for people alone"
        for told in (desk("list", "--filter", "x"), desk.at_terminal("list"), desk.at_terminal()):
            assert told.status in (0, 2)
            assert "Traceback" not in told.out + told.err
    assert list(tmp_path.rglob("*stolen*")) == list(PROJECT.glob("*stolen*")) == []


def test_paths_are_kept_whole_and_what_goes_before_is_said(desk: Clerk, tmp_path: Path) -> None:
    told = desk("config", "set", "register", "elsewhere.db")
    assert told.ok() == f"register: {Path.cwd() / 'elsewhere.db'} (in {desk.home / 'config.toml'})\n"
    assert told.err == f"now: {desk.address} (environment)\n"
    assert desk("config", "unset", "register").err == f"now: {desk.address} (environment)\n"
    assert desk("config", "set", "register", "~/x.db").ok().startswith("register: ~/x.db (in")


@pytest.mark.parametrize(
    "content", ["language = zh\n", "langage = 'zh'\npage = 0\n", "mail = 3\n", "[[filters]]\na = 1\n"]
)
def test_config_still_serves_where_a_file_is_broken(content: str, desk: Clerk) -> None:
    path = own(desk, f"{content}# end\n")
    shown = desk("config")
    assert shown.status == 0
    assert "page\t\tdefault" in shown.out
    assert shown.err.count(f"Settings {path}: ") == 1
    assert desk("config", "get", "actor").out == "clerk\n"
    if "zh\n" in content:
        told = desk("config", "set", "language", "zh")
        assert (told.status, told.out) == (2, "")
        assert path.read_text() == f"{content}# end\n"
        return
    if "langage" in content:
        desk("config", "unset", "langage").ok()
        assert desk("config", "set", "page", "20").ok()
        assert path.read_text() == "page = 20\n# end\n"
        desk("list").ok()
        return
    key = "mail.user" if "mail" in content else "filters.mine"
    told = desk("config", "set", key, "--status=open")
    assert (told.status, told.out) == (2, "")
    assert f"{key} cannot be changed by this command" in told.err
    assert path.read_text() == f"{content}# end\n"


@given(
    st.dictionaries(st.sampled_from(["language", "page", "section", "ask", "mail", "filters"]), st.integers(0, 3)),
    st.lists(st.sampled_from(["# c", "", "   "]), max_size=3),
    st.sampled_from(["page 7", "mail.user me", "filters.我的 --status=open", "ask.note no", "columns.due id,due"]),
    st.booleans(),
)
def test_whatever_the_file_one_key_changes_and_each_comment_stays(
    parts: dict[str, int], fillers: list[str], words: str, is_windows: bool
) -> None:
    texts = {
        "language": "language = 'en'", "page": "page = 3", "section": "section = '朝阳所'  # ours",
        "ask": "[ask] # what\nowner = true\nnote = true", "mail": "mail.smtp = 'a:1' # relay\nmail.user = 'x'",
        "filters": "[filters]\n# mine\n\"我的\" = '--owner x'",
    }  # fmt: skip
    order = [name for name in texts if name in parts and name not in ("ask", "filters")]
    order += [name for name in ("filters", "ask") if name in parts]
    text = "".join(f"{texts[name]}\n" + "".join(f"{each}\n" for each in fillers) for name in order)
    with TemporaryDirectory() as folder:
        clerk = Clerk(Path(folder), Path(folder) / "register.db")
        path = own(clerk, "")
        path.write_bytes(text.replace("\n", "\r\n" if is_windows else "\n").encode())
        key, value = words.split(" ", 1)
        clerk("config", "set", key, value).ok()
        after = path.read_text(encoding="utf-8")
        group, _, name = key.partition(".")
        expected = tomllib.loads(text)
        (expected.setdefault(group, {}) if name else expected)[name or group] = {
            "page": 7,
            "ask.note": False,
            "columns.due": ["id", "due"],
        }.get(key, value)
        assert tomllib.loads(after) == expected
        assert after.count("#") == text.count("#")
        clerk("config", "unset", key).ok()
        del (expected[group] if name else expected)[name or group]
        left = tomllib.loads(path.read_text(encoding="utf-8"))
        assert {k: v for k, v in left.items() if v != {}} == {k: v for k, v in expected.items() if v != {}}


ADDRESS = "postgresql://db.example.org/dealtrack?office=haidian"


def test_the_address_of_a_server_stays_as_it_is_written(desk: Clerk) -> None:
    assert desk("config", "set", "register", ADDRESS).ok().startswith(f"register: {ADDRESS} (in ")
    assert tomllib.loads((desk.home / "config.toml").read_text()) == {"register": ADDRESS}
    assert bare(desk, "config", "get", "register").ok() == f"{ADDRESS}\n"
    # A path beside it that only looks like one still goes on from the file's folder.
    own(desk, 'register = "postgresql/register.db"\n')
    assert bare(desk, "config", "get", "register").ok() == f"{desk.home}/postgresql/register.db\n"
    shown = bare(desk, "--db", ADDRESS, "config", "list", "--format", "json").ok()
    assert {"value": ADDRESS, "origin": "option"}.items() <= json.loads(shown)[0].items()
    desk.extra["DEALTRACK_DB"] = ADDRESS
    advised = desk.at_terminal("config", "list", width=300).ok()
    assert ADDRESS in advised and "your settings: " in advised and "office's" not in advised


def test_a_register_on_a_server_has_no_file_of_the_office(desk: Clerk) -> None:
    for words in (["list", "--office"], ["set", "language", "zh", "--office"], ["unset", "language", "--office"]):
        told = desk("--db", ADDRESS, "config", *words)
        assert (told.status, told.out) == (NoOfficeFile.exit_code, "")
        assert "A register on a server has no file of settings" in told.err
    # Nor is one looked for: the address is no path.
    assert Settings({"register": ADDRESS}).office_file == {}


SECRET = "Tr0ub4dor"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (f"postgresql://li:{SECRET}@h/d?office=haidian", "password"),
        (f"postgresql://h/d?office=haidian&password={SECRET}", "password"),
        (f"postgresql://li:{SECRET}/d?office=haidian", "HOST:PORT"),
        ("postgresql://h/d", "names no office"),
        ("postgresql://h/d?office=pg_x", "PostgreSQL uses this name itself"),
        ("postgresql://h/d?offce=haidian", "offce cannot be set in it"),
    ],
)
def test_an_address_that_cannot_be_used_is_refused_wherever_it_stands(address: str, said: str, desk: Clerk) -> None:
    told = desk("config", "set", "register", address)
    assert told.status == 2 and said in told.err and not (desk.home / "config.toml").exists()
    own(desk, f'register = "{address}"\n')
    broken = bare(desk, "list")
    assert broken.status == BadSettings.exit_code and "config.toml" in broken.err and said in broken.err
    named = bare(desk, "--db", address, "config", "list")
    assert (named.status, named.out) == (2, "") and said in named.err
    assert not any(SECRET in text for ran in (told, broken, named) for text in (ran.out, ran.err))
