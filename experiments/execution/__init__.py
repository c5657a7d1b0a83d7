"""Jobs, their store, and who computes them."""
