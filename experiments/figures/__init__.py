"""Figures: each takes a table and an ``ax`` and returns the ``ax``; the data first, then the model.

Units on the axes; uncertainty drawn; observed values as dashed lines with their number.
"""
