"""The address of a shop's page: without the marks of who passed it on, and in the one form it is known by. Pure.

``tidy`` is what is kept as a link: only tracking goes, every other parameter stays byte for byte and in its place,
since it may choose the colour, or be the creator's own affiliate mark. ``identity`` is never shown and never
followed: it is equal for two addresses that lead to the same page, whoever is credited.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from urllib.parse import unquote, unquote_plus, urlsplit

from contentshop.core.text_urls import safe_url

# Parameters by which shops and networks credit somebody (names as networks document them for their publishers, in
# lower case). Paid links lose those of others.
CREDITS = frozenset(
    {"ascsubtag", "linkcode", "creativeasin", "clickref", "afftrack", "awc", "irclickid", "irgwc", "cjevent"}
    | {"subid", "subid1", "subid2", "subid3", "subunionid", "campid", "mkrid", "mkcid", "xcust", "sharedid"}
)
# Parameters that only tell a shop where a visitor came from (names as the analytics tools and shops document them).
TRACKING = frozenset(
    {"gclid", "gclsrc", "gbraid", "wbraid", "dclid", "fbclid", "msclkid", "ttclid", "twclid", "yclid", "igshid", "igsh"}
    | {
        "li_fat_id",
        "epik",
        "mc_cid",
        "mc_eid",
        "_ga",
        "_gl",
        "_hsenc",
        "_hsmi",
        "hsctatracking",
        "vero_id",
        "oly_enc_id",
    }
    | {"oly_anon_id", "wickedid", "s_kwcid", "ef_id", "srsltid", "spm", "scm", "pvid", "share_source", "share_medium"}
    | {"share_tag", "share_plat", "share_session_id", "sharefrom", "share_from", "from_spmid", "vd_source", "bxsign"}
    | {"suid", "un_site", "ut_sk", "sourcetype", "shareurl", "tbsocialpopkey", "cpp", "short_name"}
)
_TRACKING_STARTS = ("utm_", "pk_", "mtm_", "hsa_", "matomo_", "at_custom", "_branch_")
# Names of the public web: at least two labels, the last one neither a number nor one of a private network (RFC 6761,
# 6762, 8375; "internal" is ICANN's).
_PRIVATE = r"(?!(?:local|localhost|internal|lan|home|arpa|onion)$)"
_SHAPE = re.compile(rf"(?:[a-z0-9_-]{{1,63}}\.)+{_PRIVATE}(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{2,59}})")


@dataclass(frozen=True, slots=True)
class ShopRule:
    """How one shop names its pages. ``host`` matches the end of a host name's labels.

    ``path``: what of the path names the page (its groups, joined). ``keep``: the only parameters that do; None keeps
    all that are not tracking or credit. ``drop``: parameters of this shop that are tracking.
    """

    host: re.Pattern[str]
    path: re.Pattern[str] | None = None
    keep: frozenset[str] | None = None
    drop: frozenset[str] = frozenset()


def _shop(host: str, path: str = "", keep: str | None = None, drop: str = "") -> ShopRule:
    return ShopRule(
        re.compile(rf"(?:.*\.)?{host}"),
        re.compile(path) if path else None,
        None if keep is None else frozenset(keep.split()),
        frozenset(drop.split()),
    )


# Seen in the shops' own addresses. A shop that is missing here is read by the general rules, which keep more.
SHOPS = (
    _shop(
        r"amazon\.[a-z.]{2,6}",
        r"/(?:dp|gp/product|gp/aw/d|exec/obidos/asin)/([A-Za-z0-9]{10})(?:[/?]|$)",
        "",
        "ref ref_ qid sr keywords crid sprefix dib dib_tag psc th content-id pf_rd_p pf_rd_r pd_rd_w pd_rd_wg pd_rd_r",
    ),
    _shop(
        r"ebay\.[a-z.]{2,6}", r"/itm/(?:[^/]+/)?(\d{9,15})", "var", "hash _trkparms _trksid amdata mkevt mkrid toolid"
    ),
    _shop(
        r"aliexpress\.(?:com|us|ru)",
        r"/item/(?:[^/]+/)?(\d{8,20})\.html",
        "",
        "algo_pvid algo_exp_id pdp_npi curPageLogUid",
    ),
    _shop(
        r"(?:taobao|tmall)\.(?:com|hk)",
        "",
        "id skuid",
        "ali_refid ali_trackid abbucket ns xxc app price sp_tk shareuniqueid",
    ),
    _shop(r"jd\.(?:com|hk)", r"/(?:product/)?(\d{5,20})\.html", "", "cu pps jd_pop ad_od gx dist extension_id"),
    _shop(
        r"(?:yangkeduo|pinduoduo)\.com",
        "",
        "goods_id",
        "_oak_share_snapshot_num refer_share_id refer_share_uin _wv _wvx",
    ),
    _shop(r"walmart\.(?:com|ca)", r"/ip/(?:[^/]+/)?(\d{5,15})", "", "athcpid athpgid athznid athbdg classtype from"),
    _shop(r"bestbuy\.com", "", None, "acampid irgwc ref loc"),
    _shop(
        r"etsy\.com",
        r"/listing/(\d{6,15})",
        "",
        "click_key click_sum ref frs ls pro content_source organic_search_click",
    ),
    _shop(r"target\.com", r"/(?:.*/)?-/(A-\d{5,12})", "preselect", "lnk afid cpng"),
)


def tidy(url: str) -> str:
    """``url`` without tracking, on https, host in lower case; an empty string when it is no address of the web."""
    safe = safe_url(url)
    if safe is None or not safe.startswith(("http://", "https://")):
        return ""
    try:
        parts = urlsplit(safe)
        host = _ascii_host(parts.hostname or "")
        port = parts.port
    except ValueError:
        return ""
    if not _SHAPE.fullmatch(host) or "@" in parts.netloc or port not in {None, 80, 443}:
        return ""
    rule = _rule(host)
    tracked = rule.drop if rule else frozenset()
    pieces = [piece for piece in parts.query.split("&") if piece and not _is_tracking(_name(piece), tracked)]
    query = "?" + "&".join(pieces) if pieces else ""
    return f"https://{host}{parts.path or '/'}{query}"


def identity(url: str) -> str:
    """A digest (64 hex digits) that addresses of one page share; an empty string for what is no address of the web.

    The host without "www." and "m.", the path without its last slash, and the parameters in order of name without
    tracking and credit; for shops in ``SHOPS`` what names the page there.
    """
    clean = tidy(url)
    if not clean:
        return ""
    parts = urlsplit(clean)
    host = re.sub(r"^(?:www|m)\.(?=.*\.)", "", parts.netloc)
    rule = _rule(parts.netloc)
    path, keep = unquote(parts.path).rstrip("/"), None
    if rule is not None:
        named = rule.path.search(parts.path) if rule.path else None
        if named is not None:
            path = "/" + "/".join(named.groups())
        if rule.path is None or named is not None:
            keep = rule.keep
    pieces = (piece for piece in parts.query.split("&") if piece)
    kept = sorted(piece for piece in pieces if _names_the_page(_name(piece), keep))
    return hashlib.sha256(f"{host}{path}?{'&'.join(kept)}".encode()).hexdigest()


def host_of(url: str) -> str:
    """The host of an address of the web, or an empty string."""
    return urlsplit(tidy(url)).netloc


def shop_domain(url: str) -> str:
    """The domain a new shop is known by: its host without "www."."""
    return host_of(url).removeprefix("www.")


def shop_key(domain: str) -> str:
    """A public key for the shop at ``domain``."""
    return re.sub(r"[^a-z0-9]+", "-", domain)[:40].strip("-")


def _ascii_host(host: str) -> str:
    """Host names as the network has them (IDNA); raises UnicodeError, a ValueError, for what is none."""
    name = host.lower().removesuffix(".")
    return name if name.isascii() else name.encode("idna").decode("ascii")


def _rule(host: str) -> ShopRule | None:
    return next((rule for rule in SHOPS if rule.host.fullmatch(host)), None)


def _name(piece: str) -> str:
    return unquote_plus(piece.partition("=")[0], encoding="latin-1").lower()


def _is_tracking(name: str, of_shop: frozenset[str]) -> bool:
    return name in TRACKING or name in of_shop or name.startswith(_TRACKING_STARTS)


def _names_the_page(name: str, keep: frozenset[str] | None) -> bool:
    return name in keep if keep is not None else name not in CREDITS and name != "tag"
