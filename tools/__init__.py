"""What is measured, broken or listed by hand, and is no test: `python -m tools.fuzz`."""
