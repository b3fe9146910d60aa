"""Doors for people: HTML pages by audience. Each view parses, calls one action or query, and renders one page."""
