"""From networks and records to numbers."""
