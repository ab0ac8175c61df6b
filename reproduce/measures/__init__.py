"""What is measured of networks and records: costs, errors, statistics, times."""
