"""Which encoding a file is in: what is valid GB18030 is Chinese only where its characters say so."""

from collections.abc import Callable
from pathlib import Path

import pytest

from dealtrack.errors import CannotRead, UnknownWord
from dealtrack.exchange.encodings import ENOUGH, chinese_likelihood, encoding_named
from dealtrack.exchange.raw import RawRow
from dealtrack.exchange.readers import open_source
from tests.conftest import Clerk

HEAD = "number,platform,received,consumer\n"
OTHERS = {
    "cp1252": ["Kohl’s Bank", "Macy’s", "Café du Nord", "Müller Möbel", "Süddeutsche Küchen", "Weißes Rößl"],
    "cp1250": ["Łódź", "Małżeństwo Księżyk", "Švédský stůl"],
    "cp932": ["東京ガス株式会社", "日本郵便サービス", "株式会社ローソン", "ｱﾏｿﾞﾝ"],
    "cp949": ["한국전력공사", "쿠팡", "신세계백화점", "(주) 이마트"],
    "big5": ["臺灣電力公司", "中華電信", "統一超商", "全聯福利中心"],
    "cp1251": ["Ростелеком", "Евросеть", "Почта России", "РОССИЯ"],
    "cp1253": ["Κωτσόβολος", "Τράπεζα"],
    "euc_jp": ["東京ガス株式会社", "日本郵便サービス"],
}
CHINESE = [
    ["京东"],
    ["天猫", "国美在线"],
    ["京东", "王喆"],
    ["京东", "朱镕基"],
    ["亚马逊", "李堃", "张犇"],
    ["国美在线", "𠮷野家", "㐂来登"],
    ["苏宁易购", "陶喆", "羋月", "周燚"],
    ["王小明", "欧阳娜娜"],
    ["外壳破裂", "迟迟不发货"],
    ["JD", "鑫淼犇焱有限公司"],
    ["奇瑞汽车股份有限公司", "蔚来ES6售后"],
]


def text_of(names: list[str]) -> str:
    return HEAD + "".join(f"{number},{name},2016-11-11,\n" for number, name in enumerate(names, 1))


def write(folder: Path, content: bytes, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("encoding", OTHERS)
def test_another_encoding_is_not_taken_for_gb18030_and_is_read_where_it_is_named(tmp_path: Path, encoding: str) -> None:
    valid = 0
    for count in (1, 2, len(OTHERS[encoding])):
        names = OTHERS[encoding][:count]
        path = write(tmp_path, text_of(names).encode(encoding))
        with pytest.raises(CannotRead) as caught, open_source(path):
            pass
        assert "--encoding" in str(caught.value)
        valid += "may be GB18030 or another" in str(caught.value)
        with open_source(path, encoding=encoding) as source:
            assert [row.values["platform"] for row in source.rows if isinstance(row, RawRow)] == names
    assert valid or encoding == "cp1250"


@pytest.mark.parametrize("names", CHINESE)
@pytest.mark.parametrize("encoding", ["gb18030", "gbk"])
def test_short_chinese_files_come_in_with_rare_characters_too(tmp_path: Path, names: list[str], encoding: str) -> None:
    try:
        content = text_of(names).encode(encoding)
    except UnicodeEncodeError:
        pytest.skip("GBK lacks a character")
    with open_source(write(tmp_path, content)) as source:
        assert source.encoding == "gb18030"
        assert [row.values["platform"] for row in source.rows if isinstance(row, RawRow)] == names


def test_the_evidence_grows_with_the_text() -> None:
    assert chinese_likelihood(b"plain") == 0 < ENOUGH
    one, many = (chinese_likelihood(("商品质量问题\n" * count).encode("gb18030")) for count in (1, 100))
    assert ENOUGH < one < many


@pytest.mark.parametrize("order", [1, -1])
def test_a_file_that_mixes_encodings_is_refused_with_its_lines(tmp_path: Path, order: int) -> None:
    rows = ["1,京东,2016-11-11,\n".encode("gb18030"), "2,天猫商城,2016-11-11,王小明\n".encode()][::order]
    path = write(tmp_path, HEAD.encode() + b"".join(rows))
    for encoding in ("", "gb18030"):
        with pytest.raises(CannotRead, match=r"line 3") as caught, open_source(path, encoding=encoding):
            pass
        assert "line 2" in str(caught.value) or "damaged" in str(caught.value)


def test_an_encoding_has_the_names_that_people_give_it() -> None:
    assert [encoding_named(name) for name in ("GBK", "gb2312", "Shift_JIS", "EUC-KR", "latin-1", "windows-1252")] == [
        "gb18030", "gb18030", "cp932", "cp949", "cp1252", "cp1252",
    ]  # fmt: skip
    for name in ("nonsense", "rot13", "hex", "unicode_escape", "idna", "\0", ""):
        with pytest.raises(UnknownWord):
            encoding_named(name)


def test_what_was_taken_is_told_whenever_it_is_not_utf8(clerk: Clerk, tmp_path: Path) -> None:
    chinese = write(tmp_path, text_of(["京东"]).encode("gb18030"))
    assert clerk("import", chinese).err == f"{chinese}: read as GB18030\n"
    assert "read as GB18030" in clerk("import", "--suggest", chinese).out
    wide = write(tmp_path, text_of(["京东"]).encode("utf-16"), "wide.csv")
    assert "read as UTF-16-LE" in clerk("import", wide).err
    assert "read as" not in clerk("import", write(tmp_path, text_of(["京东"]).encode(), "utf8.csv")).err


def test_a_named_encoding_is_checked_against_the_file(clerk: Clerk, tmp_path: Path) -> None:
    german = write(tmp_path, text_of(["Müller Möbel"]).encode("cp1252"))
    assert clerk("import", german).status == 2
    told = clerk("import", german, "--encoding", "windows-1252")
    assert told.ok() and f"{german}: read as CP1252" in told.err
    assert "Müller Möbel" in clerk("list").ok()
    assert 'platform = "platform"' in clerk("import", "--suggest", german, "--encoding", "cp1252").out
    utf8 = write(tmp_path, text_of(["Müller"]).encode(), "utf8.csv")
    assert "though it is valid UTF-8" in clerk("import", utf8, "--encoding", "cp1252", "--dry-run").err
    marked = write(tmp_path, text_of(["Müller Möbel"]).encode("utf-8-sig"), "marked.csv")
    assert "the byte order mark of UTF-8" in clerk("import", marked, "--encoding", "cp1252").err
    assert clerk("import", marked, "--encoding", "utf-8", "--dry-run").status == 0
    broken = write(tmp_path, HEAD.encode() + b"1,a,2016-11-11,\n2,\x81\x8d,2016-11-11,\n", "broken.csv")
    assert "line 3, byte 53, is not valid CP1252" in clerk("import", broken, "--encoding", "latin-1").err
    assert clerk("import", broken, "--encoding", "klingon").status == 2


def test_another_encoding_makes_other_blocks(new_clerk: Callable[..., Clerk], clerk: Clerk, tmp_path: Path) -> None:
    """A block that was taken in by one encoding says something else by another, and is not passed over."""
    rows = HEAD + "".join(f"{number},Café {number % 3},2016-11-11,\n" for number in range(2000))
    path = write(tmp_path, rows.encode("cp1252"))
    clerk("import", path, "--encoding", "cp1252").ok()
    assert "2000 unchanged" in clerk("import", path, "--encoding", "cp1252").ok()
    assert clerk("import", path, "--encoding", "cp1250", "--set", "platform=JD").status == 4
