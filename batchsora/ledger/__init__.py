"""What happened, durably: jobs and events in SQLite, written by one runner, read by anybody."""
