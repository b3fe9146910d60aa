"""What people type about themselves, parsed and checked; used by every door alike."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from contentshop.core.errors import Invalid
from contentshop.core.plain import JOINERS, plain_text
from contentshop.core.words import say

ROLES = ("reader", "creator", "editor", "operator", "support", "warehouse", "finance")
PASSWORD_MIN = 10
PASSWORD_MAX = 200
# One "@", something around it, a dot in the domain: the only real check of an address is a mail to it.
EMAIL = re.compile(r"[^@\s\x00-\x1f<>,;:\"()\[\]\\]{1,64}@[^@\s\x00-\x1f<>,;:\"()\[\]\\]+\.[^@\s.<>,;]{2,}")
# Names that readers would take for the site's own people.
OFFICIAL = frozenset(
    [
        *("admin", "administrator", "billing", "contact", "contentshop", "editor", "editors", "help", "moderator"),
        *("news", "official", "operator", "root", "security", "service", "shop", "staff", "support", "system", "team"),
    ]
)
HANDLE = re.compile(r"[a-z0-9](?:[a-z0-9-]{1,38}[a-z0-9])")
# Too common to protect anybody; length is the main rule, as NIST SP 800-63B advises.
COMMON = frozenset(
    {
        "password12",
        "password123",
        "1234567890",
        "12345678910",
        "qwertyuiop",
        "qwerty12345",
        "iloveyou123",
        "0987654321",
        "administrator",
        "letmein123",
        "welcome123",
        "contentshop",
    }
)


def clean_line(text: str, limit: int) -> str:
    """One line of plain text (``core.plain``), spaces folded, cut at ``limit`` characters."""
    return " ".join(plain_text(text[: limit * 4]).split())[:limit].rstrip(" " + JOINERS)


def clean_text(text: str, limit: int) -> str:
    """Plain text of several lines (``core.plain``). Cut well above ``limit``, which the caller checks."""
    return "\n".join(line.rstrip() for line in plain_text(text[: limit * 4]).split("\n")).strip()


def normal_email(text: str) -> str:
    """The form an address is kept and compared in."""
    return unicodedata.normalize("NFC", text).strip().casefold()


def check_email(text: str, problems: dict[str, list[str]]) -> str:
    """The normal form of an address; notes a problem under ``email``."""
    email = normal_email(text)
    if len(email) > 254 or not EMAIL.fullmatch(email):
        problems.setdefault("email", []).append(say("Write your e-mail address, like name@example.org."))
    return email


def check_password(text: str, problems: dict[str, list[str]]) -> str:
    """The password as typed; notes a problem under ``password``."""
    if len(text) < PASSWORD_MIN:
        problems.setdefault("password", []).append(say("Use at least %(least)s characters.", least=PASSWORD_MIN))
    elif len(text) > PASSWORD_MAX:
        problems.setdefault("password", []).append(say("Use at most %(most)s characters.", most=PASSWORD_MAX))
    elif text.casefold() in COMMON or len(set(text)) < 4:
        problems.setdefault("password", []).append(say("This password is too easy to guess; choose another."))
    return text


@dataclass(frozen=True, slots=True)
class SignUp:
    """A new account."""

    name: str
    handle: str
    email: str
    password: str
    creator: bool
    locale: str

    @classmethod
    def parse(
        cls,
        *,
        name: str,
        handle: str,
        email: str,
        password: str,
        creator: bool,
        locale: str,
        official: bool = False,
    ) -> SignUp:
        """Raises Invalid with every field that needs another look."""
        problems: dict[str, list[str]] = {}
        name = clean_line(name, 80)
        if not name:
            problems["name"] = [say("Tell readers what to call you.")]
        handle = handle.strip().lstrip("@").casefold()
        if not HANDLE.fullmatch(handle):
            problems["handle"] = [say("Use 3 to 40 letters a–z, digits and hyphens.")]
        elif handle in OFFICIAL and not official:
            problems["handle"] = [say("This name is kept for those who run the site; choose another.")]
        email = check_email(email, problems)
        check_password(password, problems)
        if problems:
            raise Invalid(problems)
        return cls(name, handle, email, password, creator, locale)


@dataclass(frozen=True, slots=True)
class Profile:
    """What others see of a person."""

    name: str
    bio: str

    @classmethod
    def parse(cls, *, name: str, bio: str) -> Profile:
        """Raises Invalid when the name is empty or the words about you are too long."""
        problems: dict[str, list[str]] = {}
        name = clean_line(name, 80)
        if not name:
            problems["name"] = [say("Tell readers what to call you.")]
        bio = clean_text(bio, 600)
        if len(bio) > 600:
            problems["bio"] = [say("Use at most 600 characters (now %(count)s).", count=len(bio))]
        if problems:
            raise Invalid(problems)
        return cls(name, bio)
