"""Hostile texts for every place where people's words are shown."""
