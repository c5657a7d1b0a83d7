"""The panel with the teacher's notes."""
