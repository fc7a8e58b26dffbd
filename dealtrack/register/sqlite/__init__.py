"""What is SQLite's own: its connections, its schema, the views in it."""
