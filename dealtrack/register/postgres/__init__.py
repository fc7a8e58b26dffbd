"""What is PostgreSQL's own in a register: the connection, the schema, and rights."""
