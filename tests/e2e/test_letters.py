"""Letters: what they say, in which files, what the history keeps of them, and what a stranger's template cannot do."""

import io
import json
import re
import signal
import sys
import zipfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import docx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2.sandbox import ImmutableSandboxedEnvironment

from dealtrack.core.vocabulary import LETTERS
from dealtrack.errors import BadTemplate
from dealtrack.exchange.templates import Values, limited, render
from dealtrack.phrase import BadValue
from tests import make_letters
from tests.conftest import PROJECT, Clerk, prepared

if sys.platform != "win32":
    import resource

SAMPLE = PROJECT / "data" / "samples" / "double-eleven-2016.csv"
HOSTILE = "张<b>&\"甲'😀"


@prepared
def sample(clerk: Clerk) -> None:
    clerk.now = "2016-11-21T09:00:00+08:00"
    clerk("import", SAMPLE).ok()
    personal = (
        "--consumer",
        HOSTILE,
        "--phone",
        "13800138000",
        "--email",
        "a@example.com",
        "--address",
        "北京市海淀区甲路1号",
    )
    clerk(
        "add",
        "--platform",
        "Tmall",
        "--number",
        "甲/1",
        "--category",
        "delivery",
        "--at",
        "2016-11-18 10:00",
        *personal,
    ).ok()
    clerk("forward", 301, "--at", "2016-11-18 11:00").ok()


@pytest.fixture
def letters(tmp_path: Path) -> Path:
    return tmp_path / "letters"


def chinese(clerk: Clerk, *words: object) -> str:
    return clerk("--lang", "zh", *words).ok()


def configure(clerk: Clerk, text: str) -> None:
    clerk.home.mkdir(exist_ok=True)
    (clerk.home / "config.toml").write_text(text, encoding="utf-8")


def text_of(path: Path) -> str:
    document = docx.Document(str(path))
    rows = ("|".join(cell.text for cell in row.cells) for table in document.tables for row in table.rows)
    return "\n".join((*(paragraph.text for paragraph in document.paragraphs), *rows))


def history(clerk: Clerk, id_: int) -> list[dict[str, str]]:
    told = json.loads(clerk("show", id_, "--format", "json").ok())
    details = [entry["detail"] for entry in told["history"] if entry["kind"] == "letter"]
    return [{name: detail[name] for name in ("letter", "sha256", "format")} for detail in details]


def own_template(clerk: Clerk, name: str, content: str | bytes) -> Path:
    path = clerk.home / "templates" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def made_docx(*paragraphs: str) -> bytes:
    document, out = docx.Document(), io.BytesIO()
    for paragraph in paragraphs:
        document.add_paragraph(paragraph)
    document.save(out)
    return out.getvalue()


def test_a_reminder_to_each_platform(sample: Clerk, letters: Path) -> None:
    configure(sample, 'letterhead = ["某市市场监督管理局", "消保科 & <科>"]')
    told = chinese(sample, "overdue", "--by", "platform", "--out", letters, "--format", "docx")
    assert told.splitlines() == [
        f"reminder\tAmazon\t6, 51, 82, 221\t{letters}/催办函-亚马逊-2016-11-21.docx",
        f"reminder\tGome online\t252\t{letters}/催办函-国美在线-2016-11-21.docx",
        f"reminder\tTmall\t3, 161, 168, 259\t{letters}/催办函-天猫-2016-11-21.docx",
    ]
    assert text_of(letters / "催办函-国美在线-2016-11-21.docx").splitlines() == [
        "某市市场监督管理局",
        "消保科 & <科>",
        "关于消费者投诉逾期未办的催办函",
        "国美在线：",
        "截至2016年11月21日，下列消费者投诉已超过办理时限，尚未办理。请自收到本函之日起抓紧办理，并反馈办理情况。",
        "以上共 1 项。已经办理的，请告知办理时间和结果。",
        "某市市场监督管理局",
        "2016年11月21日",
        "序号|登记编号|类别|收到日期|环节|到期日|已逾期",
        "252|BJ-2016-252|与描述不符|2016年11月13日|办结|2016年11月16日|3 个工作日",
    ]
    for id_ in (6, 51, 82, 221):
        content = (letters / "催办函-亚马逊-2016-11-21.docx").read_bytes()
        assert history(sample, id_) == [{"letter": "reminder", "sha256": sha256(content).hexdigest(), "format": "docx"}]
    assert "发函  clerk  催办函，docx，SHA-256" in " ".join(
        chinese(sample, "show", 252, "--format", "table").split(" " * 4)
    )
    sample("verify").ok()


