"""Things, the offers to get them, and our own stock of them."""
