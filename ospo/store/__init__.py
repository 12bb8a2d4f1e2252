"""What has been found out, kept: a SQLite database, its only writer, its queries, and a disposable cache."""