def test_a_letter_written_once_more_is_no_other_one(sample: Clerk, letters: Path) -> None:
    words = ("overdue", "--by", "owner", "--out", letters, "--format", "html")
    sample(*words).ok()
    before = {path: path.read_bytes() for path in letters.iterdir()}
    sample(*words, now="2016-11-21T17:00:00+08:00").ok()
    assert {path: path.read_bytes() for path in letters.iterdir()} == before
    assert len(history(sample, 252)) == 1
    sample("complete", 252).ok()
    # Another one of the same day has another content.
    refused = sample(*words)
    assert refused.status == 3 and "reminder-朝阳所-2016-11-21.html: a file with other content is there" in refused.err
    assert {path: path.read_bytes() for path in letters.iterdir()} == before
    sample.now = "2016-11-22T09:00:00+08:00"
    sample(*words).ok()
    assert len(list(letters.iterdir())) == 2 * len(before)


def test_what_is_of_another_time_is_not_recorded(sample: Clerk, letters: Path) -> None:
    told = sample("overdue", "--as-of", "2016-11-18 09:00", "--by", "platform", "--out", letters, "--format", "docx")
    assert told.status == 0 and "The histories do not record these letters" in told.err
    assert "reminder-Tmall-2016-11-18.docx" in [path.name for path in letters.iterdir()]
    assert history(sample, 3) == []


def test_nothing_overdue_makes_no_file(clerk: Clerk, letters: Path) -> None:
    clerk("add", "--platform", "JD").ok()
    told = clerk("overdue", "--by", "platform", "--out", letters, "--format", "docx", "--check")
    assert (told.status, told.out, told.err) == (0, "", "")
    told = clerk("letter", 1, "--kind", "reminder", "--out", letters)
    assert (told.status, told.out) == (
        0,
        "",
    ) and told.err == "dealtrack: Nothing of complaint 1 is overdue: no reminder.\n"
    assert not letters.exists()


def test_letters_to_a_consumer(sample: Clerk, letters: Path) -> None:
    told = chinese(sample, "letter", 301, "--kind", "receipt", "--out", letters)
    assert (
        told
        == f"receipt\t张*\t301\t{letters}/受理通知-301-甲_1-2016-11-21-{sha256('受理通知-301-甲/1-2016-11-21'.encode()).hexdigest()[:8]}.docx\n"
    )
    (path,) = letters.iterdir()
    assert text_of(path).splitlines()[1:4] == [
        f"{HOSTILE}：",
        "您于2016年11月18日对“天猫”的投诉（登记编号 甲/1，类别：物流），已经收到并登记。",
        "按照规定，应当在2016年11月22日前办结。",
    ]
    assert "13800138000" not in text_of(path) and "example.com" not in text_of(path)
    sample("complete", 301, "--outcome", "refund", "--amount", "99.5").ok()
    chinese(sample, "letter", 301, "--kind", "result", "--out", letters, "--format", "html")
    (page,) = letters.glob("*.html")
    said = page.read_text()
    assert "张&lt;b&gt;&amp;&#34;甲&#39;😀：" in said and "处理结果：退款，退赔金额 99.50 元。" in said
    assert sorted(entry["letter"] for entry in history(sample, 301)) == ["receipt", "result"]


@pytest.mark.parametrize(
    ("kind", "ending", "reason"),
    [
        ("result", (), "it is not completed yet"),
        ("result", ("withdraw",), "it was withdrawn"),
        ("receipt", ("withdraw",), "it was withdrawn"),
        ("receipt", ("reject", "--reason", "x"), "it was not accepted"),
    ],
)
def test_a_letter_that_would_say_what_is_not_so(
    kind: str, ending: tuple[str, ...], reason: str, clerk: Clerk, letters: Path
) -> None:
    clerk("add", "--platform", "JD").ok()
    clerk("add", "--platform", "JD").ok()
    clerk("complete", 2).ok()
    if ending:
        clerk(ending[0], 1, *ending[1:]).ok()
    told = clerk("letter", "2", "1", "--kind", kind, "--out", letters)
    assert (told.status, told.out) == (
        2,
        "",
    ) and f"Complaint 1 gets no {kind}: {reason}. No letter was written." in told.err
    assert not letters.exists() and history(clerk, 2) == []


