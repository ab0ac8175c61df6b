"""The commands, from their options to the pages, and what they are made of."""
