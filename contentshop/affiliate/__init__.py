"""Sending readers to other shops, and counting it honestly."""
