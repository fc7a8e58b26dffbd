"""The board: a full-screen live view of what is overdue, due today, running and paused."""
