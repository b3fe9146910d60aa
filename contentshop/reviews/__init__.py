"""Reviews: what buyers of a product say of it, and its rating."""
