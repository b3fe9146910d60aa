"""Signed links of invitations by mail. Nobody can make one up."""

from __future__ import annotations

from flask import url_for
from itsdangerous import BadSignature, URLSafeSerializer

from contentshop.web.session import settings

_INVITATION = "contentshop.posts.invitation"


def invitation_url(member_key: str) -> str:
    """The whole address under which an invitation is answered."""
    return settings().site_url + url_for("studio_team.invitation", token=_signer().dumps(member_key))


def invited_member(token: str) -> str | None:
    """The key of the invitation in a link that we made, else None."""
    try:
        return str(_signer().loads(token))
    except BadSignature:
        return None


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(settings().secret_key, salt=_INVITATION)
