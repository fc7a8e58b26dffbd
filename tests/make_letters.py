"""Makes the shipped DOCX templates of letters from the HTML ones: `python -m tests.make_letters`.

The HTML templates are what is written by hand. Of each, paragraphs, the title and the table become those of a Word
document, and a line that holds a statement alone becomes a paragraph, or a row of the table, of docxtpl's own kind.
"""

import re
from html.parser import HTMLParser
from io import BytesIO
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

from dealtrack.exchange.templates import without_moments
from tests.sources import PROJECT

FOLDER = PROJECT / "data" / "templates"
FONTS = {"zh": ("Times New Roman", "仿宋"), "en": ("Georgia", "宋体")}
HEADING_FONTS = {"zh": ("Times New Roman", "黑体"), "en": ("Georgia", "黑体")}
WIDTHS = {"zh": (11, 33, 22, 31, 13, 31, 25), "en": (11, 34, 27, 24, 21, 24, 25)}
"""The columns of the table of a reminder, in millimetres."""


class LetterPage(HTMLParser):
    """The body of a template as parts: a class or tag with its text, a row of the table as a list of cells."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.parts: list[tuple[str, str | list[str]]] = []
        self._row: list[str] | None = None
        self._cell = self._in = ""
        self._text = ""
        self.feed(html.partition("<body>")[2].partition("</body>")[0])
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "tr":
            self._row = []
        if tag in ("th", "td"):
            self._cell = tag
        if tag in ("p", "h1", "th", "td"):
            self._in, self._text = str(dict(attrs).get("class") or tag), ""

    def handle_endtag(self, tag: str) -> None:
        if tag in ("p", "h1"):
            self.parts.append((self._in, self._text))
        elif tag in ("th", "td") and self._row is not None:
            self._row.append(self._text)
        elif tag == "tr" and self._row is not None:
            self.parts.append((self._cell, self._row))
            self._row = None
        if tag in ("p", "h1", "th", "td"):
            self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in:
            self._text += data
            return
        for statement in re.findall(r"{%.*?%}", data):
            self.parts.append(("statement", statement))


def make_docx(html: str, language: str) -> bytes:
    """Return the DOCX template that an HTML template makes."""
    document = Document()
    properties = document.core_properties
    properties.author = properties.comments = properties.title = ""
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.left_margin = section.right_margin = Mm(22)
    section.top_margin = section.bottom_margin = Mm(25)
    normal = document.styles["Normal"]
    _set_font(normal, FONTS[language], 12)
    normal.paragraph_format.line_spacing = 1.5 if language == "zh" else 1.2
    normal.paragraph_format.space_after = Pt(6)
    table: Any = None
    parts = LetterPage(html).parts
    for place, (kind, content) in enumerate(parts):
        following = parts[place + 1][0] if place + 1 < len(parts) else ""
        if isinstance(content, list):
            if table is None:
                table = document.add_table(0, len(content), style="Table Grid")
                table.autofit = False
                for column, width in zip(table.columns, WIDTHS[language], strict=True):
                    column.width = Mm(width)
            _add_row(table, content, language, is_head=kind == "th")
        elif kind == "statement":
            if following == "td" or (table is not None and "endfor" in content and parts[place - 1][0] == "td"):
                cells = [content.replace("{%", "{%tr", 1), *[""] * (len(WIDTHS[language]) - 1)]
                _add_row(table, cells, language, is_head=False)
            else:
                document.add_paragraph(content.replace("{%", "{%p", 1))
        else:
            _add_text(document, kind, content, language)
            if table is not None:
                document.paragraphs[-1].paragraph_format.space_before = Pt(12)
            table = None
    out = BytesIO()
    document.save(out)
    return without_moments(out.getvalue())


def _set_font(style: Any, fonts: tuple[str, str], size: float) -> None:
    style.font.name, style.font.size = fonts[0], Pt(size)
    style.font.color.rgb = RGBColor(0x11, 0x11, 0x11)
    style.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), fonts[1])


def _add_text(document: Any, kind: str, text: str, language: str) -> None:
    paragraph = document.add_paragraph()
    run = paragraph.add_run(text)
    form = paragraph.paragraph_format
    match kind:
        case "letterhead":
            form.alignment, form.space_after, run.bold, run.font.size = WD_ALIGN_PARAGRAPH.CENTER, Pt(0), True, Pt(13)
        case "h1":
            form.alignment, form.space_before, form.space_after = WD_ALIGN_PARAGRAPH.CENTER, Pt(24), Pt(18)
            _set_font(run, HEADING_FONTS[language], 18)
            run.bold = True
        case "text":
            if language == "zh":
                form.first_line_indent = Pt(24)
        case "signature" | "signature first":
            form.alignment, form.space_after = WD_ALIGN_PARAGRAPH.RIGHT, Pt(0)
            form.keep_with_next = kind.endswith("first")
            form.space_before = Pt(36 if kind.endswith("first") else 0)


def _add_row(table: Any, cells: list[str], language: str, is_head: bool) -> None:
    row = table.add_row()
    for cell, text, width in zip(row.cells, cells, WIDTHS[language], strict=True):
        cell.width = Mm(width)
        paragraph = cell.paragraphs[0]
        form = paragraph.paragraph_format
        form.space_before = form.space_after = Pt(2)
        form.line_spacing = 1.1
        run = paragraph.add_run(text)
        run.font.size, run.bold = Pt(10), is_head
        if is_head:
            shade = OxmlElement("w:shd")
            shade.set(qn("w:val"), "clear")
            shade.set(qn("w:fill"), "F0F2F5")
            cell._tc.get_or_add_tcPr().append(shade)
    properties = row._tr.get_or_add_trPr()
    properties.append(OxmlElement("w:cantSplit"))
    if is_head:
        properties.append(OxmlElement("w:tblHeader"))


def pairs() -> list[tuple[Path, Path]]:
    """Return each HTML template with the DOCX template that is made of it."""
    return [(html, html.with_suffix(".docx")) for html in sorted(FOLDER.glob("*/*.html"))]


if __name__ == "__main__":
    for html, docx in pairs():
        docx.write_bytes(make_docx(html.read_text(encoding="utf-8"), html.parent.name))
        print(docx.relative_to(PROJECT))
