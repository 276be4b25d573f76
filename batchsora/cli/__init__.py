"""The door: commands, options, exit codes, the terminal's words."""
