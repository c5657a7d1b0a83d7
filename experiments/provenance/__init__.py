"""The folder of results, its manifest, and the receipts inside files."""
