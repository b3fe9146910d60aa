"""Full-text search over everything that is public."""
