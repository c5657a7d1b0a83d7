"""A result as one HTML file, in Danish or English."""
