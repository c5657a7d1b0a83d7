"""Claims about Desist, each a test: laws, agreement of the two drivers, closed forms, statistics."""
