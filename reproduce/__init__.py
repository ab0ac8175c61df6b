"""The paper's results, trained again from scratch. `python -m reproduce` lists the commands."""
