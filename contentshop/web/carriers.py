"""Where carriers tell of a parcel: public pages that take the tracking number."""

from __future__ import annotations

from urllib.parse import quote

# Name as staff write it, folded → the carrier's own page. The number goes in the place of {}.
PAGES = {
    "ups": "https://www.ups.com/track?tracknum={}",
    "fedex": "https://www.fedex.com/fedextrack/?trknbr={}",
    "usps": "https://tools.usps.com/go/TrackConfirmAction?tLabels={}",
    "dhl": "https://www.dhl.com/en/express/tracking.html?AWB={}",
    "sf": "https://www.sf-express.com/chn/sc/waybill/waybill-detail/{}",
    "顺丰": "https://www.sf-express.com/chn/sc/waybill/waybill-detail/{}",
    "ems": "https://www.ems.com.cn/queryList?mailNo={}",
}
CARRIERS = ("UPS", "FedEx", "USPS", "DHL", "SF", "EMS", "JD", "ZTO", "YTO", "STO")


def tracking_url(carrier: str, number: str) -> str:
    """The page on which ``carrier`` tells of the parcel; empty when we know none."""
    page = PAGES.get(carrier.strip().casefold().removesuffix(" express"))
    return page.format(quote(number.replace(" ", ""), safe="")) if page and number else ""
