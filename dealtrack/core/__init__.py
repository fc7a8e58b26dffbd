"""The rules of the register: pure functions over frozen records, without clock, files or libraries."""
