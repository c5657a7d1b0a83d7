"""The command line: one command a study."""
