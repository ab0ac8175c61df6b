"""The demo: its page, in a browser, and its endpoints."""