def test_a_receipt_waits_for_the_acceptance_where_the_policy_does(clerk: Clerk, letters: Path) -> None:
    clerk("add", "--platform", "JD", "--policy", "samr-complaint", "--at", "2016-11-14").ok()
    assert "it is not accepted yet" in clerk("letter", 1, "--kind", "receipt", "--out", letters).err
    clerk("accept", 1).ok()
    clerk("letter", 1, "--kind", "receipt", "--out", letters, "--format", "html").ok()
    (page,) = letters.iterdir()
    assert "was accepted on 2016-11-15" in page.read_text()
    clerk("reject", 1, "--reason", "不属于本机关管辖").ok()
    chinese(clerk, "letter", 1, "--kind", "result", "--out", letters, "--format", "html")
    (page,) = letters.glob("办结告知*")
    assert "，不予受理。" in page.read_text() and "不予受理的理由：不属于本机关管辖" in page.read_text()


def test_letters_are_shown_on_a_terminal_before_they_are_written(sample: Clerk, letters: Path) -> None:
    told = sample.at_terminal(
        "--lang", "zh", "letter", "252", "3", "--kind", "reminder", "--out", letters, typed=b"n\n"
    )
    assert told.status == 2 and "确认写出 2 份文书？" in told.out and "国美在线" in told.out
    assert not letters.exists() and history(sample, 3) == []
    told = sample.at_terminal("letter", "252", "--kind", "reminder", "--out", letters, typed=b"\n")
    assert told.status == 0 and len(list(letters.iterdir())) == 1
    assert "Write" not in sample.at_terminal("letter", "3", "--kind", "reminder", "--out", letters, "--yes").out


def test_the_offices_own_template(sample: Clerk, letters: Path) -> None:
    place = sample.home / "templates" / "receipt.docx"
    assert chinese(sample, "letter", "--kind", "receipt", "--copy-template") == f"{place}\n"
    assert place.read_bytes() == (PROJECT / "data" / "templates" / "zh" / "receipt.docx").read_bytes()
    place.write_bytes(b"changed by the office")
    refused = chinese_refusal(sample, "letter", "--kind", "receipt", "--copy-template")
    assert "此处已有内容不同的文件" in refused and place.read_bytes() == b"changed by the office"
    elsewhere = sample.home / "elsewhere"
    elsewhere.mkdir()
    configure(sample, 'templates = "elsewhere"')
    # It names every value that there is: they are a fixed list, which the guide has.
    names = guide_values()
    assert names == guide_values("zh")
    one = [name for name in names if name not in ("letterhead", "date", "to", "clerk", "complaint", "complaints")]
    page = (
        "".join(f"<i>{{{{ complaint.{name} }}}}</i>" for name in one)
        + "{{ to }} {{ date }} {{ clerk }} {{ complaints|length }}"
    )
    (elsewhere / "receipt.html").write_text(page)
    sample("letter", 301, "--kind", "receipt", "--out", letters, "--format", "html").ok()
    (path,) = letters.iterdir()
    said = dict(zip(one, re.findall("<i>(.*?)</i>", path.read_text()), strict=True))
    assert (said["id"], said["platform"], said["due"]) == ("301", "Tmall", "2016-11-22")
    assert (said["phone"], said["phone_whole"], said["consumer"]) == ("138****8000", "13800138000", "张*")
    assert said["address"] == "北京市海淀区****" and said["email"] == "a***@example.com"
    assert path.read_text().endswith(" 2016-11-21 clerk 1")


def chinese_refusal(clerk: Clerk, *words: object) -> str:
    told = clerk("--lang", "zh", *words)
    assert told.status != 0
    return told.err


def guide_values(language: str = "en") -> list[str]:
    """Return the values that the guide says a template may name."""
    page = (PROJECT / "dealtrack" / "help" / language / "letters.md").read_text()
    rows = [line.split("|")[1] for line in page.splitlines() if line.startswith("| `") and "--kind" not in line]
    return [name for row in rows for name in re.findall(r"`(\w+)`", row) if name not in LETTERS]


