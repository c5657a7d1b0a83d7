"""The panel with plans for the whole country."""
