"""The board: what it shows and records, how it follows the time and other clerks, and what it refuses."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from dealtrack.cli.board.app import Board
from dealtrack.cli.board.feed import Feed
from dealtrack.cli.board.listing import Rows, left_of
from dealtrack.cli.language import choose_language
from dealtrack.core.agenda import item_of
from dealtrack.core.text import display_width
from dealtrack.errors import MissingExtra
from dealtrack.register.opening import open_register
from dealtrack.register.queries import Filter, View
from tests.conftest import Clerk, prepared
from tests.registers import copy_register, locked, new_place, remove_register
from tests.terminal import Terminal

MORNING = "2016-11-15T09:00:00+08:00"
PHONE, CONSUMER = "13912345678", "欧阳测试"


class Watch:
    """A clock that is set by hand."""

    def __init__(self, text: str = MORNING) -> None:
        self.set(text)

    def set(self, text: str) -> None:
        """Set the clock."""
        self.now = datetime.fromisoformat(text).astimezone(UTC)

    def __call__(self) -> datetime:
        """Return the moment to which the clock was set."""
        return self.now


@prepared
def desk(clerk: Clerk) -> None:
    """Give a clerk with complaints of every urgency: 1 overdue, 2 due today, 3 running, 4 paused, 5 closed."""
    told = ["--owner", "网监科", "--consumer", CONSUMER, "--phone", PHONE]
    for number, (platform, at) in enumerate(
        [("Tmall", "2016-11-10 10:00"), ("JD", "2016-11-14 09:00"), ("Gome online", "2016-11-15 08:00"),
         ("Amazon", "2016-11-14 10:00"), ("JD", "2016-11-14 11:00")], 1,
    ):  # fmt: skip
        summary = ["--summary", f"第{number}件：保温杯有明显异味，怀疑不合格，要求退货退款。"]
        clerk("add", "--platform", platform, "--number", f"BJ-{number}", "--at", at, *summary, *told).ok()
    clerk("pause", 4, "--reason", "鉴定").ok()
    clerk("complete", 5).ok()


def shown(pilot: Pilot[None]) -> str:
    """Return what stands on the screen."""
    return "\n".join(strip.text for strip in pilot.app.screen._compositor.render_strips())


def order(pilot: Pilot[None]) -> list[str]:
    """Return the lines of the list in short: headings, and the ids of complaints."""
    rows = pilot.app.query_one(Rows)
    return [str(line.item.complaint.id) if line.item else line.text for line in rows._lines]


@pytest.fixture
def at_board(desk: Clerk) -> Callable[..., None]:
    """Give a way to open the board on a screen and to do something there."""

    def run(
        what: Callable[[Pilot[None], Watch], Awaitable[None]],
        size: tuple[int, int] = (80, 24),
        wanted: Filter = Filter(statuses=("open",)),  # noqa: B008
    ) -> None:
        watch = Watch()

        async def scene() -> None:
            with Feed(desk.address, wanted, watch) as feed:
                async with Board(feed, "clerk").run_test(size=size) as pilot:
                    await pilot.pause()
                    await what(pilot, watch)

        asyncio.run(scene())

    return run


def look(pilot: Pilot[None]) -> None:
    """Look again, as the board does every second."""
    app = pilot.app
    assert isinstance(app, Board)
    app.update_items()


def test_days_late_of_a_year_without_a_calendar_are_marked(clerk: Clerk) -> None:
    clerk("add", "--platform", "JD", "--at", "2016-11-14 10:00").ok()
    with open_register(clerk.address) as register:
        (standing,) = register.standings(Filter(), View.of(datetime(2016, 11, 17, 9, tzinfo=UTC)))
        for moment, shown in (("2016-11-17", "2 wd late"), ("2027-02-01", " wd late?")):
            late = datetime.fromisoformat(f"{moment}T09:00:00+08:00").astimezone(UTC)
            item = item_of(standing, late, register.zone)
            assert left_of(item, late, register.calendar, register.zone).endswith(shown)


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (40, 12), (200, 60)])
def test_groups_in_order_of_urgency(at_board: Callable[..., None], size: tuple[int, int]) -> None:
    async def scene(pilot: Pilot[None], watch: Watch) -> None:
        assert order(pilot) == ["OVERDUE 1", "1", "DUE TODAY 1", "2", "NOT YET DUE 1", "3", "PAUSED 1", "4"]
        screen = shown(pilot)
        assert "Tue 2016-11-15 09:00" in screen
        assert "1 overdue   1 due today" in screen
        assert "2 wd late" in screen
        assert "Fri 11-11" in screen
        if size[0] >= 80:
            for text in ("BJ-1", "网监科", "Gome online", "15 h left", "1 wd left", "paused"):
                assert text in screen, screen
        # Nobody asked for it.
        assert PHONE not in screen
        assert CONSUMER not in screen

    at_board(scene, size)


def test_columns_lie_under_their_titles_with_chinese_text(at_board: Callable[..., None]) -> None:
    async def scene(pilot: Pilot[None], watch: Watch) -> None:
        rows = pilot.app.query_one(Rows)
        lines = [rows.render_line(y).text for y in range(9)]
        assert {display_width(line) for line in lines} == {rows.size.width}
        titles = lines[0]
        for line in lines[2::2]:
            before = line[: line.index("网监科")]
            assert display_width(before) == titles.index("owner")

    at_board(scene, (120, 40))


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
def test_in_chinese(at_board: Callable[..., None], size: tuple[int, int]) -> None:
    async def scene(pilot: Pilot[None], watch: Watch) -> None:
        screen = shown(pilot)
        assert "2016-11-15 周二 09:00 \n" in screen
        for text in ("逾期未办 1", "今日到期 1", "逾2工作日", "剩15小时", "11-11 周五", "已中止"):
            assert text in screen, screen
        rows = pilot.app.query_one(Rows)
        assert {display_width(rows.render_line(y).text) for y in range(9)} == {rows.size.width}

    choose_language("zh")
    at_board(scene, size)


def test_a_deadline_that_passes_moves_its_complaint(at_board: Callable[..., None]) -> None:
    async def scene(pilot: Pilot[None], watch: Watch) -> None:
        await pilot.press("down")
        watch.set("2016-11-15T23:30:00+08:00")
        look(pilot)
        await pilot.pause()
        assert "30 min left" in shown(pilot)
        assert "Tue 2016-11-15 23:30" in shown(pilot)
        # At the very deadline it is on time; a second later it is not.
        watch.set("2016-11-15T23:59:59+08:00")
        look(pilot)
        assert order(pilot)[:4] == ["OVERDUE 1", "1", "DUE TODAY 1", "2"]
        watch.set("2016-11-16T00:00:00+08:00")
        look(pilot)
        await pilot.pause()
        assert order(pilot) == ["OVERDUE 2", "1", "2", "DUE TODAY 1", "3", "PAUSED 1", "4"]
        current = pilot.app.query_one(Rows).current
        assert current is not None
        assert current.complaint.id == 2

    at_board(scene)


def test_follows_other_clerks_and_reads_only_what_they_changed(desk: Clerk, at_board: Callable[..., None]) -> None:
    async def scene(pilot: Pilot[None], watch: Watch) -> None:
        assert isinstance(pilot.app, Board)
        feed = pilot.app._feed
        first, kept = feed.register, feed._standings[1]
        assert not feed.update()
        desk("forward", 2).ok()
        desk("add", "--platform", "JD", "--number", "新的").ok()
        look(pilot)
        await pilot.pause()
        assert order(pilot) == ["OVERDUE 1", "1", "NOT YET DUE 3", "3", "6", "2", "PAUSED 1", "4"]
        assert "新的" in shown(pilot)
        assert feed._standings[1] is kept
        desk("complete", "1-3").ok()
        look(pilot)
        assert order(pilot) == ["NOT YET DUE 1", "6", "PAUSED 1", "4"]
        assert feed.register is first
        desk("void", 6, "--reason", "x").ok()
        desk("resume", 4).ok()
        look(pilot)
        assert order(pilot) == ["DUE TODAY 1", "4"]

    at_board(scene)


def test_a_revised_calendar_moves_all(desk: Clerk, at_board: Callable[..., None]) -> None:
    async def scene(pilot: Pilot[None], watch: Watch) -> None:
        desk("calendar", "amend", "2016-11-15", "--off", "--name", "x", "--source", "y", "--yes").ok()
        look(pilot)
        assert order(pilot) == ["OVERDUE 1", "1", "NOT YET DUE 2", "2", "3", "PAUSED 1", "4"]

    at_board(scene)


def test_another_file_in_its_place_and_none_at_all(desk: Clerk, at_board: Callable[..., None]) -> None:
    async def scene(pilot: Pilot[None], watch: Watch) -> None:
        missing = "There is no register at" if isinstance(desk.address, Path) else 'relation "head"'
        away = new_place(desk.home.parent, "away.db")
        copy_register(desk.address, away)
        desk("complete", "1-3").ok()
        look(pilot)
        assert order(pilot) == ["PAUSED 1", "4"]
        remove_register(desk.address)
        look(pilot)
        await pilot.pause()
        assert missing in shown(pilot)
        assert order(pilot) == ["PAUSED 1", "4"]
        copy_register(away, desk.address)
        look(pilot)
        await pilot.pause()
        assert missing not in shown(pilot)
        assert order(pilot)[0] == "OVERDUE 1"

    at_board(scene)


async def filled(pilot: Pilot[None], **texts: str) -> None:
    """Fill in lines of the form and hand them on."""
    for name, text in texts.items():
        pilot.app.screen.query_one(f"#field-{name}", Input).value = text
    await pilot.press("enter")
    for _ in range(100):
        await pilot.pause(0.02)
        form = pilot.app.screen
        if not getattr(form, "_is_busy", False):
            break
    await pilot.pause()


def test_forward_by_key(desk: Clerk, at_board: Callable[..., None]) -> None:
    async def scene(pilot: Pilot[None], watch: Watch) -> None:
        await pilot.press("down", "f")
        assert "Forward 2 (BJ-2, JD, other)" in shown(pilot)
        await filled(pilot, at="tomorrow")
        assert "is in the future" in shown(pilot)
        await filled(pilot, at="08:30", note="交给质量科")
        assert "2 (BJ-2, JD, other): forwarded 2016-11-15 08:30" in shown(pilot)
        assert order(pilot) == ["OVERDUE 1", "1", "NOT YET DUE 2", "3", "2", "PAUSED 1", "4"]
        await pilot.press("f")
        assert "Complaint 2 is forwarded and cannot be forwarded." in shown(pilot)

    at_board(scene)
    told = desk("show", 2).ok()
    assert "history\t2016-11-15 08:30\tforwarded\tclerk\t交给质量科" in told


def test_complete_and_note_by_key(desk: Clerk, at_board: Callable[..., None]) -> None:
    async def scene(pilot: Pilot[None], watch: Watch) -> None:
        await pilot.press("n")
        await filled(pilot)
        assert "The note is missing" in shown(pilot)
        await filled(pilot, note="已电话联系")
        await pilot.press("c")
        await filled(pilot, outcome="refund", amount="一百")
        assert "Invalid amount" in shown(pilot)
        await filled(pilot, amount="199")
        assert order(pilot)[0] == "DUE TODAY 1"
        await pilot.press("c", "escape")
        assert order(pilot)[0] == "DUE TODAY 1"

    at_board(scene)
    told = desk("show", 1).ok()
    assert "completed\tclerk\toutcome refund; amount 199.00" in told
    assert "noted\tclerk\t已电话联系" in told
    assert "status\treceived" in desk("show", 2).ok()


def test_marked_ones_all_or_none(desk: Clerk, at_board: Callable[..., None]) -> None:
    async def scene(pilot: Pilot[None], watch: Watch) -> None:
        await pilot.press("space", "space", "space")
        assert "3 marked" in shown(pilot)
        await pilot.press("f")
        assert "Forward: 1, 2, 3" in shown(pilot)
        # Before 3 was received.
        await filled(pilot, at="2016-11-14 12:00")
        assert "Complaint 3 cannot be forwarded at 2016-11-14 12:00" in shown(pilot)
        assert desk("list", "--status", "forwarded").ok() == ""
        await filled(pilot, at="08:30")
        assert "3 complaints: forwarded" in shown(pilot)
        assert not pilot.app.query_one(Rows).marked

    at_board(scene)
    assert len(desk("list", "--status", "forwarded").ok().splitlines()) == 3


def test_waits_while_another_writes(desk: Clerk, at_board: Callable[..., None]) -> None:
    async def scene(pilot: Pilot[None], watch: Watch) -> None:
        with locked(desk.address):
            await pilot.press("n")
            pilot.app.screen.query_one("#field-note", Input).value = "x"
            await pilot.press("enter")
            await pilot.pause(0.5)
            assert "Another clerk is writing. Waiting ..." in shown(pilot), shown(pilot)
            look(pilot)
        await pilot.pause(1)
        assert "1 (BJ-1, Tmall, other): received" in shown(pilot)
        with locked(desk.address):
            await pilot.press("f")
            await pilot.press("enter", "escape")
        await pilot.pause(1)

    at_board(scene)
    assert "noted\tclerk\tx" in desk("show", 1).ok()
    # Given up while it waited, nothing was recorded.
    assert "status\treceived" in desk("show", 1).ok()


def test_explain_show_search_and_help(at_board: Callable[..., None]) -> None:
    async def scene(pilot: Pilot[None], watch: Watch) -> None:
        await pilot.press("e")
        assert "the day of receipt is not counted" in shown(pilot)
        assert "forward: due Fri 2016-11-11 24:00" in shown(pilot)
        await pilot.press("escape", "enter")
        assert "Complaint 1" in shown(pilot)
        assert "139****5678" in shown(pilot)
        assert PHONE not in shown(pilot)
        await pilot.press("escape", "slash", *"gome 第3", "enter")
        assert order(pilot) == ["NOT YET DUE 1", "3"]
        assert "(1 of 4)" in shown(pilot)
        await pilot.press("slash", *"xyz", "enter")
        assert "No matches." in shown(pilot)
        await pilot.press("f", "c", "n", "e", "enter", "space")
        await pilot.press("escape")
        assert len(order(pilot)) == 8
        await pilot.press("question_mark")
        assert "Space  mark" in shown(pilot)

    at_board(scene, (100, 30))


def test_a_click_puts_the_cursor_and_another_opens_the_complaint(at_board: Callable[..., None]) -> None:
    async def scene(pilot: Pilot[None], watch: Watch) -> None:
        rows, place = pilot.app.query_one(Rows), order(pilot).index("3")
        await pilot.click(Rows, offset=(5, place + 1))
        assert rows.current is not None and rows.current.complaint.id == 3
        assert "Complaint 3" not in shown(pilot)
        await pilot.click(Rows, offset=(5, place + 1))
        await pilot.pause()
        assert "Complaint 3" in shown(pilot)

    at_board(scene)


def test_only_what_is_asked_for(at_board: Callable[..., None]) -> None:
    async def scene(pilot: Pilot[None], watch: Watch) -> None:
        assert order(pilot) == ["DUE TODAY 1", "2"]

    at_board(scene, wanted=Filter(statuses=("open",), platforms=("JD",)))


def test_an_empty_register_and_one_of_many_complaints(clerk: Clerk) -> None:
    async def scene() -> None:
        watch = Watch()
        with Feed(clerk.address, Filter(statuses=("open",)), watch) as feed:
            async with Board(feed, "clerk").run_test(size=(80, 24)) as pilot:
                await pilot.pause()
                assert "No open complaints." in shown(pilot)
                await pilot.press("down", "end", "f", "e", "enter", "space", "slash", "escape")
                rows = clerk.home.with_name("rows.csv")
                rows.write_text("platform,received\n" + "JD,2016-11-14\n" * 3000)
                clerk("import", rows).ok()
                look(pilot)
                await pilot.press("end")
                assert "3000          JD" in shown(pilot)
                await pilot.press("home")
                assert "DUE TODAY 3000" in shown(pilot)

    asyncio.run(scene())


# Where it cannot be


def test_off_a_terminal_it_says_what_to_use(desk: Clerk) -> None:
    ran = desk.process("board")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err == "dealtrack: The board needs a terminal. Use 'dealtrack overdue' and 'dealtrack due'.\n"


def test_without_the_extra_it_says_what_to_install(desk: Clerk) -> None:
    program = (
        "import sys; sys.modules['textual'] = None; from dealtrack.cli.main import main; sys.exit(main(['board']))"
    )
    ran = subprocess.run([sys.executable, "-c", program], env={**os.environ, **desk.environment()},
                         stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)  # fmt: skip
    told = MissingExtra(what="The board", package="Textual", extra="board").message()
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", f"dealtrack: {told}\n")


def _read_until(terminal: Terminal, text: str) -> str:
    return next((screen for screen in terminal.screens() if text in screen), terminal.screen)


def test_on_a_terminal_it_opens_follows_and_leaves(desk: Clerk) -> None:
    with desk.terminal("board") as terminal:
        assert "Gome online" in _read_until(terminal, "Gome online")
        desk("add", "--platform", "JD", "--number", "FRESH").ok()
        assert "FRESH" in _read_until(terminal, "FRESH")
        terminal.type(b"q")
        assert terminal.end() == 0
        assert "\x1b[?1049l" in terminal.screen


def test_an_unknown_platform_is_refused_before_the_screen_opens(desk: Clerk) -> None:
    ran = desk.at_terminal("board", "--platform", "Tmal")
    assert ran.status == 2
    assert "Did you mean Tmall?" in ran.out
    assert "\x1b[?1049h" not in ran.out


def test_a_new_complaint_by_key(desk: Clerk, at_board: Callable[..., None]) -> None:
    async def scene(pilot: Pilot[None], watch: Watch) -> None:
        await pilot.press("a")
        await filled(pilot)
        assert "The platform is missing. Give text." in shown(pilot)
        await filled(pilot, platform="Tmal")
        assert "Unknown platform: Tmal. Did you mean Tmall?" in shown(pilot)
        await filled(pilot, platform="天猫", category="质量", seller="自营", number="BJ-新", at="08:00", summary="漏水")
        assert "6 (BJ-新, Tmall, quality): received 2016-11-15 08:00" in " ".join(shown(pilot).split())
        assert order(pilot) == ["OVERDUE 1", "1", "DUE TODAY 1", "2", "NOT YET DUE 2", "3", "6", "PAUSED 1", "4"]
        await pilot.press("a", "escape")

    at_board(scene)
    told = desk("show", 6).ok()
    for line in ("platform\tTmall", "category\tquality", "seller\tplatform", "owner\tclerk", "summary\t漏水"):
        assert line in told
    assert "The register holds 1 to 6." in desk("show", 7).err


def test_pause_resume_extend_and_reassign_by_key(desk: Clerk, at_board: Callable[..., None]) -> None:
    async def scene(pilot: Pilot[None], watch: Watch) -> None:
        await pilot.press("down", "p")
        await filled(pilot)
        assert "Reason is missing" in shown(pilot)
        await filled(pilot, reason="检测")
        assert order(pilot) == ["OVERDUE 1", "1", "NOT YET DUE 1", "3", "PAUSED 2", "2", "4"]
        await pilot.press("r")
        await filled(pilot)
        assert order(pilot)[2:4] == ["DUE TODAY 1", "2"]
        await pilot.press("f")
        await filled(pilot)
        await pilot.press("x")
        assert pilot.app.screen.query_one("#field-clock", Input).value == "complete", "the stage that it waits for"
        await filled(pilot, by="x", reason="检测")
        assert "Invalid number of working days 'x'" in shown(pilot)
        await filled(pilot, by="300")
        assert "goes far beyond its length of 2 working days" in " ".join(shown(pilot).replace("│", "").split())
        await filled(pilot, by="1")
        assert "Fri 2016-11-18 24:00" in shown(pilot)
        await pilot.press("h")
        assert "网监科" in shown(pilot)
        await filled(pilot)
        assert "New handler is missing" in shown(pilot)
        await filled(pilot, to="海淀所")
        assert "reassigned to 海淀所" in shown(pilot)

    at_board(scene)
    assert (
        desk("list", "--handler", "海淀所", "--columns", "id,forward_due,complete_due").ok()
        == "2\t2016-11-15\t2016-11-18\n"
    )
    kinds = [line.split("\t")[2] for line in desk("show", 2).ok().splitlines() if line.startswith("history")]
    assert kinds == ["received", "paused", "resumed", "forwarded", "extended", "handed-on"]


def test_undo_by_key_says_what_it_takes_back(desk: Clerk, at_board: Callable[..., None]) -> None:
    desk("forward", 3, "--at", "08:30").ok()

    async def scene(pilot: Pilot[None], watch: Watch) -> None:
        await pilot.press("down", "down")
        await pilot.press("v")
        screen = shown(pilot)
        assert "Undo 3 (BJ-3, Gome online, other)" in screen
        assert "forwarded 2016-11-15 08:30, entry " in screen
        await filled(pilot, reason="误登")
        assert "3 (BJ-3, Gome online, other): received 2016-11-15 08:00" in shown(pilot)
        await pilot.press("v")
        assert "received 2016-11-15 08:00, entry " in shown(pilot)
        await filled(pilot, reason="误登")
        assert "complaint 3: all its entries are undone" in shown(pilot)
        assert "3" not in order(pilot)

    at_board(scene)
    assert desk("list", "--status", "voided").ok().startswith("3\t")


def test_one_owners_complaints_and_another_order(desk: Clerk, at_board: Callable[..., None]) -> None:
    desk("add", "--platform", "JD", "--owner", "朝阳所", "--at", "2016-11-15 07:00").ok()
    desk("add", "--platform", "Amazon", "--owner", "-", "--at", "2016-11-15 08:30").ok()

    async def scene(pilot: Pilot[None], watch: Watch) -> None:
        assert order(pilot)[-6:] == ["NOT YET DUE 3", "3", "6", "7", "PAUSED 1", "4"]
        await pilot.press("s", "down", "enter")
        assert order(pilot)[-6:] == ["NOT YET DUE 3", "7", "3", "6", "PAUSED 1", "4"]
        assert "by received" in shown(pilot)
        await pilot.press("s", "down", "enter")
        assert order(pilot)[-6:] == ["NOT YET DUE 3", "7", "3", "6", "PAUSED 1", "4"], "by platform"
        await pilot.press("s", "down", "enter")
        assert order(pilot)[-6:] == ["NOT YET DUE 3", "6", "3", "7", "PAUSED 1", "4"], "by owner, none last"
        await pilot.press("o")
        assert "all (6)" in shown(pilot) and "网监科 (4)" in shown(pilot) and "none (1)" in shown(pilot)
        await pilot.press("down", "down", "enter")
        assert order(pilot) == ["NOT YET DUE 1", "6"]
        assert "owner: 朝阳所" in shown(pilot) and "(1 of 6)" in shown(pilot)
        await pilot.press("o", "escape")
        assert order(pilot) == ["NOT YET DUE 1", "6"]
        await pilot.press("o", "down", "enter")
        assert order(pilot) == ["NOT YET DUE 1", "7"]
        await pilot.press("escape")
        assert len(order(pilot)) == 10

    at_board(scene)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_each_key_fits_on_80_columns(desk: Clerk, at_board: Callable[..., None], language: str) -> None:
    """Forms, choices, help and messages lie within the screen, and the owner is seen whole beside what is constant."""

    async def scene(pilot: Pilot[None], watch: Watch) -> None:
        titles = {
            "en": ("ID", "platform", "owner", "due", "left"),
            "zh": ("序号", "平台", "首问责任", "到期日", "剩余"),
        }
        rows = pilot.app.query_one(Rows)
        line = rows.render_line(0).text
        assert set(titles[language]) <= set(line.split()), line
        assert "网监科" in rows.render_line(2).text
        for key in ("a", "f", "c", "n", "p", "x", "h", "v", "s", "o", "e", "enter", "question_mark"):
            await pilot.press(key)
            inside = pilot.app.screen.query("#form, #page").first().region
            assert inside.x >= 0 and inside.y >= 0 and inside.right <= 80 and inside.bottom <= 24, (key, inside)
            fields = pilot.app.screen.query(Input)
            assert all(inside.contains_region(field.region) and field.size.height == 1 for field in fields), key
            await pilot.press("escape")
        await pilot.press("f")
        await filled(pilot)
        said = [text for text in shown(pilot).splitlines() if "2016-11-15 09:00" in text]
        assert said, shown(pilot)
        assert "…" not in " ".join(said[1:])

    choose_language(language)
    at_board(scene)


def test_the_saved_filter_that_applies_is_named(desk: Clerk) -> None:
    name = desk.address.name if isinstance(desk.address, Path) else desk.address.office

    async def scene() -> None:
        with Feed(desk.address, Filter(statuses=("open",)), Watch()) as feed:
            async with Board(feed, "clerk", "default").run_test(size=(80, 24)) as pilot:
                await pilot.pause()
                assert shown(pilot).splitlines()[0].startswith(f" dealtrack  {name}   filter: default ")

    asyncio.run(scene())
