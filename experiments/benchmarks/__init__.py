"""Speed and memory of drivers, studies and page."""
