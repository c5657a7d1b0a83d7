"""The studies: each a value that can be run, and a result with tables and facts."""
