"""Which uncertain inputs matter most for an outcome."""