def test_a_template_that_names_no_personal_data_gets_none(sample: Clerk, letters: Path) -> None:
    own_template(sample, "receipt.html", "{{ complaint }}{% for name in complaint %}{{ complaint[name] }}{% endfor %}")
    sample("letter", 301, "--kind", "receipt", "--out", letters, "--format", "html").ok()
    (path,) = letters.iterdir()
    said = path.read_text()
    assert "Tmall" in said and not any(text in said for text in ("张", "138", "example.com", "海淀"))
    assert "consumer" not in said and "phone" not in said


HOSTILE_TEMPLATES = [
    ("{{ cycler.__init__.__globals__.os.popen('touch FILE').read() }}", "there is no value named cycler"),
    ("{{ lipsum.__globals__['os'].popen('touch FILE').read() }}", "there is no value named lipsum"),
    ("{{ to.__class__.__mro__[1].__subclasses__() }}", "__class__ is not allowed in a template"),
    ("{{ self.__init__.__globals__ }}", "__init__ is not allowed in a template"),
    ("{{ '{0.__class__}'.format(to) }}", "__class__ is not allowed in a template"),
    ("{{ complaint.get.__self__ }}", "__self__ is not allowed in a template"),
    ("{{ to|attr('__class__') }}", "__class__ is not allowed in a template"),
    ("{{ letterhead.append('x') }}", "append is not allowed in a template"),
    ("{{ complaint.update({'id': 9}) }}", "update is not allowed in a template"),
    ("{% include '/etc/passwd' %}", "no loader for this environment specified"),
    ("{% import '/etc/passwd' as x %}", "no loader for this environment specified"),
    ("{{ complaint.consumer_whole|safe }}", "No filter named 'safe'"),
    ("{{ complaint.consumr }}", "there is no value named consumr, perhaps consumer"),
    ("{{ leterhead }}", "there is no value named leterhead, perhaps letterhead"),
    ("{{ 1 // 0 }}", "division or modulo by zero"),
    ("{% for x in complaints %}", "Unexpected end of template"),
    ("{{ complaint.id.x }}", "there is no value named x"),
    ("{{ 'a' * 10**12 }}", "it takes too much memory or time"),
    ("{{ ('a' * 100000)|replace('a', 'b' * 100000) }}", "it takes too much memory or time"),
]


@pytest.mark.parametrize(("text", "reason"), HOSTILE_TEMPLATES)
def test_a_strangers_template_reaches_nothing(
    text: str, reason: str, sample: Clerk, letters: Path, tmp_path: Path
) -> None:
    mark = tmp_path / "reached"
    text = text.replace("FILE", str(mark))
    own_template(sample, "receipt.html", text)
    own_template(sample, "receipt.docx", made_docx("first", text, "last"))
    for fmt in ("html", "docx"):
        told = sample("letter", 301, "--kind", "receipt", "--out", letters, "--format", fmt)
        assert (told.status, told.out) == (2, ""), fmt
        assert f"receipt.{fmt}: " in told.err and reason.lower() in told.err.lower()
        assert told.err.count("\n") <= 2
    assert not mark.exists() and not letters.exists() and history(sample, 301) == []


def repacked(data: bytes, **parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, parts.pop(name, source.read(name)))
        for name, content in parts.items():
            target.writestr(name, content)
    return out.getvalue()


def remote(data: bytes) -> bytes:
    name = "word/_rels/document.xml.rels"
    with zipfile.ZipFile(io.BytesIO(data)) as source:
        relations = source.read(name).decode()
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/attachedTemplate"
    one = f'<Relationship Id="rId99" Type="{kind}" Target="http://example.com/x.dotm" TargetMode="External"/></Relationships>'
    return repacked(data, **{name: relations.replace("</Relationships>", one).encode()})


PLAIN = made_docx("plain")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is not a DOCX file"),
        (b"<html>", "it is not a DOCX file"),
        (PLAIN[:3000], "it is not a DOCX file"),
        (repacked(PLAIN, **{"word/vbaProject.bin": b"x"}), "it holds macros"),
        (remote(PLAIN), "it fetches attachedTemplate from http://example.com/x.dotm"),
        (repacked(PLAIN, **{"word/big.xml": bytes(51_000_000)}), "its parts have more than 50,000,000 bytes"),
        (bytes(5_000_001), "it has more than 5,000,000 bytes"),
        (repacked(PLAIN, **{"word/document.xml": b"<w:document"}), ""),
        (made_docx("{%p if to %}", "said"), "Unexpected end of template"),
        (made_docx("{% if to %}said", "more{% endif %}", "{{r to }}"), ""),
    ],
)
def test_a_file_that_is_no_template(content: bytes, reason: str, sample: Clerk, letters: Path) -> None:
    own_template(sample, "receipt.docx", content)
    told = sample("letter", 301, "--kind", "receipt", "--out", letters)
    if told.status:
        assert told.status == 2 and reason in told.err and "receipt.docx: " in told.err
        assert not letters.exists()
    else:
        assert not reason


