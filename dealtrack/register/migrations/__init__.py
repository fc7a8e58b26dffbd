"""The migrations: each a module and a function of the same name, which brings the schema one version further.

A released migration is never changed, since registers bear its very text. To add one: write mNNN_what_it_does.py,
enter it at the end of MIGRATIONS in schema.py, and keep a register of the version before it among tests/data
(tests/make_register.py) for the test that brings every version up to date. A table that the journal makes
again belongs into PROJECTED_TABLES, and what fills it into projection.py.
"""
