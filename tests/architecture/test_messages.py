"""How messages are written: the terms of the field and no others, sentences where they are due, Chinese in its own signs."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest

from dealtrack.cli.commands import COMMANDS, GROUP_HELP
from dealtrack.cli.language import ENGLISH_WORDS, GLOSSARY
from dealtrack.errors import SPOKEN, all_errors
from tests import translations
from tests.sources import PACKAGE, calls, modules, name_called

CHINESE = "\u3400-\u9fff"
CODE = re.compile(
    r"'dealtrack [^']*'|'[^']*%[^']*'|“dealtrack [^”]*”|^dealtrack .*$|\{[^}]*\}|(?<!\w)--?[a-z][\w-]*|\[\[[\w.]*\]\]|\"[^\"]*\"",
    re.MULTILINE,
)
"""What a reader types or a message is filled in with, which is no word of the message."""

FORMER_ENGLISH = {
    r"\bverdicts?\b": "deadline status",
    r"\bclocks?\b": "stage or deadline",
    r"\bmet\b": "on time",
    r"\bmissed\b": "late",
    r"\brunning\b": "not yet due",
    r"\bprojected\b": "expected",
    r"\bhand(ed|s)?[ -]on\b": "reassigned",
    r"\bvoid(ed|s)?\b": "undone",
    r"\btaken? in\b|\btakes? in\b": "adopted",
    r"\bhead\b": "checksum",
    r"\bmorning page\b": "daily summary",
    r"\bdecided\b": "done or past due",
    r"\busual\b": "daily mean",
    r"\basked first\b": "owner",
}
"""Words that messages once had for a term of the glossary, and the term."""

FORMER_CHINESE = {
    r"登记册|登记簿": "台账",
    r"政策|(?<!办理)(?<!计算)(?<!全部)规则(?!名)": "办理规则",
    r"(?<!操作)日志": "操作日志",
    r"(?<!工作)(?<!官方)日历(?!文件)": "工作日历",
    r"移交": "转派",
    r"暂停": "中止计时",
    r"(?<!强行)终止": "中止",
    r"结案": "已结",
    r"撤诉": "撤回投诉",
    r"货不对板": "与描述不符",
    r"第三方": "平台内经营者",
    r"证据": "附件",
    r"(?<!全屏)看板": "全屏看板",
    r"督办": "到期与逾期",
    r"摘要": "投诉内容",
    r"哈希": "校验值",
    r"超期|超时": "逾期",
    r"首接|责任人": "首问责任",
    r"时刻": "时间",
    r"属主|何人": "本人、姓名或部门",
    r"外壳": "shell",
    r"收入|作于": "导入、生成于",
    r"(?<!不予受理的)理由": "原因",
    r"(?<!规定)期限(?!均)": "时限",
    r"(?<!现)承办人": "现承办",
    r"分送": "转办",
}
"""The same in Chinese."""

KEPT = frozenset(
    (
        # Time that is shown by a clock, tables and keys of files.
        "computer's clock",
        "the clocks went forward",
        "table clock differs",
        "authority, source and its clocks",
        "both start and stop a clock",
        "two clocks are named",
        "clock forward there is no source",
        # The glossary names former words in brackets.
        *GLOSSARY,
        # What doctor calls a fact, and a program reads.
        "head",
        # The Order's own word, in the glossary.
        "转办（总局令的“分送”）",
        # The Orders' word for ending a mediation.
        "终止调解",
        # The board's own keys.
        "退出看板",
        "不像日历",
    )
)
"""Messages, or parts of them, in which such a word stands for something else."""

STATUS_LINES = frozenset(
    (
        "platform added: {name}",
        "... {count} new complaints in all may be duplicates",
        "the register was upgraded from schema {found} to {known}; backup of the previous one: {backup}",
        "its calendar and policies are unchanged: 'dealtrack calendar refresh' and 'dealtrack doctor' "
        "show what this version would change",
    )
)
"""What is printed as warnings are, and only says what was done."""


def _english() -> Iterator[str]:
    """Yield what English shows of each message; keys that records hold are shown by other words."""
    for message in translations.messages():
        if message.context not in ("verdict", "kind", "status", "end", "daykind", "heading"):
            key = f"{message.context}\x04{message.text}" if message.context else message.text
            yield from (ENGLISH_WORDS.get(key, message.text), message.many)
    yield from (text for key, text in ENGLISH_WORDS.items() if key not in ENGLISH_WORDS.values())
    yield from (ENGLISH_WORDS.get(f"heading\x04{title}", title) for title in translations.COLUMNS)


@cache
def _catalogue() -> dict[tuple[str, str], Any]:
    return translations.translations(translations.read_catalogue("zh_CN"))


def _chinese() -> Iterator[str]:
    for message in _catalogue().values():
        yield from [message.string] if isinstance(message.string, str) else message.string


def _former(texts: Iterator[str], words: dict[str, str]) -> list[str]:
    found = []
    for text in texts:
        left = text
        for kept in sorted(KEPT, key=len, reverse=True):
            left = left.replace(kept, "")
        left = CODE.sub("", left)
        found += [f"{text!r}: say {term}" for word, term in words.items() if re.search(word, left, re.IGNORECASE)]
    return found


def test_no_message_holds_a_former_term() -> None:
    assert not _former(_english(), FORMER_ENGLISH)
    assert not _former(_chinese(), FORMER_CHINESE)


def test_former_terms_would_be_seen() -> None:
    assert len(_former(iter(["The clock of {id} is running", "verdict"]), FORMER_ENGLISH)) == 3
    assert len(_former(iter(["登记册的日志", "办理规则和操作日志"]), FORMER_CHINESE)) == 2


HALF_WIDTH = re.compile(rf"[{CHINESE}] ?[,;:!?()]|[,;:!?()] ?[{CHINESE}]|[{CHINESE}]\.(?!\.)|「|」|[{CHINESE}] ?['\"]")
TYPED = ("电话,微信,QQ,邮箱", ". 或 ,")
"""What is typed with half-width commas, as it is in English."""


def _half_width(text: str) -> bool:
    for typed in TYPED:
        text = text.replace(typed, "")
    return bool(HALF_WIDTH.search(CODE.sub("", text)))


def test_chinese_punctuation_is_full_width() -> None:
    assert not [text for text in _chinese() if _half_width(text)]
    assert all(map(_half_width, ("投诉 3(京东)", "没有平台:京东", "已办结.", "平台「京东」", "请填写, 例如 12")))


def _spoken(node: ast.expr) -> Iterator[str]:
    """Yield the fixed texts that an expression may be, a message that is filled in among them."""
    match node:
        case ast.IfExp():
            yield from (*_spoken(node.body), *_spoken(node.orelse))
        case ast.Constant(value=str(text)) if text:
            yield text
        case ast.BinOp():
            yield from (f"{one}{other}" for one in _spoken(node.left) for other in _spoken(node.right))
        case ast.Call(func=ast.Attribute(attr="format", value=inner)):
            yield from _spoken(inner)
        case ast.Call() if name_called(node) in translations.CALLS and node.args:
            place = 1 if name_called(node) == "_p" else 0
            yield from _spoken(node.args[place])
            if name_called(node) == "_n":
                yield from _spoken(node.args[1])


def _translated(text: str) -> str:
    message = _catalogue().get(("", text))
    return "" if message is None else message.string if isinstance(message.string, str) else message.string[0]


def _is_sentence(text: str) -> bool:
    # What begins with a value, or a path, has no capital; one that ends with a value, its full stop with it.
    return text.endswith((".", "。", "?", "？", "}")) and not re.match(r"[a-z]", text)


@pytest.mark.parametrize("error", all_errors(), ids=lambda error: error.__name__)
def test_an_error_is_sentences_in_both_languages(error: type) -> None:
    english = error.template()  # type: ignore[attr-defined]
    chinese = _translated(english)
    assert len(english.splitlines()) == len(chinese.splitlines())
    for line, same in zip(english.splitlines(), chinese.splitlines(), strict=True):
        assert _is_sentence(line) and _is_sentence(same)
        assert line.endswith(".") == same.endswith("。"), (line, same)


def test_what_an_error_is_filled_in_with_fits_its_sentence() -> None:
    """A value in the midst of a sentence is a part of it; one that stands alone is a sentence of its own."""
    templates = {error.__name__: error.template() for error in all_errors()}
    wrong = []
    for place, call in calls():
        template = templates.get(name_called(call), "")
        for keyword in call.keywords if template else ():
            if keyword.arg not in SPOKEN or f"{{{keyword.arg}}}" not in template:
                continue
            before, after = template.split(f"{{{keyword.arg}}}", 1)
            is_alone = before.endswith((". ", ".")) and not after
            for text in _spoken(keyword.value):
                if is_alone and not _is_sentence(text.strip()):
                    wrong.append(f"{place}: {text!r} is no sentence")
                elif after.startswith(".") and text.endswith("."):
                    wrong.append(f"{place}: {text!r} has a full stop, and its sentence another")
    assert not wrong, "\n".join(wrong)


def _warnings() -> Iterator[tuple[str, str]]:
    """Yield the fixed texts that are printed as warnings, with their places: `warn(_("..."))`, `warn(text.format())`."""
    for path, tree in modules(PACKAGE / "cli"):
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef):
                continue
            named: dict[str, list[str]] = {}
            nodes = sorted(
                (node for node in ast.walk(function) if hasattr(node, "lineno")), key=lambda node: node.lineno
            )
            for node in nodes:
                if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                    named[node.targets[0].id] = list(_spoken(node.value))
                if isinstance(node, ast.Call) and name_called(node) == "warn" and node.args:
                    names = [each.id for each in ast.walk(node.args[0]) if isinstance(each, ast.Name)]
                    ends = [text for each in ast.walk(node.args[0]) for text in _texts_added(each)]
                    texts = list(_spoken(node.args[0])) or [text for name in names for text in named.get(name, ())]
                    yield from ((f"{path.name}:{node.lineno}", text + "".join(ends)) for text in texts)


def _texts_added(node: ast.AST) -> Iterator[str]:
    """Yield what a sum or an f-string puts behind a text, so that it ends in that."""
    if isinstance(node, ast.BinOp):
        yield from _spoken(node.right)
    elif isinstance(node, ast.JoinedStr) and len(node.values) > 1:
        yield "."


def test_a_warning_is_a_sentence_in_both_languages() -> None:
    seen = list(_warnings())
    assert len(seen) > 12, seen
    assert not [(place, text) for place, text in seen if text not in STATUS_LINES and not _is_sentence(text)]
    for _place, text in seen:
        chinese = _translated(text)
        assert not chinese or text in STATUS_LINES or _is_sentence(chinese), chinese


def test_headings_and_names_have_no_full_stop() -> None:
    sections = {entry.section for entry in COMMANDS.values()}
    for text in (*translations.COLUMNS, *translations.FACTS, *GLOSSARY, *sections):
        assert not text.endswith((".", ":"))
    for message in _catalogue().values():
        if message.context in ("heading", "term", "kind", "status", "verdict") or message.id in sections:
            assert not str(message.string).endswith(("。", "：", "；")), message.string


def test_help_is_sentences_in_both_languages() -> None:
    for text in GROUP_HELP.values():
        assert _is_sentence(text) and _is_sentence(_translated(text))
    for message in translations.said_in_help():
        if re.search(r"[^.]\.$", message.text):
            assert _translated(message.text).endswith("。"), message.text
