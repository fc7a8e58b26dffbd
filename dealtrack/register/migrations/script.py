"""SQL scripts run a statement at a time, so that they stay within the transaction of their migration."""

import sqlite3


def run_script(connection: sqlite3.Connection, script: str) -> None:
    """Run the statements of a script; a statement ends with a line."""
    lines: list[str] = []
    for line in script.strip().splitlines():
        lines.append(line)
        if sqlite3.complete_statement("\n".join(lines)):
            connection.execute("\n".join(lines))
            lines = []
