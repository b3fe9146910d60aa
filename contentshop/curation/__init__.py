"""Editors' work: featured lists, their places on the home page, topics."""
