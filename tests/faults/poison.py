"""Bad values, rows, files and command lines, made by chance from what is known to break programs."""

import csv
import io
import json
import random
import zipfile
from collections.abc import Sequence

TEXTS = (
    "",
    " ",
    "\t",
    "\x00",
    "a\x00b",
    "\x1b]0;title\x07",
    "\x1b[2J\x1b[31mred",
    "\u202eesrever",
    "\u200f\u2066hidden\u2069",
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    "e\u0301" * 50,
    "很长" * 200,
    "x" * 20_000,
    "'; DROP TABLE transition; --",
    '"; rm -rf / #',
    "$(reboot)",
    "`id`",
    "{{7*7}}",
    "%s%n%x",
    "../../x",
    "/etc/passwd",
    "file:///etc/passwd",
    "C:\\CON",
    '=HYPERLINK("http://example.org")',
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "＝cmd",
    "'quoted",
    "<script>alert(1)</script>",
    "line\nfeed",
    "carriage\rreturn",
    "\u2028\u2029\u0085",
    "null",
    "None",
    "true",
    "0",
    "-1",
    "1e309",
    "NaN",
    "Infinity",
    "٣٤",
    "9" * 400,
    "--help",
    "-",
)
MOMENTS = (
    "2016-13-01",
    "2016-02-30",
    "2015-02-29",
    "0000-00-00",
    "0001-01-01",
    "1899-12-31",
    "1969-12-31 23:59",
    "2100-12-31",
    "2101-01-01",
    "9999-12-31 23:59:59",
    "2016-11-01 24:00",
    "2016-11-01 25:61",
    "2016-11-01T09:00:00+99:00",
    "2016-11-01T09:00:00Z",
    "2016-11-01T09:00:00.123456789",
    "1986-05-04 02:30",
    "11/12/2016",
    "12/31/2016 12:00 PM",
    "1479139200",
    "42689.5",
    "1e309",
    "-5",
    "yesterday",
    "now",
    "tomorrow 9:00",
    "2016年11月1日",
    "２０１６-１１-０１",
    "2016-11-01 09:00" * 20,
    "2016-11-14 10:00",
    "2016-11-13",
)
AMOUNTS = ("1e309", "NaN", "inf", "-5", "1,2,3", "1.999", "0x10", "¥¥5", "9" * 60, "12.50", "١٢", "1_000", "12 50")
WORDS = ("", "quality", "nonsense", "质量", "third-party", "platform", "JD", "Tmall", "green-channel", "no-such-policy")
COLUMNS = (
    "number",
    "platform",
    "category",
    "seller",
    "owner",
    "policy",
    "received",
    "forwarded",
    "completed",
    "withdrawn",
    "rejected",
    "outcome",
    "amount",
    "consumer",
    "phone",
    "email",
    "address",
    "summary",
)
TIMES = frozenset({"received", "forwarded", "completed", "withdrawn", "rejected"})


def value(chance: random.Random, column: str = "") -> str:
    """Return a bad value, of a kind that a column may hold."""
    if column in TIMES and chance.random() < 0.7:
        return chance.choice(MOMENTS)
    if column == "amount" and chance.random() < 0.7:
        return chance.choice(AMOUNTS)
    if chance.random() < 0.1:
        return "".join(
            chr(chance.choice((chance.randrange(0xD800), chance.randrange(0xE000, 0x110000)))) for _ in range(12)
        )
    return chance.choice(chance.choice((TEXTS, TEXTS, WORDS, MOMENTS, AMOUNTS)))


def row(chance: random.Random, mark: str) -> dict[str, str]:
    """Return a good row with some of its values made bad."""
    made = {
        "number": mark,
        "platform": chance.choice(("JD", "Tmall", "Amazon")),
        "category": "quality",
        "received": f"2016-11-{chance.randint(1, 14):02d} 09:30",
        "consumer": "SECRETNAME",
        "phone": "13912345678",
        "email": "secret@example.org",
        "address": "SECRETSTREET 5",
        "summary": "shoes came apart",
    }
    for column in chance.sample(COLUMNS, chance.randint(1, 4)):
        made[column] = value(chance, column)
    return made


def csv_file(chance: random.Random, rows: Sequence[dict[str, str]]) -> bytes:
    """Return rows as CSV in one of the encodings that are read, NULs left out: no text holds them."""
    columns = list(COLUMNS)
    chance.shuffle(columns)
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, restval="", lineterminator=chance.choice(("\n", "\r\n")))
    writer.writeheader()
    writer.writerows({name: text.replace("\0", "") for name, text in row.items()} for row in rows)
    text = out.getvalue()
    encoding = chance.choice(("utf-8", "utf-8", "utf-8-sig", "gb18030"))
    return text.encode(encoding, "replace")


def json_lines(rows: Sequence[dict[str, str]]) -> bytes:
    """Return rows as one JSON object a line."""
    return "\n".join(json.dumps(row, ensure_ascii=False) for row in rows).encode("utf-8", "replace")