def test_no_entity_of_a_template_is_fetched(sample: Clerk, letters: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("of this machine alone")
    with zipfile.ZipFile(io.BytesIO(made_docx("before ENTITY after"))) as source:
        document = source.read("word/document.xml").decode()
    declared = f'<!DOCTYPE w:document [<!ENTITY x SYSTEM "file://{secret}">]><w:document'
    document = document.replace("<w:document", declared, 1).replace("ENTITY after", "&x; after")
    own_template(sample, "receipt.docx", repacked(made_docx("x"), **{"word/document.xml": document.encode()}))
    sample("letter", 301, "--kind", "receipt", "--out", letters)
    for path in letters.glob("*"):
        assert "of this machine alone" not in text_of(path)


def test_templates_in_headers_footers_and_properties_run_in_the_sandbox_too(sample: Clerk, letters: Path) -> None:
    document, out = docx.Document(), io.BytesIO()
    document.sections[0].header.paragraphs[0].text = "{{ letterhead[0] }}"
    document.core_properties.title = "{{ to }}"
    document.save(out)
    configure(sample, 'letterhead = ["甲 & <乙>"]')
    own_template(sample, "receipt.docx", out.getvalue())
    sample("letter", 301, "--kind", "receipt", "--out", letters).ok()
    (path,) = letters.iterdir()
    assert docx.Document(str(path)).sections[0].header.paragraphs[0].text == "甲 & <乙>"
    document.core_properties.title = "{{ ''.__class__ }}"
    document.save(str(sample.home / "templates" / "receipt.docx"))
    assert "__class__ is not allowed" in sample("letter", 301, "--kind", "receipt", "--out", letters).err


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_whatever_a_value_holds_it_stands_in_the_letter_as_text(text: str) -> None:
    from dealtrack.core.text import safe_text

    safe = safe_text(text)
    values = {"complaint": Values({"number": safe})}
    page = render(Path("x.html"), b"<p>{{ complaint.number }}</p>", values).decode()
    assert "<" not in page[3:-4] and (safe == "" or page != "<p></p>")
    letter = render(Path("x.docx"), made_docx("a{{ complaint.number }}z", "end"), values)
    first, last = docx.Document(io.BytesIO(letter)).paragraphs
    assert (first.text, last.text) == (f"a{safe}z", "end")


def test_files_of_letters_stay_where_they_are_told_to(clerk: Clerk, letters: Path, tmp_path: Path) -> None:
    file = tmp_path / "in.csv"
    names = ("../../x", "a/b", "CON", "ab", "-rf", "天猫")
    file.write_text("platform,number,received\n" + "".join(f"{name},{name},2016-11-01\n" for name in names))
    clerk("import", file).ok()
    before = set(tmp_path.rglob("*"))
    clerk("overdue", "--by", "platform", "--out", letters, "--format", "html").ok()
    clerk("letter", "1-6", "--kind", "receipt", "--out", letters, "--format", "html").ok()
    new = set(tmp_path.rglob("*")) - before - {letters}
    assert {path.parent for path in new} == {letters} and len(new) == 12
    assert {path.stat().st_mode & 0o777 for path in new} == {0o600}


def test_a_letter_is_refused_where_something_else_is(sample: Clerk, letters: Path) -> None:
    letters.mkdir()
    name = "reminder-252-BJ-2016-252-2016-11-21.html"
    words = ("letter", 252, 3, "--kind", "reminder", "--out", letters, "--format", "html")
    other = letters.with_name("other.txt")
    other.write_text("precious")
    (letters / name).symlink_to(other)
    told = sample(*words)
    assert told.status == 3 and f"{name}: a file with other content is there" in told.err
    assert [path.name for path in letters.iterdir()] == [name] and other.read_text() == "precious"
    told = sample("letter", 252, "--kind", "reminder", "--out", other)
    assert told.status == 3 and "Cannot write" in told.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("letter", "1"), "Kind of letter is missing. Give --kind reminder."),
        (("letter", "1", "--kind", "receipt"), "Folder for the letters is missing. Give --out DIR."),
        (("letter", "1", "--kind", "recepit", "--out", "x"), "Did you mean receipt?"),
        (("letter", "1", "--kind", "receipt", "--out", "x", "--format", "pdf"), "Allowed: docx, html."),
        (("letter", "--kind", "receipt", "--out", "x"), "The complaint is missing."),
        (("letter", "999", "--kind", "receipt", "--out", "x"), "There is no complaint 999"),
        (("overdue", "--by", "category", "--out", "x", "--format", "docx"), "Allowed: platform, owner."),
    ],
)
def test_letters_that_are_asked_for_wrongly(words: tuple[str, ...], said: str, sample: Clerk) -> None:
    told = sample(*words)
    assert (told.status, told.out) == (2, "") and said in told.err


