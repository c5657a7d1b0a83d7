"""The panel with the coordinator's game: 20 volunteers and 60 releases."""
