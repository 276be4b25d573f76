"""What `run` and `plan` do, without a terminal: for the commands, and for other programs."""
