"""PostgreSQL: rows, repositories, the one commit, the read side and migrations."""
