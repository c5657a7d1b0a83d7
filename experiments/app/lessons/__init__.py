"""The panel with five lessons, each with a small experiment."""
