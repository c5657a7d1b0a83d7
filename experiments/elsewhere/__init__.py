"""Another trial and another country on the same engine: LIFE in Maryland, North Carolina 1978."""
