"""Plans for the whole country: what they do, what they cost, and where they do not pay back."""
