"""What is trained, and on what: recipes, data, and what the paper reports of them."""
