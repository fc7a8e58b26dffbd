"""The tables hold what the journal makes, however complaints are recorded: a rebuild changes nothing."""
