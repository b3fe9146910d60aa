"""Posts: articles and buying lists, their revisions, and the cards in them."""
