"""What every page goes through: one commit for each POST, one typed record for each template.

A view of an unsafe method runs inside a unit of work: it commits when the answer is below 400 and rolls back
otherwise, so a refused form has no effect. A lost fight for database locks is tried again.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response, make_response, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from contentshop.core.db import db
from contentshop.core.uow import run_in_unit

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# Called in the unit of work of every unsafe view that has an effect, before it is committed.
Witness = Callable[[], None]
WITNESSES: list[Witness] = []


class Door(Blueprint):
    """A blueprint whose unsafe views are units of work."""

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: Callable[..., Any] | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        if view_func is not None:
            endpoint = endpoint or view_func.__name__
            view_func = _as_unit(view_func)
        super().add_url_rule(rule, endpoint, view_func, provide_automatic_options, **options)


def _as_unit(view: Callable[..., Any]) -> Callable[..., Any]:
    if getattr(view, "manages_own_units", False):
        return view

    @wraps(view)
    def unit(**values: Any) -> BaseResponse:
        if request.method in SAFE_METHODS:
            return make_response(view(**values))
        return run_in_unit(db.session, lambda: _witnessed(make_response(view(**values))), keep=_has_effect)

    return unit


def _has_effect(answer: BaseResponse) -> bool:
    return answer.status_code < 400


def _witnessed(answer: BaseResponse) -> BaseResponse:
    if _has_effect(answer):
        for witness in WITNESSES:
            witness()
    return answer


def manages_own_units(view: Callable[..., Any]) -> Callable[..., Any]:
    """For the few views that must not hold the database while they work (password hashing, pictures)."""
    view.manages_own_units = True  # type: ignore[attr-defined]
    return view


def show(template: str, page: object, status: int = 200) -> Response:
    """Render ``template`` with exactly one page record, as ``page``."""
    return make_response(render_template(template, page=page), status)
