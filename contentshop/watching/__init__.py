"""Saved searches: what a reader waits for, and word of it when it comes."""
