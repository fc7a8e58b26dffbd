"""What an import did, and what it met: counted while rows are taken in, and told at its end."""

from collections import Counter
from dataclasses import dataclass, field

from dealtrack.exchange.raw import PassedLine
from dealtrack.exchange.rows import Reading
from dealtrack.register.duplicates import Lookalike

ODD_KEPT = 9


@dataclass(slots=True)
class Tally:
    """What an import did, and what it met.

    `kept` are known complaints with the fields of personal data in which a row differs from what a clerk entered, which
    stands; `erased` counts the rows whose personal data was erased, and is not taken in again. `passed` are the lines
    beside the table, which are no rows; `unknown_words` are the words for the category of new complaints that stand for
    none, and how many complaints are other by each. `undated` counts the rows that are closed without a day, by the
    column that says so and whether they are taken as closed.
    """

    rows: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: int = 0
    alike: int = 0
    first_alike: list[Lookalike] = field(default_factory=list)
    platforms: list[str] = field(default_factory=list)
    kept: list[tuple[int, list[str]]] = field(default_factory=list)
    erased: int = 0
    odd_contacts: int = 0
    first_odd: list[int] = field(default_factory=list)
    passed: list[PassedLine] = field(default_factory=list)
    unknown_words: Counter[str] = field(default_factory=Counter)
    undated: Counter[tuple[str, bool]] = field(default_factory=Counter)
    reading: Reading = field(default_factory=Reading)

    def note_odd_contact(self, line: int) -> None:
        """Count a row whose phone or e-mail address is none, and remember the first lines."""
        self.odd_contacts += 1
        if len(self.first_odd) < ODD_KEPT:
            self.first_odd.append(line)
