"""The panel with the trial of 97 people."""