def test_a_letter_without_the_extra_says_what_to_install(
    sample: Clerk, letters: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dealtrack.cli.letters.find_spec", lambda name: None)
    told = sample("letter", 301, "--kind", "receipt", "--out", letters)
    assert (told.status, told.out) == (2, "")
    line = (
        "A letter needs docxtpl, which is not installed. In dealtrack's source folder, run: pip install '.[letters]'."
    )
    assert line in told.err


def test_letters_go_along_when_a_register_is_exported_and_rebuilt(
    sample: Clerk, letters: Path, tmp_path: Path, new_clerk: Callable[..., Clerk], made_register: Path
) -> None:
    sample("letter", 252, "--kind", "reminder", "--out", letters).ok()
    sample("recheck", "--rebuild").ok()
    sample("export", "--to", tmp_path / "all.jsonl", "--format", "jsonl", "--reveal").ok()
    other = new_clerk(made_register, sample.now)
    other("import", tmp_path / "all.jsonl").ok()
    assert history(other, 252) == history(sample, 252) != []


@pytest.mark.parametrize(("html", "word"), make_letters.pairs(), ids=lambda path: f"{path.parent.name}-{path.name}")
def test_the_shipped_templates_say_the_same_in_both_forms(html: Path, word: Path, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.docx"
    fresh.write_bytes(make_letters.make_docx(html.read_text(encoding="utf-8"), html.parent.name))
    assert text_of(fresh) == text_of(word), "python -m tests.make_letters makes them anew"


def test_templates_are_there_in_every_language_and_name_only_what_there_is(sample: Clerk, letters: Path) -> None:
    sample("complete", 301, "--outcome", "refund").ok()
    for language in ("en", "zh"):
        for fmt in ("docx", "html"):
            sample("--lang", language, "letter", 252, "--kind", "reminder", "--out", letters, "--format", fmt).ok()
            for kind in ("receipt", "result"):
                sample("--lang", language, "letter", 301, "--kind", kind, "--out", letters, "--format", fmt).ok()
    assert len(list(letters.iterdir())) == 12


def test_a_template_gives_the_same_bytes_whenever_it_is_filled_in() -> None:
    source = (PROJECT / "data" / "templates" / "zh" / "reminder.docx").read_bytes()
    values = {"letterhead": [], "to": "x", "date": "y", "complaints": []}
    assert render(Path("reminder.docx"), source, values) == render(Path("reminder.docx"), source, values)
    with pytest.raises(BadTemplate):
        render(Path("x.html"), b"\xff\xfe", values)


# Where a callback of the tests' own tools is interrupted, the interruption is lost there and comes again.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows limits neither")
@pytest.mark.parametrize(
    "text", ["{% for a in x %}{% for b in x %}{{ a }}{% endfor %}{% endfor %}", "{{ [1]|slice(10**9)|list }}"]
)
def test_what_takes_too_long_is_stopped_and_the_limits_are_as_before(text: str) -> None:
    before = resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGVTALRM)
    with pytest.raises(BadValue), limited(seconds=0.2):
        ImmutableSandboxedEnvironment().from_string("{% set x = ('a' * 100000)|list %}" + text).render()
    assert (resource.getrlimit(resource.RLIMIT_AS), signal.getsignal(signal.SIGVTALRM)) == before
