"""The trial: run again, swept, taken apart and planned anew; and single runs and persons."""
