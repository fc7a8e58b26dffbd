"""What a kind of fault came to: how often it was tried, and where the register did not keep its promise."""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

RESULTS = Path(__file__).with_name("results.json")
"""The counts of the last full run that was kept, for the table in tests/faults/README.md."""

MOST_SHOWN = 12


@dataclass(slots=True)
class Tally:
    """One line of the table; `skipped` says why it was not tried, `note` what else there was to count."""

    category: str
    what: str
    tried: int = 0
    broken: list[str] = field(default_factory=list)
    note: str = ""
    skipped: str = ""

    def line(self) -> str:
        """Return the line as it is printed while the run goes on."""
        if self.skipped:
            return f"{self.category:13} {self.what}: skipped, {self.skipped}"
        told = f" ({self.note})" if self.note else ""
        return f"{self.category:13} {self.what}: {self.tried:,} tried, {len(self.broken)} broken{told}"


def gathered(category: str, what: str, found: Iterable["Finding"]) -> Tally:
    """Add up what the single tries of one kind found."""
    tally = Tally(category, what)
    counts: dict[str, int] = defaultdict(int)
    for finding in found:
        tally.tried += finding.tried
        tally.broken += finding.broken
        for name, count in finding.counts.items():
            counts[name] += count
    tally.note = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    return tally


@dataclass(slots=True)
class Finding:
    """What one try, or a series of them, found."""

    tried: int = 0
    broken: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, name: str, more: int = 1) -> None:
        """Count something worth telling."""
        self.counts[name] = self.counts.get(name, 0) + more


def keep(category: str, tallies: list[Tally], day: str) -> None:
    """Keep the counts of a full run of a category for README.md here, with its day; those of others stay as they were."""
    held = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    held[category] = {"day": day, "lines": [asdict(tally) for tally in tallies]}
    RESULTS.write_text(json.dumps(held, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


ORDER = (
    *("crash", "disk", "replaced", "crowd", "no-room", "bad-input", "bad-register", "hostile", "time"),
    *("server-killed", "standby-promoted", "connection-cut", "server-full"),
)
"""The categories as they are run, and stand in the table."""


def kept_table() -> str:
    """Return the table of README.md here: the counts that were kept."""
    held = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    return table(Tally(**line) for name in ORDER if name in held for line in held[name]["lines"])


def table(tallies: Iterable[Tally]) -> str:
    """Return the counts as a table of Markdown."""
    rows = ["| what goes wrong | how | tried | promise broken |", "|---|---|---|---|"]
    for tally in tallies:
        told = f"; {tally.note}" if tally.note else ""
        tried = f"skipped: {tally.skipped}" if tally.skipped else f"{tally.tried:,}"
        rows.append(f"| {tally.category} | {tally.what}{told} | {tried} | {len(tally.broken)} |")
    return "\n".join(rows)
