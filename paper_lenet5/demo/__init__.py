"""The demo: a file for each tab, and for what they share. `python app.py` starts it."""
