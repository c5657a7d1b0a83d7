"""The colours of the two arms and of what was observed: one palette for figures and the page."""

COLOURS = {"control": "#b35806", "mentored": "#2166ac", "observed": "#222222"}
"""Safe for the colour-blind; each has a contrast of at least 4.5 on white."""
