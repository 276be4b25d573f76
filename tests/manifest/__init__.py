"""The manifest room: text to located rows to jobs."""
