"""A run and its record on disk: one, many side by side, on one machine or several."""
