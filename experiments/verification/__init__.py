"""Verification: invariants, analytical checks, observed patterns and planted faults that the model is held against."""
