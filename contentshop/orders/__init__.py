"""Carts and orders. Knows nothing of posts: a line keeps the key of the card it came from as plain text."""
