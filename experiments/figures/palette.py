"""The colours of the two arms and of what was observed: one palette for figures and the page.

Safe for the colour-blind, and distinct in black and white by line, hatch and marker.
"""

COLOURS = {"control": "#b35806", "mentored": "#2166ac", "observed": "#222222"}
"""Each has a contrast of at least 4.5 on white."""
LINES = {"control": "-", "mentored": (0, (5, 1.5))}
HATCHES = {"control": "", "mentored": "////"}
