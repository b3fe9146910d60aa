"""The measure of all ratios: a Flask route that returns a constant."""

from __future__ import annotations

from flask import Flask

app = Flask(__name__)


@app.get("/")
def constant() -> str:
    """Two letters."""
    return "ok"
