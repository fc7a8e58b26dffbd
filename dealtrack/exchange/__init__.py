"""Reading complaints from other people's files, and writing the register's own."""
