"""The panel that follows one simulated person with mentors and without."""
