"""The demo's tabs, one file each. `python app.py` starts it."""
