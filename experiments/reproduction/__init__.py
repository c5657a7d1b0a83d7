"""Results checked against their receipts, rebuilt and compared; numbers and tables of the documents."""
