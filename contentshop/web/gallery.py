"""Every component with sample data on one page, in development only."""

from __future__ import annotations

from werkzeug.wrappers import Response

from contentshop.core.errors import NotFound
from contentshop.core.words import say
from contentshop.web.door import Door, show
from contentshop.web.samples import samples
from contentshop.web.session import moment, settings

bp = Door("gallery", __name__)


@bp.get("/dev/components")
def components() -> Response:
    """The gallery. Raises NotFound in production."""
    if settings().production:
        raise NotFound(say("There is no such page."))
    return show("components/gallery.html", samples(moment()))