def spoilt(chance: random.Random, good: bytes, name: str) -> tuple[str, bytes]:
    """Return a file made of a good one by chance, with its name."""
    data = bytearray(good)
    match chance.randrange(12):
        case 0:
            del data[chance.randrange(len(data)) :]
        case 1:
            for _ in range(chance.randint(1, 30)):
                data[chance.randrange(len(data))] = chance.randrange(256)
        case 2:
            at = chance.randrange(len(data))
            data[at:at] = chance.choice((b"\0", b'"', b'""', b"\r", b"\xff\xfe", b"\x1a", b"," * 50, b"[" * 5000))
        case 3:
            data = bytearray(
                good.decode("utf-8", "replace").encode(
                    chance.choice(("utf-16", "utf-16-le", "utf-32", "big5", "cp1252")), "replace"
                )
            )
        case 4:
            lines = good.split(b"\n")
            chance.shuffle(lines)
            data = bytearray(b"\n".join(lines))
        case 5:
            data = bytearray(b"[" * chance.choice((10, 100_000)))
            name = "deep.json"
        case 6:
            depth = chance.choice((50, 20_000))
            data = bytearray(b'{"received":' * depth + b"1" + b"}" * depth)
            name = "deep.jsonl"
        case 7:
            data = bytearray(b'[{"received": "2016-11-01", "platform": "JD"}, {"received": 1e309, "platform": ["JD"]}]')
            name = "numbers.json"
        case 8:
            name, data = workbook(chance)
        case 9:
            data = bytearray(chance.randbytes(chance.randint(0, 3000)))
            name = chance.choice(("noise.csv", "noise.xlsx", "noise.json", "noise.jsonl", "noise.ods", "noise"))
        case 10:
            data = bytearray(b'received,platform,summary\n2016-11-01,JD,"' + b"x" * chance.choice((10, 2_000_000)))
        case _:
            data[:0] = chance.choice((b"\n\n\n", b"\xef\xbb\xbf\xef\xbb\xbf", b"sep=;\n", b"%PDF-1.4\n", b"\x1f\x8b"))
    return name, bytes(data)


def workbook(chance: random.Random) -> tuple[str, bytearray]:
    """Return a malformed workbook: no zip, a bomb, entries that climb out, entities, or broken parts."""
    out = io.BytesIO()
    kind = chance.randrange(6)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as book:
        book.writestr("[Content_Types].xml", CONTENT_TYPES)
        book.writestr("_rels/.rels", RELATIONS)
        book.writestr("xl/workbook.xml", WORKBOOK)
        book.writestr("xl/_rels/workbook.xml.rels", SHEET_RELATIONS)
        if kind == 0:
            book.writestr("xl/worksheets/sheet1.xml", b"<worksheet>" + b" " * 300_000_000)
        elif kind == 1:
            book.writestr("xl/worksheets/sheet1.xml", ENTITIES)
        elif kind == 2:
            book.writestr("../../climbed.xml", "x")
        elif kind == 3:
            cells = "".join(f'<row r="{at}"><c r="XFD{at}"><v>1</v></c></row>' for at in (1, 1_048_576))
            book.writestr("xl/worksheets/sheet1.xml", SHEET.format(rows=cells))
        elif kind == 4:
            book.writestr("xl/worksheets/sheet1.xml", SHEET.format(rows='<row><c t="s"><v>99999</v></c></row>'))
    data = bytearray(out.getvalue())
    if kind == 5:
        del data[len(data) // 2 :]
    elif chance.random() < 0.3:
        data[chance.randrange(len(data))] ^= 0xFF
    return "book.xlsx", data


_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_OPEN = "http://schemas.openxmlformats.org/"
CONTENT_TYPES = (
    f'{_HEAD}<Types xmlns="{_OPEN}package/2006/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)
RELATIONS = (
    f'{_HEAD}<Relationships xmlns="{_OPEN}package/2006/relationships"><Relationship Id="rId1" '
    f'Type="{_OPEN}officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>'
)
WORKBOOK = (
    f'{_HEAD}<workbook xmlns="{_OPEN}spreadsheetml/2006/main" xmlns:r="{_OPEN}officeDocument/2006/relationships">'
    '<sheets><sheet name="a" sheetId="1" r:id="rId1"/></sheets></workbook>'
)
SHEET_RELATIONS = (
    f'{_HEAD}<Relationships xmlns="{_OPEN}package/2006/relationships"><Relationship Id="rId1" '
    f'Type="{_OPEN}officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>'
)
SHEET = f'{_HEAD}<worksheet xmlns="{_OPEN}spreadsheetml/2006/main"><sheetData>{{rows}}</sheetData></worksheet>'
ENTITIES = (
    '<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {chr(98 + at)} "{f"&{chr(97 + at)};" * 10}">' for at in range(9))
    + "]><worksheet>&j;</worksheet>"
)
