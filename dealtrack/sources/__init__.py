"""Where rules come from: the holidays package, and the calendars, policies and platforms in data files."""
