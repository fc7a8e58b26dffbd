"""A mapping proposed for a file: printed as TOML that import reads, with the first rows as they would be read."""

from pathlib import Path

import pytest

from dealtrack.exchange.mapping import Mapping, read_mapping
from dealtrack.exchange.suggesting import mapping_toml, suggest_mapping
from dealtrack.settings import data_folder
from tests.conftest import PROJECT, Clerk
from tests.integration.test_shipped_mappings import workbook_12315

OWN = """\
投诉编号,被投诉企业,投诉时间,转办日期,办结时间,问题类别,处理结果,赔付金额,投诉人,手机号,投诉内容,备注
1,京东,31/10/2016 09:30,01/11/2016,03/11/2016,质量,退款,199,张三,13812341234,=坏了,x
2,天猫,01/11/2016 10:00,N/A,,外星人,,,李四,13900001111,迟迟不发货,
"""


@pytest.fixture
def no_register(clerk: Clerk) -> Clerk:
    clerk.db.unlink()
    return clerk


def suggested(clerk: Clerk, folder: Path, path: Path, *options: str) -> Path:
    mine = folder / "mine.toml"
    mine.write_text(clerk("import", "--suggest", path, *options).ok(), encoding="utf-8")
    return mine


def test_a_file_of_ones_own(clerk: Clerk, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text(OWN)
    told = clerk("import", "--suggest", path)
    assert told.ok() == (
        "# words that stand for no category, and become other unless [values.category] tells: 外星人\n"
        "# columns that it does not read: 备注\n"
        'name = "suggested"\ndates = ["%d/%m/%Y", "%d/%m/%Y %H:%M"]\nblanks = "n/a"\n\n[columns]\n'
        'number = "投诉编号"\nplatform = "被投诉企业"\ncategory = "问题类别"\nreceived = "投诉时间"\n'
        'forwarded = "转办日期"\ncompleted = "办结时间"\noutcome = "处理结果"\namount = "赔付金额"\n'
        'consumer = "投诉人"\nphone = "手机号"\nsummary = "投诉内容"\n'
    )
    first, second = told.err.splitlines()
    assert first.split("\t")[:6] == ["2", "1", "京东", "quality", "2016-10-31 09:30", "2016-11-01 00:00"]
    assert "张*\t138****1234" in first and second.split("\t")[:4] == ["3", "2", "天猫", "other"]
    assert clerk("list").ok() == ""
    mapping = suggested(clerk, tmp_path, path)
    assert clerk("import", path, "--mapping", mapping).ok().startswith("2 rows: 2 added")


@pytest.mark.parametrize(
    ("name", "pairs"),
    [("complaints.ods", ()), ("complaints.xls", ()), ("complaints.ods", ("--map", "forwarded=转办日期"))],
)
def test_a_workbook_and_without_a_register(
    no_register: Clerk, tmp_path: Path, name: str, pairs: tuple[str, ...]
) -> None:
    path = PROJECT / "tests" / "data" / name
    mapping = read_mapping(suggested(no_register, tmp_path, path, *pairs))
    assert mapping.columns == {
        "number": ("登记编号",), "platform": ("平台",), "received": ("收到时间",), "forwarded": ("转办日期",),
    }  # fmt: skip
    assert not no_register.db.exists()


def test_a_shipped_mapping_that_fits_is_named(clerk: Clerk, tmp_path: Path) -> None:
    path = workbook_12315(tmp_path)
    told = clerk("import", "--suggest", path).ok()
    assert "# a shipped mapping reads this file: --mapping 12315 --map " in told
    assert "--map received=登记时间" in told and "--map completed=办结时间" in told
    mapping = suggested(clerk, tmp_path, path)
    assert (
        clerk("import", path, "--mapping", mapping, now="2016-12-01T09:00:00+08:00").ok().startswith("2 rows: 2 added")
    )


def test_files_that_need_no_mapping(clerk: Clerk, tmp_path: Path) -> None:
    sample = PROJECT / "data" / "samples" / "double-eleven-2016.csv"
    assert clerk("import", "--suggest", sample).ok().startswith("# import reads this file without a mapping\n")
    clerk("add", "--platform", "JD").ok()
    clerk("export", "--to", tmp_path / "out.csv").ok()
    told = clerk("import", "--suggest", tmp_path / "out.csv").ok()
    assert told == "# an export of dealtrack: import reads it without a mapping\n"


def test_what_is_not_found_is_asked_for(clerk: Clerk, tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("a,b,c\n1,hello,2016-11-01\n2,world,2016-11-02\n")
    told = clerk("import", "--suggest", path).ok()
    assert "# no column was found for platform: --map platform=COLUMN names it" in told
    assert 'asked = "platform"' in told and 'received = "c"' in told
    mapping = suggested(clerk, tmp_path, path)
    told_again = clerk("import", path, "--mapping", mapping)
    assert told_again.status == 2 and "Say which it is: --map platform=COLUMN" in told_again.err
    assert clerk("import", path, "--mapping", mapping, "--map", "platform=b").ok().startswith("2 rows: 2 added")


@pytest.mark.parametrize(
    ("cells", "forms"),
    [
        (["2016-11-01", "2016/11/2 9:30"], ("auto",)),
        (["11/01/2016", "11/13/2016"], ("auto",)),
        (["01.11.2016", "13.11.2016 09:30"], ("%d.%m.%Y", "%d.%m.%Y %H:%M")),
        (["20161101", "20161113"], ("%Y%m%d",)),
        (["42675", "42676.5"], ("excel-1900",)),
        (["1 Nov 2016", "13 Nov 2016"], ("%d %b %Y",)),
    ],
)
def test_date_forms(clerk: Clerk, tmp_path: Path, cells: list[str], forms: tuple[str, ...]) -> None:
    path = tmp_path / "dates.csv"
    path.write_text("Firm,Came in\n" + "".join(f"JD,{cell}\n" for cell in cells))
    mapping = suggested(clerk, tmp_path, path)
    assert read_mapping(mapping).dates == forms
    assert (
        clerk("import", path, "--mapping", mapping, now="2017-01-01T09:00:00+08:00").ok().startswith("2 rows: 2 added")
    )


def test_dates_that_may_be_either_are_told_of(clerk: Clerk, tmp_path: Path) -> None:
    path = tmp_path / "dates.csv"
    path.write_text("Firm,Came in\nJD,03/04/2016\n")
    assert "# 03/04/2016 may be day or month first" in clerk("import", "--suggest", path).ok()


@pytest.mark.parametrize("path", sorted((data_folder() / "mappings").glob("*.toml")), ids=lambda path: path.stem)
def test_what_is_printed_of_a_mapping_is_the_mapping(tmp_path: Path, path: Path) -> None:
    mapping = read_mapping(path)
    (tmp_path / path.name).write_text(mapping_toml(mapping, ["a\nremark \x1b[31m"]), encoding="utf-8")
    assert read_mapping(tmp_path / path.name) == Mapping(
        **{name: getattr(mapping, name) for name in Mapping.__slots__} | {"path": str(tmp_path / path.name)}
    )


def test_awkward_headers_make_sound_toml(tmp_path: Path) -> None:
    header = ['say "received"\\', "platform\x7f\x1b", "=1+1"]
    found = suggest_mapping(header, [], [], [])
    (tmp_path / "m.toml").write_text(mapping_toml(found.mapping, found.remarks), encoding="utf-8")
    assert read_mapping(tmp_path / "m.toml").columns == found.mapping.columns
