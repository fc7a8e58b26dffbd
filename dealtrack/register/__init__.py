"""The register on disk: an append-only journal in SQLite, and the tables projected from it."""
