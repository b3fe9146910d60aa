"""What readers say: comments on posts, questions about products, and whether a post is worth its time."""
