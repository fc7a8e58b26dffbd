"""All rows of a file read as complaints, and facts of the file that are found while they are read."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

from dealtrack.exchange.complaint_row import ComplaintRow, RowReader, RowRefused
from dealtrack.exchange.date_forms import ISO, DayOrder
from dealtrack.exchange.dates import DateReader
from dealtrack.exchange.headers import is_no_row
from dealtrack.exchange.layout import check_header, lay_out, loose_name
from dealtrack.exchange.mapping import Mapping
from dealtrack.exchange.raw import WORKBOOK, PassedLine, RawRow, Refusal, passed_line
from dealtrack.exchange.readers import Source

_LAYOUTS = 1000


@dataclass(slots=True)
class FileFacts:
    """What is known of a file after its rows are read.

    `ignored` are the columns that nothing is read from, `absent` the mapping's fields without a column, and
    `order` what the dates say of the order of day and month, where that is a guess. `open_fields` are those that
    the mapping leaves to whoever imports, and that nobody named a column for. `last_change` is the column by which
    complaints may be completed, though it tells the last change of any kind.
    """

    ignored: dict[str, None]
    absent: tuple[str, ...]
    order: DayOrder
    open_fields: tuple[str, ...]
    last_change: str


class ComplaintReader:
    """Reads rows of one file as complaints."""

    def __init__(self, source: Source, mapping: Mapping, zone: tzinfo, clocks: Sequence[str] = ()) -> None:
        """`zone` and `clocks` are the register's. Raises MissingColumn, and CannotRead for a column named twice."""
        layout = check_header(mapping, source.header, source.name, clocks)
        changes = set(map(loose_name, mapping.last_change))
        ends = [source.header[place] for place in layout.fields.get("completed", ()) if place not in layout.inside]
        last_change = next((column for column in ends if loose_name(column) in changes), "")
        # A real date of a workbook is handed on as ISO writes it, whatever form dates in texts have.
        forms = (ISO, *mapping.dates) if source.format == WORKBOOK else mapping.dates
        own_zone = ZoneInfo(mapping.timezone) if mapping.timezone else zone
        self.is_own = layout.export_places is not None
        """Whether the file is an export of dealtrack's own."""
        self._dates = DateReader(
            forms, own_zone, zone, mapping.sentinels, mapping.midnight_is_day, mapping.order_is_guessed
        )
        ignored = dict.fromkeys(layout.ignored)
        self.facts = FileFacts(ignored, layout.absent, self._dates.order, layout.open_fields, last_change)
        self._mapping, self._clocks = mapping, clocks
        self._restores = source.format in ("csv", WORKBOOK)
        self._header = source.header
        self._first_line = source.first_line
        self._reader = lru_cache(_LAYOUTS)(self._reader_under)

    def _reader_under(self, header: tuple[str, ...]) -> RowReader:
        """Return the reader of the rows under a header; raises ValueError for an unusable header."""
        layout = lay_out(self._mapping, header, self._clocks)
        self.facts.ignored.update(dict.fromkeys(layout.ignored))
        return RowReader(self._mapping, layout, header, self._dates, self._restores)

    def _passed(self, row: RawRow) -> PassedLine | None:
        """Return a row that no complaint can be read from as a line beside the table, None where it may be one."""
        if not self._restores or self.is_own:
            return None
        is_first = row.line == self._first_line
        return passed_line(row.line, row.cells) if is_no_row(self._header, row.cells, is_first) else None

    def read(self, rows: Iterable[RawRow | Refusal]) -> Iterator[ComplaintRow | Refusal | PassedLine]:
        """Yield each row as a complaint, as a refusal, or as a line that is passed over; raises CannotRead."""
        header = self._header
        reader = self._reader(header)
        for row in rows:
            if row.__class__ is Refusal:
                assert isinstance(row, Refusal)
                yield self._passed(row.raw) or row
                continue
            assert isinstance(row, RawRow)
            if row.header is not header:
                try:
                    reader = self._reader(row.header)
                except ValueError as error:
                    yield Refusal(row.line, str(error), row)
                    continue
                header = row.header
            read: ComplaintRow | Refusal | PassedLine
            try:
                read = reader.read(row)
            except RowRefused as error:
                read = self._passed(row) or Refusal(row.line, str(error), row)
            yield read
