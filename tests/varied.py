"""Varied complaints for a register: every status, every kind of entry, awkward texts, shared and missing numbers."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from dealtrack.core.lifecycle import MERGING, Kind, Status, effective
from dealtrack.core.moments import Moment
from dealtrack.core.vocabulary import CATEGORIES
from dealtrack.errors import DealtrackError
from dealtrack.register.engine import Address
from dealtrack.register.merges import merge
from dealtrack.register.opening import open_register
from dealtrack.register.queries import Personal
from dealtrack.register.recorder import Proposal, Recorder, Work, recording
from dealtrack.register.register import Register
from dealtrack.settings import data_folder
from dealtrack.sources.policies import load_policy
from tests.registers import copy_register, new_place

START = datetime(2016, 10, 1, tzinfo=UTC)
NOW = datetime(2016, 12, 31, 12, tzinfo=UTC)
POLICIES = ("green-channel", "green-channel", "samr-complaint", "odr", "uk-foi")
OUTCOMES = ("refund", "exchange", "advance-compensation", "调解后退一半", "=refund", "repair")
TEXTS = (
    "屏幕有划痕，商家拒绝退换",
    'two\nlines, "quoted"; and\ttabs',
    "dos\r\nlines",
    '=HYPERLINK("http://example.com")',
    "'=already",
    "''",
    "+86 10 8888 8888",
    "-5",
    "@SUM(A1)",
    "＝全角",
    "a red \x1b[31mline\x1b[0m and a bell\x07",
    "back\rover",
    "right \u202eto left\u202c, \u2066isolated\u2069",
    "c1 \x85 \x9b and del \x7f",
    "a literal \\u001b, a \\u005cu001b, \\\\u0007 and _x000D_ _x005F_",
    "line\u2028separator",
    "café, 😀 and 𠮷",
    "00123",
    "2016-11-11",
    "1e5",
    "true",
    "N/A",
    "[1, 2]",
    '{"a": "b"}',
    "null",
    "x" * 3000,
)


class Author:
    """Writes varied complaints into a register, the same ones for the same seed."""

    def __init__(self, register: Register, recorder: Recorder, seed: int, later: timedelta = timedelta(0)) -> None:
        self._random = random.Random(seed)
        self._later = later
        self._register = register
        self._recorder = recorder
        self._numbers: list[str] = []
        self.kinds: dict[Kind, int] = {}

    def write(self, count: int) -> None:
        """Write so many complaints, some of which are voided."""
        for _ in range(count):
            self._complaint()

    def _moment(self, at: datetime) -> Moment:
        return Moment(at, at, False)

    def _record(
        self, complaint: int | None, kind: Kind, at: datetime, detail: dict[str, Any], who: Personal | None = None
    ) -> int | None:
        if kind in MERGING:
            return self._merge(complaint or 0, at)
        try:
            made = self._recorder.record(Work(complaint, (Proposal(kind, self._moment(at), detail),), who))
        except DealtrackError:
            return None
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        return made.complaint.id

    def _merge(self, complaint: int, at: datetime) -> int | None:
        try:
            merge(self._recorder, complaint, self._random.randrange(1, complaint + 1), self._moment(at), {})
        except DealtrackError:
            return None
        for side in MERGING:
            self.kinds[side] = self.kinds.get(side, 0) + 1
        return complaint

    def _number(self) -> str | None:
        chance = self._random.random()
        if chance < 0.2:
            return None
        if chance < 0.3 and self._numbers:
            return self._random.choice(self._numbers)
        number = self._random.choice(("BJ-{}", "+{}", "00{}", "京{}号", "{}")).format(len(self._numbers) + 1)
        self._numbers.append(number)
        return number

    def _personal(self) -> Personal | None:
        draw = self._random
        if draw.random() < 0.5:
            return None
        made = Personal(
            draw.choice((None, "张三", "欧阳娜娜", "Ann Lee", "=cmd")),
            draw.choice((None, f"138{draw.randrange(10**8):08d}", "+86 138 1234 1234", "010-82691234")),
            draw.choice((None, f"user{draw.randrange(10**6)}@example.com")),
            draw.choice((None, "北京市海淀区中关村大街1号", "12 Main\nStreet")),
        )
        return made if any(made) else None

    def _complaint(self) -> None:
        draw = self._random
        at = START + self._later + timedelta(seconds=draw.randrange(80 * 86_400))
        if draw.random() < 0.1:
            # A midnight of Beijing's, which a sheet shows as a day.
            at = at.replace(hour=16, minute=0, second=0)
        policy = self._recorder.use_policy(
            draw.choice(POLICIES), lambda name: load_policy(name, data_folder(), data_folder())
        )
        detail: dict[str, Any] = {
            "platform": draw.choice(("JD", "Tmall", "Amazon", "Gome online")),
            "category": draw.choice(CATEGORIES),
            "policy": policy,
        }
        for name, value in (
            ("number", self._number()),
            ("seller", draw.choice((None, "platform", "third-party"))),
            ("owner", draw.choice((None, "朝阳所", "@clerk"))),
            ("summary", draw.choice((None, *TEXTS))),
            ("note", draw.choice((None, None, None, *TEXTS[:4]))),
            ("category_word", draw.choice((None, None, None, None, "外星人"))),
        ):
            if value is not None:
                detail[name] = value
        if draw.random() < 0.1:
            detail["kept"] = {"Status": "Closed", "列": draw.choice(TEXTS)}
        id_ = self._record(None, Kind.RECEIVED, at, detail, self._personal())
        assert id_ is not None
        for _ in range(draw.choice((0, 1, 2, 2, 3, 4, 6, 9))):
            at = min(at + timedelta(seconds=draw.choice((0, 1, 3600, 86_400, 200_000, 500_000))), NOW + self._later)
            kind = draw.choice([kind for kind in Kind if kind is not Kind.RECEIVED])
            self._record(id_, kind, at, self._detail(kind, id_), self._personal() if kind is Kind.AMENDED else None)

    def _detail(self, kind: Kind, complaint: int) -> dict[str, Any]:
        draw = self._random
        detail: dict[str, Any] = {}
        if draw.random() < 0.2 or kind is Kind.NOTED:
            detail["note"] = draw.choice(TEXTS)
        if kind in (Kind.WITHDRAWN, Kind.REJECTED, Kind.PAUSED, Kind.EXTENDED, Kind.REOPENED) and draw.random() < 0.7:
            detail["reason"] = draw.choice(TEXTS)
        match kind:
            case Kind.COMPLETED:
                if draw.random() < 0.8:
                    detail["outcome"] = draw.choice(OUTCOMES)
                if draw.random() < 0.5:
                    detail["amount"] = f"{draw.randrange(10**6)}.{draw.randrange(100):02d}"
            case Kind.HANDED_ON:
                detail["to"] = draw.choice(("质检科", "=cmd", "goods quality section"))
            case Kind.LETTER:
                detail |= {"letter": "reminder", "format": "docx", "sha256": "0" * 64}
            case Kind.TRANSFERRED:
                detail |= {"to": "朝阳", "sha256": "0" * 64}
            case Kind.REPLIED:
                detail["final"] = draw.random() < 0.5
            case Kind.EVENT:
                detail["name"] = "mediation-ended"
            case Kind.EXTENDED:
                detail |= {
                    "clock": draw.choice(("forward", "complete", "accept", "mediate")),
                    "by": draw.randrange(1, 4),
                }
            case Kind.AMENDED:
                name = draw.choice(
                    ("category", "number", "seller", "owner", "summary", "outcome", "amount", "platform")
                )
                detail[name] = {
                    "category": draw.choice(CATEGORIES),
                    "seller": draw.choice(("platform", "third-party", None)),
                    "amount": draw.choice(("12.50", None)),
                    "platform": draw.choice(("JD", "Tmall")),
                }.get(name, draw.choice(("amended", None, TEXTS[3])))
            case Kind.EVIDENCE:
                detail |= {"name": "a.txt", "size": 3, "sha256": "0" * 64}
            case Kind.VOIDED:
                held = effective(self._recorder.history(complaint))
                detail["seq"] = draw.choice(held).seq if held else 1
        return detail


def write_varied(register: Register, count: int, seed: int = 5, later: timedelta = timedelta(0)) -> dict[Kind, int]:
    """Write so many varied complaints into a register, so much later, and return how many entries there are of each kind."""
    with recording(register, NOW + later, "clerk") as recorder:
        author = Author(register, recorder, seed, later)
        author.write(count)
    return author.kinds


STATUSES = frozenset(Status)


def make_varied(folder: Path, empty: Address, count: int) -> Address:
    """Make a register of varied complaints, of a copy of an empty one, and return where it is."""
    place = new_place(folder)
    copy_register(empty, place)
    with open_register(place) as register:
        write_varied(register, count)
    return place
