"""Draw the pictures of the demo content: one per product and one cover per post.

Run it from the repository's root: ``python tools/draw_demo_pictures.py`` writes every picture to
``contentshop/demo/pictures``; names given as arguments draw only those, ``--out`` writes elsewhere.

Every product is a function that draws flat shapes on a 960 × 960 plane whose floor is at y = 770. Light
comes from the upper left. Covers put the same drawings together on one table. Nothing but Pillow is used, and
the same input gives the same picture.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from PIL import Image, ImageChops, ImageDraw, ImageFilter

PICTURES = Path(__file__).resolve().parents[1] / "contentshop" / "demo" / "pictures"
SCALE = 2
SIZE = 960
FLOOR = 770
QUALITIES = (82, 76, 70, 64, 58)
LARGEST = 25 * 1024

Point = tuple[float, float]
Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Grad:
    """A colour ramp: ``kind`` v(ertical), h(orizontal), d(iagonal) or r(adial), colours evenly spaced."""

    kind: str
    colours: tuple[str, ...]


Fill = str | Grad


def v(*colours: str) -> Grad:
    """Ramp from top to bottom."""
    return Grad("v", colours)


def h(*colours: str) -> Grad:
    """Ramp from left to right."""
    return Grad("h", colours)


def d(*colours: str) -> Grad:
    """Ramp from the upper left to the lower right."""
    return Grad("d", colours)


def r(*colours: str) -> Grad:
    """Ramp from the middle outwards."""
    return Grad("r", colours)


def rgb(colour: str) -> Rgb:
    """Read ``#rrggbb``."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def mix(one: str, other: str, share: float) -> str:
    """Blend two colours; ``share`` of the other, 0 to 1."""
    pairs = zip(rgb(one), rgb(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def lit(colour: str, by: float = 0.16) -> str:
    """The colour in the light."""
    return mix(colour, "#fff6e6", by)


def dim(colour: str, by: float = 0.2) -> str:
    """The colour in the shade."""
    return mix(colour, "#1d1b2e", by)


def soft(colour: str, depth: float = 1.0) -> Grad:
    """A surface under the common light."""
    return d(lit(colour, 0.2 * depth), colour, dim(colour, 0.2 * depth))


def tube(colour: str, depth: float = 1.0) -> Grad:
    """An upright cylinder under the common light."""
    return h(
        dim(colour, 0.14 * depth),
        lit(colour, 0.26 * depth),
        colour,
        dim(colour, 0.18 * depth),
        dim(colour, 0.34 * depth),
    )


def roll(colour: str, depth: float = 1.0) -> Grad:
    """A lying cylinder under the common light."""
    return v(
        dim(colour, 0.05 * depth),
        lit(colour, 0.28 * depth),
        colour,
        dim(colour, 0.2 * depth),
        dim(colour, 0.36 * depth),
    )


def oval(cx: float, cy: float, rx: float, ry: float, tilt: float = 0) -> list[Point]:
    """Points of an ellipse, turned by ``tilt`` degrees."""
    c, s = math.cos(math.radians(tilt)), math.sin(math.radians(tilt))
    out = []
    for step in range(96):
        t = step * math.tau / 96
        x, y = rx * math.cos(t), ry * math.sin(t)
        out.append((cx + x * c - y * s, cy + x * s + y * c))
    return out


def box(x: float, y: float, w: float, h_: float, radius: float | Sequence[float] = 0) -> list[Point]:
    """Points of a rectangle with rounded corners: one radius, or four from the upper left clockwise."""
    radii = [float(radius)] * 4 if isinstance(radius, int | float) else [float(one) for one in radius]
    radii = [min(one, w / 2, h_ / 2) if w / 2 < one or h_ / 2 < one else one for one in radii]
    corners = [(x, y, 180), (x + w, y, 270), (x + w, y + h_, 0), (x, y + h_, 90)]
    inward = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
    out: list[Point] = []
    for (px, py, start), (ix, iy), radius_ in zip(corners, inward, radii, strict=True):
        cx, cy = px + ix * radius_, py + iy * radius_
        for step in range(13):
            t = math.radians(start + step * 7.5)
            out.append((cx + radius_ * math.cos(t), cy + radius_ * math.sin(t)))
    return out


def bend(points: Sequence[Point], closed: bool = True, steps: int = 14) -> list[Point]:
    """A smooth curve through ``points`` (Catmull-Rom)."""
    count = len(points)
    out: list[Point] = []
    for i in range(count if closed else count - 1):
        if closed:
            p0, p1, p2, p3 = (points[(i + k - 1) % count] for k in range(4))
        else:
            p0, p1, p2, p3 = (points[min(max(i + k - 1, 0), count - 1)] for k in range(4))
        for step in range(steps):
            t = step / steps
            out.append((_spline(p0[0], p1[0], p2[0], p3[0], t), _spline(p0[1], p1[1], p2[1], p3[1], t)))
    if not closed:
        out.append(points[-1])
    return out


def _spline(a: float, b: float, c: float, e: float, t: float) -> float:
    return 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - e) * t**2 + (3 * b - a - 3 * c + e) * t**3)


def arc(cx: float, cy: float, rx: float, ry: float, start: float, end: float) -> list[Point]:
    """Points along an ellipse from ``start`` to ``end`` degrees (0 is right, 90 is down)."""
    steps = max(8, int(abs(end - start) / 3))
    angles = [math.radians(start + (end - start) * k / steps) for k in range(steps + 1)]
    return [(cx + rx * math.cos(t), cy + ry * math.sin(t)) for t in angles]


def stroke(points: Sequence[Point], width: float) -> list[list[Point]]:
    """The outline of a line with round ends, as shapes to be united."""
    shapes: list[list[Point]] = []
    for (x1, y1), (x2, y2) in pairwise(points):
        length = math.hypot(x2 - x1, y2 - y1) or 1.0
        nx, ny = (y1 - y2) / length * width / 2, (x2 - x1) / length * width / 2
        shapes.append([(x1 + nx, y1 + ny), (x2 + nx, y2 + ny), (x2 - nx, y2 - ny), (x1 - nx, y1 - ny)])
    shapes.extend(oval(x, y, width / 2, width / 2) for x, y in points)
    return shapes


def _ramp(kind: str, size: tuple[int, int]) -> Image.Image:
    if kind == "r":
        return Image.radial_gradient("L").resize(size, Image.Resampling.BILINEAR)
    down = Image.linear_gradient("L")
    across = down.transpose(Image.Transpose.ROTATE_90)
    if kind == "v":
        ramp = down
    elif kind == "h":
        ramp = across
    else:
        ramp = Image.blend(down, across, 0.5)
    return ramp.resize(size, Image.Resampling.BILINEAR)


def paint(fill: Fill, size: tuple[int, int]) -> Image.Image:
    """An RGB image of ``size`` pixels filled with a colour or a ramp."""
    if isinstance(fill, str):
        return Image.new("RGB", size, rgb(fill))
    stops = [rgb(colour) for colour in fill.colours]
    ramp = _ramp(fill.kind, size)
    bands = []
    for band in range(3):
        table = []
        for level in range(256):
            at = level / 255 * (len(stops) - 1)
            low = min(int(at), len(stops) - 2)
            table.append(round(stops[low][band] + (stops[low + 1][band] - stops[low][band]) * (at - low)))
        bands.append(ramp.point(table))
    return Image.merge("RGB", bands)


class Art:
    """A transparent plane to draw on, ``SCALE`` times finer than its coordinates."""

    def __init__(self, width: int = SIZE, height: int = SIZE) -> None:
        self.size = (width * SCALE, height * SCALE)
        self.image = Image.new("RGBA", self.size, (0, 0, 0, 0))
        self._clip: Image.Image | None = None
        self._moves: list[Callable[[Point], Point]] = []

    def draw(
        self, shapes: Sequence[Sequence[Point]], fill: Fill, alpha: float = 1.0, blur: float = 0, cut: bool = False
    ) -> None:
        """Draw the union of ``shapes``; ``cut`` removes instead of painting."""
        placed = [[self._place(point) for point in shape] for shape in shapes]
        margin = blur * SCALE * 3 + 2
        xs, ys = [x for one in placed for x, _ in one], [y for one in placed for _, y in one]
        left, top = math.floor(min(xs) - margin), math.floor(min(ys) - margin)
        right, bottom = math.ceil(max(xs) + margin), math.ceil(max(ys) + margin)
        mask = Image.new("L", (right - left, bottom - top), 0)
        pen = ImageDraw.Draw(mask)
        for one in placed:
            pen.polygon([(x - left, y - top) for x, y in one], fill=255)
        if blur:
            mask = mask.filter(ImageFilter.GaussianBlur(blur * SCALE))
        if alpha < 1:
            mask = mask.point([round(level * alpha) for level in range(256)])
        if self._clip:
            mask = ImageChops.multiply(mask, self._clip.crop((left, top, right, bottom)))
        if cut:
            self._cut(mask, (left, top))
            return
        layer = paint(fill, mask.size).convert("RGBA")
        layer.putalpha(mask)
        skip = (max(-left, 0), max(-top, 0))
        if skip[0] < layer.width and skip[1] < layer.height and left < self.size[0] and top < self.size[1]:
            self.image.alpha_composite(layer, (max(left, 0), max(top, 0)), skip)

    def _cut(self, mask: Image.Image, at: tuple[int, int]) -> None:
        hole = Image.new("L", self.size, 0)
        hole.paste(mask, at)
        self.image.putalpha(ImageChops.subtract(self.image.getchannel("A"), hole))

    def _place(self, point: Point) -> Point:
        for move in reversed(self._moves):
            point = move(point)
        return point[0] * SCALE, point[1] * SCALE

    def shape(self, points: Sequence[Point], fill: Fill, alpha: float = 1.0, blur: float = 0) -> None:
        """Draw one closed shape."""
        self.draw([points], fill, alpha, blur)

    def line(self, points: Sequence[Point], width: float, fill: Fill, alpha: float = 1.0, blur: float = 0) -> None:
        """Draw a line with round ends."""
        self.draw(stroke(points, width), fill, alpha, blur)

    def ground(self, x1: float, x2: float, y: float = FLOOR, strength: float = 0.34) -> None:
        """The shadow of something that stands on the floor from ``x1`` to ``x2``."""
        mid, half = (x1 + x2) / 2, (x2 - x1) / 2
        self.shape(oval(mid + 34, y + 8, half * 1.12 + 18, 26), "#2a2438", strength * 0.62, 15)
        self.shape(oval(mid + 6, y + 1, half * 0.98, 10), "#2a2438", strength, 5)

    @contextmanager
    def inside(self, *shapes: Sequence[Point]) -> Iterator[None]:
        """Keep what is drawn within the shapes."""
        before = self._clip
        clip = Image.new("L", self.size, 0)
        pen = ImageDraw.Draw(clip)
        for one in shapes:
            pen.polygon([self._place(point) for point in one], fill=255)
        self._clip = ImageChops.multiply(clip, before) if before else clip
        yield
        self._clip = before

    @contextmanager
    def moved(
        self,
        dx: float = 0,
        dy: float = 0,
        scale: float = 1,
        turn: float = 0,
        about: Point = (480, 480),
        flip: bool = False,
    ) -> Iterator[None]:
        """Draw moved, scaled, turned by degrees about a point, or mirrored."""
        c, s = math.cos(math.radians(turn)) * scale, math.sin(math.radians(turn)) * scale
        side = -1 if flip else 1

        def move(point: Point) -> Point:
            x, y = (point[0] - about[0]) * side, point[1] - about[1]
            return about[0] + x * c - y * s + dx, about[1] + x * s + y * c + dy

        self._moves.append(move)
        yield
        self._moves.pop()

    def disc(self, cx: float, cy: float, rx: float, ry: float, fill: Fill, alpha: float = 1.0, blur: float = 0) -> None:
        """Draw an ellipse."""
        self.shape(oval(cx, cy, rx, ry), fill, alpha, blur)

    def slab(
        self, x: float, y: float, w: float, h_: float, radius: float | Sequence[float], fill: Fill, alpha: float = 1.0
    ) -> None:
        """Draw a rounded rectangle."""
        self.shape(box(x, y, w, h_, radius), fill, alpha)

    def gloss(self, points: Sequence[Point], band: Sequence[Point], alpha: float = 0.2, blur: float = 3) -> None:
        """A reflection: the part of ``band`` that lies within ``points``."""
        with self.inside(points):
            self.shape(band, "#ffffff", alpha, blur)


SEGMENTS = {
    "0": "abcdef",
    "1": "bc",
    "2": "abged",
    "3": "abgcd",
    "4": "fgbc",
    "5": "afgcd",
    "6": "afgedc",
    "7": "abc",
    "8": "abcdefg",
    "9": "abcdfg",
}


def _digits(a: Art, x: float, y: float, size: float, reading: str, colour: str, weight: float) -> None:
    """A clock's figures: seven strokes each, ``size`` high, from ``x`` to the right; a colon is two dots."""
    w = size * 0.5
    ends = {
        "a": ((0, 0), (w, 0)),
        "b": ((w, 0), (w, size / 2)),
        "c": ((w, size / 2), (w, size)),
        "d": ((0, size), (w, size)),
        "e": ((0, size / 2), (0, size)),
        "f": ((0, 0), (0, size / 2)),
        "g": ((0, size / 2), (w, size / 2)),
    }
    for sign in reading:
        if sign == ":":
            for part in (0.3, 0.7):
                a.disc(x, y + size * part, weight * 0.6, weight * 0.6, colour)
            x += size * 0.24
            continue
        for name in SEGMENTS[sign]:
            a.line([(x + px, y + py) for px, py in ends[name]], weight, colour)
        x += w + size * 0.26


# Audio


def _headphones(
    a: Art, body: str, pad: str, band: float = 34, accent: str = "", yoke: str = "", open_back: bool = False
) -> None:
    a.ground(250, 330, 752)
    a.ground(560, 730, 766)
    a.shape(oval(312, 604, 70, 146, 5), soft(dim(body, 0.25)))
    a.shape(oval(340, 606, 74, 142, 5), d(lit(pad, 0.1), pad, dim(pad, 0.3)))
    a.shape(oval(348, 607, 44, 100, 5), dim(pad, 0.55))
    a.shape(oval(354, 607, 38, 92, 5), h(dim(pad, 0.5), dim(pad, 0.2)))
    arch = arc(476, 470, 164, 292, 184, 356)
    a.line(arc(476, 482, 152, 282, 222, 318), band * 0.95, dim(pad, 0.1))
    a.line(arch, band, h(lit(body, 0.1), lit(body, 0.22), body, dim(body, 0.25)))
    a.line(arc(472, 464, 164, 292, 205, 262), band * 0.2, "#ffffff", 0.22, 2)
    for x, y in ((312, 452), (640, 452)):
        a.line(
            [(x, y - 40), (x, y + 50)],
            band * 0.62,
            h(*(lit(yoke or body, k) for k in (0.3, 0.1)), dim(yoke or body, 0.3)),
        )
    if accent:
        a.line([(640, 462), (640, 484)], band * 0.66, accent)
        a.line([(312, 462), (312, 484)], band * 0.66, accent)
    if yoke:
        a.line([(640, 420), (640, 500)], 15, h(lit(yoke, 0.5), yoke, dim(yoke, 0.35)))
    a.shape(oval(606, 604, 104, 158, -4), d(lit(pad, 0.12), pad, dim(pad, 0.4)))
    a.shape(oval(630, 604, 104, 158, -4), dim(body, 0.28))
    face = oval(650, 604, 100, 152, -4)
    a.shape(face, soft(body, 1.2))
    a.shape(oval(656, 606, 80, 128, -4), d(dim(body, 0.06), lit(body, 0.06)))
    if open_back:
        grille = oval(656, 606, 74, 120, -4)
        a.shape(grille, "#24262c")
        with a.inside(grille):
            for k in range(-14, 15):
                a.line([(520 + k * 17, 440), (720 + k * 17, 770)], 3, "#8b929c", 0.75)
                a.line([(800 + k * 17, 440), (600 + k * 17, 770)], 3, "#6d747f", 0.65)
        a.line(oval(656, 606, 76, 122, -4), 5, lit(body, 0.35))
    a.gloss(face, oval(606, 520, 74, 120, 24), 0.13, 14)


def sony_xm5(a: Art) -> None:
    _headphones(a, "#34343a", "#26262b", 26)
    a.slab(700, 660, 9, 44, 5, "#17171b")
    a.slab(610, 462, 30, 7, 4, "#b98f63")


def bose_ultra(a: Art) -> None:
    _headphones(a, "#d9cbb5", "#a8977f", 44, yoke="#c2bcb2")


def sony_xm3(a: Art) -> None:
    _headphones(a, "#3d3a3c", "#2a2729", 46, accent="#bd7f52")
    a.line(oval(656, 606, 60, 98, -4), 4, "#bd7f52", 0.9)


def space_one(a: Art) -> None:
    _headphones(a, "#a9c4da", "#7f9ab3", 42)
    a.line(oval(658, 606, 58, 92, -4), 10, lit("#a9c4da", 0.45))
    a.shape(oval(658, 606, 48, 80, -4), d("#c1d7e8", "#93b1cb"))


def hd_600(a: Art) -> None:
    _headphones(a, "#5d6877", "#2b2d33", 40, open_back=True)
    for k in (228, 252, 288, 312):
        x, y = arc(476, 486, 146, 272, k, k + 1)[0]
        a.shape(oval(x, y, 34, 18, k - 270), "#2b2d33")


def _pill(a: Art, x: float, y: float, w: float, h_: float, radius: float, colour: str) -> None:
    a.slab(x, y, w, h_, radius, soft(colour, 1.1))
    a.gloss(box(x, y, w, h_, radius), box(x + w * 0.06, y + h_ * 0.07, w * 0.6, h_ * 0.2, h_ * 0.1), 0.28, 7)


def wf_xm5(a: Art) -> None:
    a.ground(250, 600)
    _pill(a, 240, 520, 370, 250, 122, "#333338")
    a.line([(246, 622), (604, 622)], 4, "#18181b")
    a.slab(400, 612, 50, 20, 8, "#bd9163")
    a.disc(425, 680, 5, 5, "#f4efe6", 0.7)
    for dx, dy, turn in ((0, 0, -12), (-170, -250, 18)):
        with a.moved(dx, dy, 1, turn, (660, 690)):
            a.ground(620, 730, 768, 0.34 if not dx else 0.0)
            a.shape(oval(594, 680, 34, 40), soft("#4b4a50"))
            a.shape(oval(582, 680, 22, 34), "#232327")
            a.disc(664, 690, 78, 78, soft("#3a3a40", 1.3))
            a.disc(676, 690, 56, 60, d("#55555c", "#2a2a2f"))
            a.shape(oval(700, 664, 17, 10, 42), "#bd9163")
            a.disc(644, 656, 20, 12, "#ffffff", 0.28, 5)


def airpods_pro(a: Art) -> None:
    a.ground(290, 660)
    white = "#f4f3f1"
    a.shape(box(300, 330, 360, 200, (100, 100, 20, 20)), v("#ffffff", "#e1dfdf", "#c7c5c9"))
    a.shape(box(324, 376, 312, 154, (80, 80, 0, 0)), v("#b4b2b8", "#cfced1"))
    for side in (-1, 1):
        with a.moved(flip=side > 0):
            a.slab(400, 440, 34, 140, 17, tube(white, 0.7))
            a.shape(oval(398, 440, 48, 54, 20), soft(white, 0.9))
            a.shape(oval(374, 428, 15, 24, 24), "#34343a")
            a.shape(oval(362, 474, 20, 15, 30), "#d9d7d8")
    a.shape(box(290, 516, 380, 254, (26, 26, 118, 118)), d("#ffffff", "#f1efee", "#c9c7cc"))
    a.line([(300, 518), (660, 518)], 5, "#bdbbc1")
    a.disc(480, 620, 6, 6, "#7fc98f")
    a.gloss(box(290, 516, 380, 254, (26, 26, 118, 118)), box(312, 540, 30, 130, 15), 0.9, 6)


def freeclip(a: Art) -> None:
    for dx, flip in ((-164, False), (164, True)):
        with a.moved(dx, 0, 1, 0, (480, 480), flip):
            a.ground(340, 450, 768, 0.26)
            a.ground(520, 620, 768, 0.26)
            a.line(
                bend(
                    [(396, 640), (392, 530), (424, 458), (480, 434), (536, 458), (568, 530), (570, 680)], closed=False
                ),
                28,
                soft("#8d84a8"),
            )
            a.line(bend([(390, 620), (388, 530), (418, 456), (470, 431)], closed=False), 7, "#ffffff", 0.4, 2)
            a.disc(568, 700, 68, 68, soft("#7c7399", 1.4))
            a.disc(548, 674, 24, 18, "#ffffff", 0.4, 7)
            a.shape(box(346, 596, 98, 172, 49), soft("#958cb0", 1.2))
            a.gloss(box(346, 596, 98, 172, 49), box(362, 612, 22, 104, 11), 0.4, 5)


def _monitor_speaker(a: Art, x: float, y: float, w: float, knob: bool) -> None:
    height = w * 1.62
    a.slab(x, y, w, height, 16, soft("#f1ece3", 0.8))
    a.slab(x + 8, y + 8, w - 16, height - 16, 12, d("#fbf8f2", "#e4ddd0"))
    cx = x + w / 2
    a.disc(cx, y + w * 0.4, w * 0.2, w * 0.2, "#d5cdbf")
    a.disc(cx, y + w * 0.4, w * 0.16, w * 0.16, "#2e2d33")
    a.disc(cx, y + w * 0.4, w * 0.09, w * 0.09, r("#6b6a73", "#3a3a41"))
    low = y + w * 1.06
    a.disc(cx, low, w * 0.39, w * 0.39, "#cfc6b6")
    a.disc(cx, low, w * 0.36, w * 0.36, "#26252b")
    a.disc(cx, low, w * 0.29, w * 0.29, r("#2a2930", "#4b4a53", "#3a3941"))
    a.disc(cx, low, w * 0.12, w * 0.12, r("#6b6a74", "#33323a"))
    a.disc(cx - w * 0.14, low - w * 0.16, w * 0.1, w * 0.05, "#ffffff", 0.16, 6)
    if knob:
        a.disc(x + w - 34, y + height - 34, 13, 13, soft("#c9a06c"))


def edifier_mr4(a: Art) -> None:
    a.ground(150, 450, 756)
    a.ground(505, 815)
    _monitor_speaker(a, 156, 280, 294, False)
    _monitor_speaker(a, 502, 262, 314, True)


def jbl_flip(a: Art) -> None:
    a.ground(170, 780)
    body = box(150, 540, 660, 232, 112)
    a.shape(body, roll("#2f8f93", 1.1))
    with a.inside(body):
        for k in range(60):
            a.line([(150 + k * 12, 535), (150 + k * 12 - 40, 775)], 1.4, "#0f4a50", 0.35)
        a.slab(290, 598, 380, 96, 20, d("#f28c5b", "#d96f43"))
        a.slab(300, 622, 360, 46, 22, "#f7b28d", 0.25)
    a.shape(oval(176, 656, 34, 108), h("#1c5459", "#267a7f"))
    a.shape(oval(172, 656, 22, 84), r("#49575c", "#23343a"))
    a.shape(oval(786, 656, 32, 108), h("#237277", "#12393d"))
    a.shape(oval(792, 656, 20, 84), r("#5d6b70", "#23343a"))
    a.line(arc(796, 560, 44, 60, 250, 400), 12, "#1d2d33")


def shure_mv7(a: Art) -> None:
    a.ground(330, 640)
    a.shape(box(356, 738, 270, 34, 16), soft("#2d2d32"))
    a.line([(490, 740), (490, 640)], 24, tube("#3a3a40"))
    a.line(arc(480, 470, 176, 176, 20, 160), 22, d("#55555c", "#2b2b30"))
    for x in (306, 654):
        a.disc(x, 520, 26, 26, soft("#4a4a51"))
    with a.moved(turn=-24, about=(480, 450)):
        a.shape(box(356, 250, 248, 250, (110, 110, 26, 26)), tube("#3b3b41"))
        with a.inside(box(356, 250, 248, 250, (110, 110, 26, 26))):
            for k in range(22):
                for j in range(20):
                    a.disc(362 + k * 12 + (j % 2) * 6, 256 + j * 11, 2.6, 2.6, "#17171a")
            a.shape(oval(420, 330, 30, 90, 10), "#ffffff", 0.1, 12)
        a.slab(346, 470, 268, 44, 12, tube("#2a2a2f"))
        a.slab(372, 486, 216, 12, 6, h("#5fd0a2", "#6fc3e0", "#b28be0"))
        a.shape(box(362, 512, 236, 140, (6, 6, 50, 50)), tube("#35353b"))


# Reading


def _text_lines(a: Art, x: float, y: float, w: float, rows: int, step: float, colour: str, weight: float) -> None:
    ends = (1.0, 0.97, 1.0, 0.94, 0.99, 0.62, 1.0, 0.96, 0.98, 1.0, 0.91, 0.99, 0.44, 1.0, 0.97, 0.95)
    for row in range(rows):
        start = x + (w * 0.06 if row and ends[(row - 1) % 16] < 0.7 else 0)
        a.line([(start, y + row * step), (x + w * ends[row % 16], y + row * step)], weight, colour)


def _slab_device(a: Art, at: Sequence[float], radius: float, body: str, screen: Sequence[float], page: Fill) -> None:
    x, y, w, h_ = at
    a.ground(x + 10, x + w - 10, y + h_ - 2)
    a.shape(box(x + 9, y + 4, w, h_, radius), dim(body, 0.45))
    a.shape(box(x, y, w, h_, radius), soft(body, 1.1))
    a.slab(screen[0] - 2, screen[1] - 2, screen[2] + 4, screen[3] + 4, 6, dim(body, 0.3), 0.55)
    a.slab(screen[0], screen[1], screen[2], screen[3], 5, page)
    band = [(x + w * 0.5, y), (x + w * 0.78, y), (x + w * 0.32, y + h_), (x + w * 0.04, y + h_)]
    a.gloss(box(x, y, w, h_, radius), band, 0.07, 4)


PAGE = d("#f3efe4", "#e6e0d1")
INK = "#4a4741"


def paperwhite(a: Art) -> None:
    _slab_device(a, (270, 200, 420, 572), 30, "#2c2d31", (304, 240, 352, 470), PAGE)
    a.line([(400, 296), (560, 296)], 15, INK)
    a.line([(446, 326), (514, 326)], 6, "#8a857a")
    _text_lines(a, 334, 372, 292, 12, 26, "#6a665d", 7)


def kobo_libra(a: Art) -> None:
    body = "#efece6"
    _slab_device(a, (216, 244, 520, 528), 34, body, (246, 276, 372, 464), PAGE)
    a.slab(640, 262, 78, 492, 24, h("#dedad2", "#f6f3ee", "#d9d4ca"))
    for y in (420, 520):
        a.slab(664, y, 30, 78, 15, soft("#d3cdc2"))
    with a.inside(box(246, 276, 372, 464, 5)):
        a.shape([(246, 276), (618, 276), (618, 740), (246, 740)], v("#f2c9a0", "#e79b78", "#b8677a"))
        a.disc(500, 430, 62, 62, "#fbe6c4")
        a.shape([(246, 610), (350, 500), (430, 590), (520, 480), (618, 600), (618, 740), (246, 740)], "#6c7f9c")
        a.shape([(246, 660), (330, 600), (450, 680), (560, 590), (618, 640), (618, 740), (246, 740)], "#465a78")
        a.line([(300, 326), (470, 326)], 16, "#7b3b48")
        a.line([(300, 360), (410, 360)], 8, "#7b3b48", 0.7)


def boox_palma(a: Art) -> None:
    _slab_device(a, (342, 196, 280, 576), 34, "#3a3d42", (364, 232, 236, 494), d("#eeebe2", "#dfdacd"))
    a.line([(392, 276), (520, 276)], 13, INK)
    _text_lines(a, 390, 318, 184, 14, 26, "#6e6a62", 6)
    a.slab(622, 330, 9, 80, 4, "#1f2124")
    a.slab(622, 430, 9, 40, 4, "#e08a55")


def kindle_oasis(a: Art) -> None:
    _slab_device(a, (224, 242, 510, 530), 26, "#8d9096", (246, 270, 372, 474), PAGE)
    a.slab(634, 256, 88, 502, 18, h("#6f7278", "#a7aab0", "#7b7e84"))
    for y in (398, 508):
        a.slab(664, y, 22, 84, 11, soft("#5b5e64"))
    a.line([(290, 318), (430, 318)], 13, INK)
    _text_lines(a, 278, 362, 308, 13, 27, "#6a665d", 7)


def ipad_mini(a: Art) -> None:
    _slab_device(a, (256, 176, 448, 596), 44, "#b9b3c9", (278, 198, 404, 552), "#2c2838")
    screen = box(278, 198, 404, 552, 28)
    a.shape(screen, d("#f0b7a2", "#b98bc0", "#5f6bb0"))
    with a.inside(screen):
        a.shape(bend([(250, 470), (400, 400), (560, 520), (720, 420), (720, 800), (250, 800)]), "#7a5fa8", 0.8)
        a.shape(bend([(250, 610), (420, 540), (570, 640), (720, 560), (720, 800), (250, 800)]), "#4c4487", 0.85)
        a.disc(560, 320, 62, 62, "#ffe9cf", 0.85)
        a.slab(330, 676, 300, 52, 20, "#ffffff", 0.35)
        for k, colour in enumerate(("#f4efe6", "#e7a16e", "#87b9a9", "#e9cf7a")):
            a.slab(350 + k * 68, 682, 40, 40, 11, colour)
    a.line([(724, 220), (724, 730)], 15, tube("#f4f1ec"))
    a.shape([(716.5, 730), (731.5, 730), (724, 764)], tube("#e2ddd6"))


# Cameras


def _dial(a: Art, x: float, y: float, w: float, h_: float, colour: str) -> None:
    a.slab(x, y, w, h_, 5, tube(colour, 1.1))
    for k in range(int(w / 7)):
        a.line([(x + 4 + k * 7, y + 5), (x + 4 + k * 7, y + h_ - 5)], 1.6, dim(colour, 0.45), 0.8)


def _lens(a: Art, cx: float, cy: float, radius: float, ring: str, depth: float = 1) -> None:
    a.disc(cx + 10, cy + 14, radius * 1.04, radius * 1.04, "#15131c", 0.35, 9)
    a.disc(cx, cy, radius, radius, d(lit(ring, 0.35), ring, dim(ring, 0.5)))
    a.disc(cx, cy, radius * 0.9, radius * 0.9, d(dim(ring, 0.45), lit(ring, 0.06)))
    a.disc(cx, cy, radius * 0.82, radius * 0.82, d(lit("#2a2a31", 0.12), "#1c1c22"))
    for k in range(3):
        inner = radius * (0.74 - 0.07 * k * depth)
        a.line(oval(cx, cy, inner, inner), 2, "#54545e", 0.7)
    a.disc(cx, cy, radius * 0.56, radius * 0.56, "#0d0d13")
    a.disc(cx, cy, radius * 0.5, radius * 0.5, r("#3c2f63", "#26356a", "#10182f", "#0a0b13"))
    a.disc(cx, cy, radius * 0.2, radius * 0.2, "#07070c", 0.8)
    a.shape(oval(cx - radius * 0.2, cy - radius * 0.22, radius * 0.15, radius * 0.09, -40), "#cfe3ff", 0.75, 2)
    a.shape(oval(cx + radius * 0.22, cy + radius * 0.24, radius * 0.09, radius * 0.05, -40), "#e7a9d6", 0.6, 2)


def _leather(a: Art, points: Sequence[Point], colour: str) -> None:
    a.shape(points, d(lit(colour, 0.1), colour, dim(colour, 0.2)))
    xs, ys = [x for x, _ in points], [y for _, y in points]
    with a.inside(points):
        row = 0
        y = min(ys)
        while y < max(ys):
            x = min(xs) + (row % 2) * 5
            while x < max(xs):
                a.disc(x, y, 1.7, 1.7, lit(colour, 0.16), 0.6)
                x += 10
            y += 8
            row += 1


def _x100(a: Art, metal: str, hide: str, lens: str) -> None:
    a.ground(176, 800)
    _dial(a, 610, 352, 92, 46, metal)
    _dial(a, 716, 366, 62, 32, metal)
    a.slab(540, 372, 44, 22, 7, tube(metal))
    a.slab(206, 380, 120, 14, 4, tube(dim(metal, 0.1)))
    a.shape(box(160, 388, 650, 384, 44), soft(metal))
    _leather(a, box(160, 478, 650, 212, 2), hide)
    a.line([(160, 478), (810, 478)], 3, dim(metal, 0.3), 0.7)
    a.line([(160, 690), (810, 690)], 3, lit(metal, 0.4), 0.8)
    a.slab(196, 408, 118, 58, 10, dim(metal, 0.25))
    a.slab(204, 414, 102, 46, 6, d("#2b3345", "#141823"))
    a.shape([(214, 456), (262, 416), (284, 416), (236, 456)], "#8fa6c9", 0.4)
    a.disc(352, 436, 12, 12, "#f3e4c0")
    a.slab(706, 416, 58, 44, 8, d("#fff9ea", "#d8d2c4"))
    a.shape(oval(404, 442, 26, 13, 0), tube(dim(metal, 0.2)))
    _lens(a, 478, 584, 150, lens)


def fuji_x100vi(a: Art) -> None:
    _x100(a, "#cfcdca", "#2b2a2d", "#bdbbb8")


def fuji_x100v(a: Art) -> None:
    _x100(a, "#a39c92", "#39322f", "#8a847b")
    a.line(bend([(160, 430), (96, 520), (70, 660), (118, 768)], closed=False), 13, soft("#7b5540"))


def ricoh_gr(a: Art) -> None:
    a.ground(220, 750)
    _dial(a, 620, 418, 76, 30, "#3d3d42")
    a.slab(550, 428, 40, 16, 7, tube("#55555b"))
    a.shape(box(200, 440, 560, 332, (38, 60, 40, 30)), soft("#333338", 1.1))
    _leather(a, box(206, 500, 120, 250, (10, 40, 40, 20)), "#2a2a2e")
    a.slab(640, 466, 80, 26, 6, "#222226")
    a.disc(366, 480, 7, 7, "#e8d9b0")
    _lens(a, 490, 620, 122, "#46464c")
    a.line(oval(490, 620, 128, 128), 4, "#5f8fd0", 0.9)


def _mirrorless(a: Art, top: str, hide: str, hump: float, lens: float, zoom: bool, retro: bool) -> None:
    a.ground(150, 800)
    if hump:
        a.shape([(392, 396), (430, 396 - hump), (556, 396 - hump), (596, 396)], soft(top))
        a.slab(452, 396 - hump - 8, 84, 12, 4, dim(top, 0.4))
    if retro:
        _dial(a, 196, 344, 96, 54, "#7a6a4e")
        _dial(a, 632, 346, 90, 52, "#7a6a4e")
        _dial(a, 736, 362, 54, 36, "#7a6a4e")
    else:
        _dial(a, 700, 366, 78, 32, dim(top, 0.3))
        a.shape(oval(640, 384, 34, 16), soft(dim(top, 0.3)))
    a.shape(box(150, 388, 660, 384, (36, 48, 44, 36)), soft(top))
    _leather(a, box(150, 452, 660, 268, 4), hide)
    grip = bend([(158, 440), (232, 432), (272, 500), (262, 640), (266, 760), (166, 766), (152, 600)])
    if not retro:
        a.shape(grip, d(lit(hide, 0.16), hide, dim(hide, 0.3)))
    a.disc(206, 416, 20, 14, soft(lit(top, 0.2)))
    a.slab(620, 408, 20, 20, 10, "#d9775c" if not retro else "#c9a55f")
    _lens(a, 500, 590, lens, "#2f2f35")
    if zoom:
        for k in range(44):
            t = math.radians(k * 360 / 44)
            x, y = 500 + math.cos(t) * lens * 0.95, 590 + math.sin(t) * lens * 0.95
            a.line([(x, y), (500 + math.cos(t) * lens * 0.99, 590 + math.sin(t) * lens * 0.99)], 4, "#17171b", 0.8)


def sony_a7c(a: Art) -> None:
    _mirrorless(a, "#c3c3c6", "#2b2b2f", 0, 168, True, False)
    a.slab(262, 404, 76, 34, 6, "#1d1d22")
    a.line(oval(500, 590, 172, 172), 5, "#d88848", 0.9)


def nikon_zf(a: Art) -> None:
    _mirrorless(a, "#3a393c", "#242427", 92, 156, True, True)
    a.slab(442, 348, 104, 22, 4, "#2a292c")


def canon_r50(a: Art) -> None:
    with a.moved(scale=0.9, about=(480, FLOOR)):
        _mirrorless(a, "#38383d", "#2b2b30", 74, 146, True, False)


def osmo_pocket(a: Art) -> None:
    a.ground(404, 560)
    a.slab(404, 452, 152, 320, 34, tube("#35363b"))
    a.slab(420, 470, 120, 12, 6, "#1f2024")
    a.disc(480, 716, 20, 20, soft("#c94f46"))
    a.disc(480, 660, 15, 15, soft("#55565c"))
    screen = box(352, 486, 256, 150, 18)
    a.shape(screen, soft("#222328"))
    inner = box(364, 498, 232, 126, 9)
    a.shape(inner, v("#8fc0d8", "#f3d4a8"))
    with a.inside(inner):
        a.shape([(350, 610), (420, 552), (480, 592), (540, 540), (620, 600), (620, 640), (350, 640)], "#4d7d78")
        a.disc(548, 530, 15, 15, "#fff4dc")
        a.disc(380, 514, 6, 6, "#d9483b")
    a.slab(446, 392, 68, 66, 14, tube("#2b2c30"))
    a.line(bend([(480, 400), (560, 380), (596, 320), (590, 260)], closed=False), 34, soft("#3d3e43"))
    a.slab(560, 236, 54, 84, 22, soft("#46474d"))
    a.slab(392, 190, 184, 172, 50, soft("#3a3b40", 1.2))
    _lens(a, 470, 276, 66, "#2a2a2f")


def dji_mini(a: Art) -> None:
    a.shape(oval(490, 768, 250, 18), "#2a2438", 0.22, 14)
    with a.moved(scale=0.88):
        _drone(a, "#b9bdc1")


def _drone(a: Art, body: str) -> None:
    for x, y, back in ((190, 392, True), (770, 392, True), (120, 520, False), (840, 520, False)):
        a.line([(480 + (x - 480) * 0.2, 480), (x, y)], 26 if back else 34, soft(dim(body, 0.18 if back else 0.0)))
    for x, y, k in ((190, 392, 0.8), (770, 392, 0.8), (120, 520, 1.0), (840, 520, 1.0)):
        a.slab(x - 22 * k, y - 42 * k, 44 * k, 84 * k, 14, tube("#8e9297"))
        for side in (-1, 1):
            a.shape(oval(x + side * 66 * k, y - 50 * k, 70 * k, 9 * k, side * 5), h("#3e4147", "#6d7178"), 0.85)
        a.disc(x, y - 50 * k, 11 * k, 9 * k, "#e0884f")
    a.shape(box(352, 396, 256, 214, (74, 74, 60, 60)), soft(body, 1.1))
    a.gloss(box(352, 396, 256, 214, (74, 74, 60, 60)), box(382, 408, 180, 36, 18), 0.4, 8)
    for x in (398, 536):
        a.slab(x, 466, 28, 20, 8, "#23252a")
        a.disc(x + 14, 476, 6, 6, "#5b6b86")
    a.slab(420, 500, 120, 126, 26, soft("#43464c"))
    _lens(a, 480, 566, 50, "#33353a")


def insta360(a: Art) -> None:
    a.ground(380, 580)
    a.disc(578, 330, 52, 74, r("#46506e", "#1b2030", "#0f121b"))
    a.shape(oval(600, 300, 10, 20, 20), "#cfe0ff", 0.5, 4)
    body = box(378, 190, 204, 582, 34)
    a.shape(body, tube("#34363b"))
    a.slab(392, 204, 176, 252, 26, d("#44474d", "#2a2c30"))
    a.disc(480, 330, 92, 92, d("#5b5e65", "#22242a"))
    a.disc(480, 330, 78, 78, r("#4b4f78", "#1f2740", "#0b0e17"))
    a.shape(oval(450, 296, 26, 15, -40), "#d6e5ff", 0.7, 3)
    a.shape(oval(516, 366, 13, 8, -40), "#efb4dd", 0.6, 3)
    a.slab(402, 474, 156, 206, 14, d("#7fb6c9", "#e6c593", "#d2896f"))
    a.disc(480, 578, 46, 46, "#f6efe0", 0.85)
    a.disc(480, 726, 19, 19, soft("#d4564b"))
    for y in (500, 560, 620):
        a.line([(378, y + 90), (386, y + 90)], 4, "#f0c23d", 0.9)


def instax(a: Art) -> None:
    a.ground(230, 740)
    with a.moved(turn=-5, about=(500, 200)):
        a.slab(396, 150, 220, 200, 8, d("#ffffff", "#ece8e1"))
        a.slab(414, 168, 184, 150, 3, d("#f4c7a9", "#a9bfd9"))
        a.disc(470, 240, 24, 24, "#f5e7c8", 0.9)
        a.shape([(414, 318), (470, 264), (520, 306), (560, 276), (598, 318)], "#6f8f86")
    body = bend(
        [
            (226, 360),
            (330, 304),
            (480, 312),
            (640, 300),
            (742, 366),
            (762, 540),
            (738, 716),
            (620, 772),
            (480, 766),
            (330, 772),
            (226, 712),
            (204, 540),
        ]
    )
    a.shape(body, soft("#b7d3e6", 1.1))
    a.slab(380, 318, 250, 16, 8, "#6d89a0")
    a.gloss(body, oval(320, 400, 120, 60, -18), 0.3, 16)
    a.slab(250, 372, 104, 60, 22, d("#fbf7ee", "#ded8cb"))
    a.slab(606, 366, 100, 74, 24, soft("#8fb2c9"))
    a.slab(622, 378, 68, 50, 14, d("#2f3848", "#171c27"))
    a.disc(480, 566, 172, 172, soft("#d3e4f0"))
    a.disc(480, 566, 140, 140, d("#9fbfd6", "#c6dcea"))
    _lens(a, 480, 566, 104, "#50606e")
    a.disc(236, 520, 26, 30, soft("#f3efe6"))


def capture_clip(a: Art) -> None:
    a.slab(372, 60, 216, 840, 34, h("#59636b", "#78838b", "#4c555d"))
    for x in (384, 576):
        for k in range(30):
            a.line([(x, 70 + k * 28), (x, 84 + k * 28)], 3, "#aeb8be", 0.6)
    a.slab(330, 300, 300, 380, 34, soft("#232428", 1.2))
    a.slab(348, 318, 264, 344, 24, d("#3a3b40", "#1d1e22"))
    for x in (480,):
        a.disc(x, 300 + 34, 15, 15, "#111114")
        a.disc(x, 660 - 14, 15, 15, "#111114")
    a.slab(372, 388, 216, 216, 18, soft("#4a4b51", 1.1))
    a.slab(388, 404, 184, 184, 12, d("#2b2c31", "#3d3e44"))
    for k in range(6):
        a.line([(400, 420 + k * 30), (560, 420 + k * 30)], 4, "#1b1b1f", 0.8)
    a.disc(480, 496, 34, 34, d("#c8cbcf", "#8a8d92"))
    a.line([(460, 496), (500, 496)], 7, "#55585d")
    a.slab(612, 440, 34, 100, 14, soft("#c9473d"))


def travel_tripod(a: Art) -> None:
    for x, foot in ((480, 480), (420, 240), (540, 720)):
        a.ground(foot - 26, foot + 26, FLOOR, 0.25)
        a.line([(x, 330), (foot, 752)], 22, h("#7d8288", "#565a60"))
        mid = ((x + foot) / 2, 541)
        a.line([(x, 330), mid], 38, h("#6a6e75", "#3b3e44"))
        a.line([mid, ((mid[0] + foot) / 2, 646)], 29, h("#7b8087", "#4a4d53"))
        a.slab(mid[0] - 26, mid[1] - 10, 52, 22, 8, "#222429")
        a.disc(foot, 758, 17, 12, "#1c1d21")
    a.shape([(396, 250), (564, 250), (548, 360), (412, 360)], soft("#34363b"))
    a.disc(480, 300, 25, 25, soft("#cf8a4a"))
    a.slab(446, 184, 68, 72, 16, tube("#4c4f55"))
    a.slab(408, 156, 144, 34, 10, soft("#2b2d31"))


# Desk


def _key_rows(a: Art, x: float, y: float, rows: Sequence[Sequence[float]], unit: float, colours: Sequence[str]) -> None:
    """Keys from left to right; the width of each in units, a negative one is a gap. Bottom row last."""
    for row, widths in enumerate(rows):
        at = x
        for k, width in enumerate(widths):
            w = abs(width) * unit
            if width > 0:
                edge = k == 0 or k == len(widths) - 1 or (width > 1.3 and width < 4)
                colour = colours[1] if edge else colours[0]
                if row == 0 and k == 0:
                    colour = colours[2]
                a.slab(at + 2, y + 3, w - 3, unit - 3, 7, dim(colour, 0.42))
                a.slab(at + 2, y, w - 3, unit - 4, 7, v(lit(colour, 0.14), colour))
                a.slab(at + 6, y + 2, w - 11, unit - 14, 6, v(lit(colour, 0.3), lit(colour, 0.06)))
            at += w
        y += unit + 2


def mx_master(a: Art) -> None:
    a.ground(200, 770)
    hull = bend(
        [
            (196, 742),
            (206, 640),
            (262, 520),
            (380, 440),
            (520, 430),
            (650, 486),
            (742, 600),
            (776, 720),
            (740, 768),
            (480, 772),
            (240, 772),
        ]
    )
    a.shape(hull, d("#6c6d72", "#4a4b50", "#2c2d31"))
    with a.inside(hull):
        a.shape(bend([(300, 800), (320, 650), (430, 560), (600, 560), (720, 640), (800, 800)]), "#2f3034", 0.8)
        a.shape(bend([(180, 800), (190, 700), (270, 640), (372, 680), (400, 800)]), d("#5b5c62", "#333439"))
        for k in range(9):
            a.line([(232 + k * 16, 700 - k * 3), (222 + k * 16, 770)], 2.4, "#232428", 0.6)
        a.line(bend([(560, 436), (520, 520), (536, 600)], closed=False), 5, "#222327")
        a.shape(oval(410, 470, 130, 40, -24), "#ffffff", 0.2, 16)
    with a.moved(turn=26, about=(628, 500)):
        a.slab(602, 446, 44, 110, 20, "#1f2023")
        a.slab(608, 452, 32, 98, 15, tube("#b7b8bb", 1.2))
        for k in range(13):
            a.line([(609, 458 + k * 7.2), (639, 458 + k * 7.2)], 1.8, "#5e5f64", 0.7)
    with a.moved(turn=-16, about=(330, 610)):
        a.slab(276, 580, 84, 34, 16, "#1f2023")
        a.slab(280, 584, 76, 24, 12, roll("#b7b8bb", 1.2))
        for k in range(10):
            a.line([(287 + k * 7, 586), (287 + k * 7, 606)], 1.8, "#5e5f64", 0.7)


def keychron_q1(a: Art) -> None:
    a.shape(box(66, 352, 840, 376, 26), "#2a2438", 0.35, 16)
    a.slab(60, 330, 840, 380, 28, soft("#3b3f49", 1.3))
    a.slab(74, 344, 812, 352, 20, d("#4c515d", "#30333c"))
    a.slab(92, 366, 764, 312, 12, "#1e2026")
    dark, mid, red = "#565b66", "#3d414b", "#d98b55"
    rows = [
        [1, -0.2, *[1] * 12, -0.2, 1],
        [*[1] * 13, 2, 0.0001],
        [1.5, *[1] * 12, 1.5],
        [1.75, *[1] * 11, 2.25],
        [2.25, *[1] * 10, 1.75, 1],
        [1.25, 1.25, 1.25, 6.25, 1, 1, 1, 1, 1],
    ]
    _key_rows(a, 100, 374, rows, 50, (dark, mid, red))
    a.disc(826, 398, 27, 27, "#15161a")
    a.disc(824, 394, 26, 26, d("#c9ccd2", "#6d717a"))
    a.disc(824, 394, 18, 18, d("#8b8f98", "#b5b9c0"))


def hhkb(a: Art) -> None:
    a.shape(box(106, 372, 760, 326, 22), "#2a2438", 0.34, 16)
    a.slab(100, 350, 760, 330, 22, soft("#ece6d8", 0.9))
    a.slab(116, 364, 728, 302, 12, d("#d8d1c0", "#c6bead"))
    light, grey = "#f6f1e5", "#cdc6b8"
    rows: list[list[float]] = [
        [*[1] * 15],
        [1.5, *[1] * 12, 1.5],
        [1.75, *[1] * 11, 2.25],
        [2.25, *[1] * 10, 1.75, 1],
        [-1.5, 1, 1.5, 6, 1.5, 1, -2.5],
    ]
    _key_rows(a, 124, 378, rows, 47.4, (light, grey, grey))


def dell_monitor(a: Art) -> None:
    a.ground(350, 610)
    a.slab(356, 748, 250, 24, 12, soft("#c3c6ca"))
    a.slab(446, 560, 70, 196, 8, tube("#d0d3d6"))
    a.slab(452, 640, 58, 40, 20, dim("#d0d3d6", 0.35))
    a.slab(92, 196, 776, 452, 14, soft("#3a3c42"))
    screen = box(102, 206, 756, 420, 5)
    a.shape(screen, d("#27415c", "#3e6f83", "#e0a683"))
    with a.inside(screen):
        a.disc(660, 420, 92, 92, "#ffe2ba", 0.9)
        a.shape(
            bend([(60, 520), (220, 400), (360, 500), (520, 380), (700, 500), (900, 420), (900, 700), (60, 700)]),
            "#2c5a68",
            0.9,
        )
        a.shape(bend([(60, 580), (260, 500), (460, 570), (640, 500), (900, 560), (900, 700), (60, 700)]), "#1d3c4c")
        a.shape([(102, 206), (420, 206), (240, 640), (102, 640)], "#ffffff", 0.06)
    a.slab(102, 626, 756, 18, 3, "#2a2b30")


def screenbar(a: Art) -> None:
    with a.inside(box(0, 0, 960, 960)):
        a.shape([(250, 330), (710, 330), (790, 880), (170, 880)], "#ffe9b8", 0.4, 26)
    a.slab(60, 348, 840, 420, 18, soft("#3a3c42"))
    screen = box(76, 364, 808, 388, 8)
    a.shape(screen, d("#2b3a4e", "#41617a"))
    with a.inside(screen):
        a.slab(120, 410, 300, 300, 12, "#f4efe6", 0.12)
        a.slab(450, 410, 390, 140, 12, "#f4efe6", 0.12)
        a.slab(450, 576, 390, 134, 12, "#e0a683", 0.3)
        a.shape([(76, 364), (430, 364), (260, 760), (76, 760)], "#ffffff", 0.05)
    a.slab(436, 292, 88, 92, 16, soft("#2e3035"))
    a.slab(452, 376, 56, 34, 8, "#222327")
    a.slab(140, 262, 680, 50, 25, roll("#3b3d43", 1.3))
    a.shape(box(170, 302, 620, 11, 5), "#fff3cf")
    a.shape(box(170, 304, 620, 26, 10), "#ffe9b0", 0.5, 8)
    for k in range(4):
        a.disc(440 + k * 27, 277, 4.5, 4.5, "#aeb2b8", 0.9)


def mijia_lamp(a: Art) -> None:
    a.shape([(250, 250), (470, 250), (640, 770), (90, 770)], "#fff2c9", 0.3, 30)
    a.ground(520, 760)
    a.slab(516, 744, 250, 27, 13, soft("#f6f3ee", 0.8))
    a.shape(oval(640, 746, 118, 10), v("#ffffff", "#e6e2da"))
    a.disc(580, 746, 17, 5, "#d8d3c9")
    a.line([(700, 742), (700, 232)], 24, tube("#f4f1ec", 0.8))
    a.line([(722, 240), (250, 240)], 27, roll("#f8f5f0", 0.8))
    a.slab(262, 250, 230, 9, 4, "#fff0bd")
    a.disc(704, 238, 24, 24, soft("#f4f1ec", 0.8))
    a.line(bend([(716, 226), (736, 260), (716, 300)], closed=False), 7, "#d2473f")


def anker_737(a: Art) -> None:
    a.ground(364, 596)
    body = box(360, 226, 240, 546, 34)
    a.shape(body, tube("#3b3c42"))
    a.slab(378, 242, 204, 514, 24, d("#4b4d54", "#2c2d32"))
    for k in range(26):
        a.line([(384, 470 + k * 10), (576, 470 + k * 10)], 2, "#1f2024", 0.4)
    a.slab(410, 268, 140, 156, 24, "#101116")
    a.line(arc(480, 346, 48, 48, 140, 360), 10, "#5fc9a8")
    a.line(arc(480, 346, 48, 48, 0, 40), 10, "#2d3a3f")
    a.slab(462, 330, 36, 12, 5, "#f4efe6", 0.9)
    a.slab(468, 352, 24, 9, 4, "#5fc9a8", 0.9)
    for x in (398, 460, 522):
        a.slab(x, 218, 40, 12, 6, "#17181b")


def anker_735(a: Art) -> None:
    a.ground(316, 640)
    for x in (352, 406):
        a.slab(x - 120, 440, 100, 18, 4, roll("#c8c9cc"))
        a.slab(x - 120, 548, 100, 18, 4, roll("#c8c9cc"))
        break
    a.shape(box(310, 360, 330, 412, 56), soft("#35363b", 1.2))
    a.shape(box(342, 388, 266, 356, 40), d("#414248", "#26272b"))
    for y, kind in ((450, "c"), (546, "c"), (642, "a")):
        if kind == "c":
            a.slab(414, y, 122, 44, 22, "#101013")
            a.slab(426, y + 12, 98, 20, 10, "#55575e")
            a.slab(438, y + 18, 74, 8, 4, "#1a1a1d")
        else:
            a.slab(408, y, 134, 54, 7, "#101013")
            a.slab(418, y + 24, 114, 20, 3, "#5b8dbf")
    a.disc(475, 420, 6, 6, "#5fc9e0")


def samsung_t7(a: Art) -> None:
    a.line(bend([(470, 250), (480, 150), (590, 110), (690, 170), (720, 300)], closed=False), 17, soft("#2b2c30"))
    a.slab(700, 280, 44, 78, 10, soft("#2b2c30"))
    a.slab(710, 356, 24, 30, 4, "#c5c7ca")
    a.slab(452, 214, 42, 66, 10, soft("#2b2c30"))
    with a.moved(turn=-4, about=(470, 540)):
        body = box(300, 262, 344, 540, 38)
        a.shape(body, soft("#5d7f9d", 1.2))
        a.slab(318, 280, 308, 504, 26, d("#7494b0", "#4a6a87"))
        for k in range(13):
            a.slab(340, 410 + k * 27, 264, 15, 7, roll("#5c7d9a", 0.8), 0.9)
        a.slab(352, 316, 96, 14, 7, "#dfe8ef", 0.75)
        a.disc(596, 322, 7, 7, "#8fe0ff")


def aeron(a: Art) -> None:
    a.ground(280, 690)
    frame, mesh = "#3c3d43", "#6a6d75"
    for dx in (-196, -108, 0, 108, 196):
        a.line([(480, 690), (480 + dx, 738)], 22, soft(frame))
        a.disc(480 + dx, 754, 19, 19, soft("#2b2c30"))
        a.disc(480 + dx, 754, 8, 8, "#77797f")
    a.line([(480, 540), (480, 690)], 34, tube("#8a8d93"))
    a.line([(480, 540), (480, 610)], 48, tube(frame))
    back = bend(
        [
            (300, 250),
            (340, 186),
            (480, 168),
            (620, 186),
            (660, 250),
            (640, 400),
            (590, 490),
            (480, 504),
            (370, 490),
            (320, 400),
        ]
    )
    a.shape(back, soft(frame))
    hole = bend(
        [
            (322, 258),
            (356, 208),
            (480, 192),
            (604, 208),
            (638, 258),
            (620, 394),
            (576, 468),
            (480, 480),
            (384, 468),
            (340, 394),
        ]
    )
    a.shape(hole, d(lit(mesh, 0.16), mesh, dim(mesh, 0.2)))
    with a.inside(hole):
        for k in range(52):
            a.line([(300 + k * 7, 180), (300 + k * 7, 500)], 1.5, "#3a3c42", 0.45)
        for k in range(26):
            y = 190 + k * 12
            a.line(bend([(300, y), (480, y + 12), (660, y)], closed=False), 1.5, "#c3c6cc", 0.35)
    a.slab(408, 424, 144, 26, 13, soft("#2b2c31"))
    for side in (-1, 1):
        a.line([(480 + side * 150, 566), (480 + side * 206, 540), (480 + side * 206, 440)], 18, soft("#55575d"))
        a.slab(480 + side * 206 - 44, 420, 88, 28, 14, soft("#2d2e32", 1.2))
    seat = bend(
        [
            (280, 546),
            (330, 514),
            (480, 506),
            (630, 514),
            (680, 546),
            (690, 584),
            (600, 606),
            (480, 610),
            (360, 606),
            (270, 584),
        ]
    )
    a.shape(seat, soft(frame))
    a.shape(
        bend([(306, 544), (350, 524), (480, 518), (610, 524), (654, 544), (640, 564), (480, 574), (320, 564)]),
        d(lit(mesh, 0.2), mesh),
    )


def mstand(a: Art) -> None:
    a.ground(240, 730)
    metal = "#c9ccd0"
    a.shape(box(256, 744, 470, 28, (6, 6, 12, 12)), roll(metal))
    a.shape([(560, 756), (700, 756), (640, 520), (560, 480)], h(dim(metal, 0.2), dim(metal, 0.38)))
    a.shape(
        bend(
            [(720, 752), (736, 690), (700, 590), (640, 530), (560, 500), (530, 520), (620, 580), (676, 660), (690, 752)]
        ),
        soft(metal, 1.2),
    )
    a.shape([(180, 560), (240, 480), (720, 480), (780, 560)], d("#e6e8ea", metal, dim(metal, 0.16)))
    a.slab(176, 556, 610, 24, 10, roll(metal))
    a.slab(176, 544, 120, 22, 8, tube(lit(metal, 0.3)))
    a.slab(666, 544, 120, 22, 8, tube(lit(metal, 0.2)))
    a.shape([(214, 548), (258, 498), (702, 498), (746, 548)], d("#8d9095", "#6d7075"))
    a.shape([(262, 496), (290, 190), (670, 190), (698, 496)], soft("#a9adb3"))
    a.shape([(276, 484), (302, 204), (658, 204), (684, 484)], d("#30445e", "#5a86a0", "#e3b08d"))
    a.shape([(276, 484), (302, 204), (440, 204), (340, 484)], "#ffffff", 0.08)
    a.disc(632, 660, 26, 26, dim(metal, 0.5))


def lamy(a: Art) -> None:
    with a.moved(turn=38, about=(480, 480)):
        yellow = "#efbf2f"
        a.slab(446, 40, 68, 90, (34, 34, 6, 6), tube(yellow))
        a.slab(442, 84, 76, 330, 14, tube(yellow))
        a.disc(480, 62, 16, 10, "#2b2b2b", 0.9)
        a.shape(box(440, 396, 80, 14, 4), tube("#d6a320"))
        a.line([(480, 76), (480, 90)], 20, tube("#c3c6ca"))
        clip = box(466, 96, 28, 250, 14)
        a.line([*clip, clip[0]], 9, h("#eef0f2", "#a5a9ae", "#7c8086"))
        a.slab(446, 414, 68, 270, 8, tube(yellow))
        a.slab(470, 540, 20, 70, 10, "#6b5414", 0.5)
        a.shape([(446, 684), (514, 684), (502, 806), (458, 806)], tube("#33343a"))
        a.shape([(466, 690), (494, 690), (490, 800), (470, 800)], "#45464d", 0.9)
        a.shape([(456, 806), (504, 806), (492, 866), (480, 912), (468, 866)], h("#f3f4f5", "#b4b8bd", "#83878d"))
        a.line([(480, 852), (480, 908)], 2, "#4a4c52")
        a.disc(480, 848, 5, 5, "#4a4c52")


def gift_card(a: Art) -> None:
    """A card with a ribbon, on the sleeve it comes in."""
    with a.moved(turn=-7, about=(480, 480)):
        a.slab(118, 270, 730, 480, 26, soft("#efe2cc"))
        with a.moved(turn=5, about=(480, 480)):
            a.slab(104, 196, 752, 486, 34, d("#3b8373", "#2a6558", "#1b453d"))
            a.shape([(104, 560), (856, 300), (856, 420), (104, 676)], "#ffffff", 0.07)
            a.shape(box(250, 196, 62, 486), h("#d8952c", "#f6c766", "#d8952c"))
            a.shape(box(104, 330, 752, 62), v("#d8952c", "#f6c766", "#d8952c"))
            for side in (-1, 1):
                a.shape(oval(281 + side * 74, 316, 84, 46, side * 24), soft("#f2b84b", 1.3))
                a.shape(oval(281 + side * 78, 318, 44, 20, side * 24), "#b9771b", 0.85)
            a.shape(oval(281, 358, 38, 38), soft("#f6c766", 1.3))
            a.line([(420, 500), (760, 500)], 26, "#f7f1e6", 0.92)
            a.line([(420, 566), (640, 566)], 26, "#f7f1e6", 0.5)


def leuchtturm(a: Art) -> None:
    with a.moved(turn=-6, about=(480, 480)):
        a.slab(256, 128, 470, 704, (4, 22, 22, 4), "#e9e1cd")
        for k in range(4):
            a.line([(722 - k * 2, 150), (722 - k * 2, 812)], 1.2, "#bfb59c", 0.8)
        a.slab(240, 120, 470, 704, (8, 24, 24, 8), soft("#2c3f66", 1.3))
        a.slab(240, 120, 52, 704, (8, 0, 0, 8), h("#22325a", "#3b5080", "#2a3c66"))
        a.line([(296, 122), (296, 822)], 3, "#1c2947", 0.7)
        a.slab(628, 118, 17, 708, 2, h("#18233f", "#31456f", "#18233f"))
        a.shape([(420, 822), (438, 822), (442, 900), (430, 884), (416, 898)], v("#c24e44", "#e07a66"))
        a.slab(356, 240, 200, 86, 6, d("#f6f0e0", "#e5dcc6"))
        a.line([(382, 274), (530, 274)], 5, "#2c3f66", 0.7)
        a.line([(382, 298), (490, 298)], 5, "#2c3f66", 0.45)


# Kitchen


def zojirushi(a: Art) -> None:
    a.ground(210, 760)
    cream = "#efe8da"
    body = bend(
        [
            (196, 560),
            (230, 420),
            (350, 360),
            (480, 352),
            (620, 360),
            (734, 420),
            (766, 560),
            (748, 700),
            (660, 766),
            (480, 772),
            (300, 766),
            (214, 700),
        ]
    )
    a.shape(body, soft(cream, 0.9))
    with a.inside(body):
        a.shape(
            bend([(160, 480), (300, 452), (480, 446), (660, 452), (800, 480), (800, 496), (480, 466), (160, 496)]),
            dim(cream, 0.3),
        )
        a.slab(180, 730, 600, 60, 0, dim(cream, 0.14))
    a.shape(bend([(396, 356), (420, 318), (540, 318), (566, 356), (480, 368)]), soft(dim(cream, 0.06)))
    a.slab(440, 334, 80, 16, 8, dim(cream, 0.3))
    panel = bend([(330, 508), (480, 496), (630, 508), (650, 610), (600, 690), (480, 704), (360, 690), (310, 610)])
    a.shape(panel, soft("#a9a59d"))
    a.slab(398, 526, 164, 74, 10, d("#b9c8a8", "#93a487"))
    _digits(a, 436, 545, 36, "6:30", "#3c4637", 5)
    for x, colour in ((386, "#e1846d"), (452, "#f4efe6"), (518, "#f4efe6"), (584, "#84b2a0")):
        a.shape(oval(x - 5, 642, 25, 18), soft(colour))
    a.gloss(body, oval(320, 412, 120, 24, -16), 0.5, 9)


def mijia_cooker(a: Art) -> None:
    a.ground(250, 710)
    white = "#f5f3ef"
    body = box(236, 370, 488, 402, (90, 90, 66, 66))
    a.shape(body, d("#ffffff", white, "#cfcac3"))
    a.line([(238, 478), (722, 478)], 4, "#c8c3bb")
    with a.inside(body):
        a.shape(box(236, 370, 488, 108, 0), d("#ffffff", "#e6e2dc"), 0.65)
    a.shape(oval(480, 424, 92, 36), d("#44464c", "#26272c"))
    a.shape(oval(480, 424, 84, 31), "#17181c")
    a.slab(448, 414, 28, 20, 4, "#ffffff", 0.9)
    a.slab(484, 414, 28, 20, 4, "#ffffff", 0.9)
    a.disc(480, 640, 26, 26, d("#ffffff", "#dcd7cf"))
    a.line(arc(480, 640, 17, 17, 0, 359), 3, "#e2a25a")
    a.gloss(body, box(262, 500, 26, 200, 13), 0.9, 7)
    a.slab(300, 356, 90, 18, 9, "#dcd7cf")


def supor_cooker(a: Art) -> None:
    a.ground(190, 780)
    gold = "#c9a988"
    body = bend(
        [
            (178, 580),
            (200, 470),
            (300, 420),
            (480, 408),
            (660, 420),
            (764, 470),
            (786, 580),
            (750, 706),
            (640, 768),
            (480, 772),
            (320, 768),
            (214, 706),
        ]
    )
    a.shape(body, soft(gold, 1.2))
    lid = bend(
        [
            (196, 474),
            (240, 386),
            (350, 334),
            (480, 326),
            (616, 334),
            (724, 386),
            (768, 474),
            (640, 506),
            (480, 512),
            (320, 506),
        ]
    )
    a.shape(lid, soft("#57453d", 1.3))
    a.gloss(lid, oval(350, 376, 130, 30, -15), 0.28, 10)
    a.slab(390, 350, 180, 70, 34, d("#2c2422", "#171312"))
    a.slab(430, 372, 100, 24, 8, "#f0c07c", 0.9)
    a.line(bend([(196, 480), (320, 512), (480, 518), (640, 512), (768, 480)], closed=False), 7, lit(gold, 0.5))
    face = bend([(330, 560), (480, 552), (630, 560), (610, 690), (480, 716), (350, 690)])
    a.shape(face, d("#3a2f2c", "#1f1918"))
    a.slab(414, 582, 132, 56, 8, "#0f0c0c")
    _digits(a, 449, 596, 28, "0:45", "#f5d6a0", 4)
    for x in (410, 480, 550):
        a.disc(x, 670, 14, 14, soft("#8c7463"))


def microwave(a: Art) -> None:
    a.ground(110, 850)
    a.slab(140, 752, 70, 20, 6, "#1d1e22")
    a.slab(750, 752, 70, 20, 6, "#1d1e22")
    a.slab(96, 330, 768, 428, 22, soft("#3b3c42", 1.2))
    a.slab(112, 346, 560, 396, 14, d("#2c2d32", "#1b1c20"))
    window = box(150, 386, 450, 316, 16)
    a.shape(window, d("#5d4a38", "#33291f"))
    with a.inside(window):
        a.disc(375, 520, 240, 170, "#f4bf6c", 0.4, 50)
        a.shape(oval(375, 652, 180, 24), "#c9d4d6", 0.6)
        a.shape(bend([(296, 590), (454, 590), (436, 640), (400, 656), (350, 656), (314, 640)]), soft("#f1ece2"))
        a.shape(oval(375, 590, 79, 15), "#d9843f")
        for k in range(34):
            a.line([(150, 392 + k * 10), (600, 392 + k * 10)], 1.2, "#15130f", 0.4)
        a.shape([(150, 386), (360, 386), (220, 702), (150, 702)], "#ffffff", 0.07)
    a.slab(628, 386, 20, 316, 10, tube("#c6c9cc"))
    a.slab(692, 366, 148, 60, 8, "#101114")
    _digits(a, 730, 382, 28, "3:00", "#79d3c0", 4)
    for row in range(4):
        for col in range(3):
            a.slab(694 + col * 50, 446 + row * 46, 43, 34, 8, soft("#5b5d64"))
    a.slab(694, 642, 143, 62, 12, soft("#d2765c"))


def soymilk(a: Art) -> None:
    a.ground(336, 640)
    a.line(bend([(620, 440), (716, 452), (732, 560), (712, 680), (620, 700)], closed=False), 36, soft("#2b2c30"))
    body = [(340, 392), (626, 392), (606, 756), (590, 772), (374, 772), (360, 756)]
    a.shape(body, h("#8d9196", "#eceef0", "#b9bdc1", "#d7dadd", "#74787d"))
    a.shape([(362, 728), (604, 728), (602, 772), (364, 772)], tube("#2f3035"))
    a.shape([(340, 400), (310, 428), (344, 450)], soft("#b3b7bb"))
    a.shape(box(330, 250, 306, 152, (70, 70, 14, 14)), tube("#2f3035"))
    a.shape(oval(480, 262, 92, 15), d("#55575d", "#34353a"))
    a.slab(452, 224, 56, 40, 16, tube("#3d3e44"))
    a.slab(410, 310, 140, 60, 12, "#15161a")
    for x, colour in ((440, "#e7a45e"), (480, "#f4efe6"), (520, "#78b99f")):
        a.disc(x, 340, 11, 11, colour)
    a.slab(424, 470, 30, 230, 12, "#6f757b", 0.5)
    for k in range(5):
        a.line([(462, 500 + k * 45), (484, 500 + k * 45)], 3, "#54585d", 0.7)


def instant_pot(a: Art) -> None:
    a.ground(250, 720)
    steel = h("#83878c", "#f0f1f2", "#bcc0c4", "#dfe1e3", "#6f7378")
    a.shape(box(240, 440, 480, 290, 18), steel)
    a.shape(box(240, 700, 480, 72, (6, 6, 30, 30)), tube("#2a2b30"))
    a.shape(box(222, 396, 516, 60, 18), tube("#2d2e33"))
    for x in (188, 708):
        a.slab(x, 430, 66, 40, 14, soft("#26272b"))
    a.shape(bend([(244, 398), (300, 336), (480, 318), (660, 336), (716, 398)]), tube("#3a3b41"))
    a.slab(398, 276, 164, 56, 26, soft("#25262a", 1.3))
    a.slab(604, 314, 30, 46, 10, soft("#1c1d20"))
    a.disc(354, 336, 13, 9, "#c9473d")
    a.slab(338, 482, 284, 226, 22, d("#3a3b41", "#1e1f23"))
    a.slab(400, 502, 160, 66, 8, "#0d0e11")
    _digits(a, 440, 518, 34, "08:0", "#ef6a52", 5)
    for row in range(4):
        for x in (356, 550):
            a.slab(x, 586 + row * 28, 54, 18, 6, "#6f737a")
    a.disc(480, 636, 38, 38, d("#55575e", "#2d2e33"))


def airfryer(a: Art) -> None:
    a.ground(270, 700)
    body = bend(
        [
            (262, 420),
            (290, 300),
            (380, 236),
            (480, 224),
            (590, 236),
            (676, 300),
            (704, 420),
            (712, 620),
            (690, 740),
            (600, 772),
            (360, 772),
            (276, 740),
            (254, 620),
        ]
    )
    a.shape(body, soft("#3a3b40", 1.4))
    a.gloss(body, oval(350, 330, 50, 120, 24), 0.18, 16)
    a.shape(oval(482, 292, 118, 50), d("#202125", "#38393f"))
    a.slab(438, 280, 88, 24, 6, "#e9e2d2", 0.9)
    a.line(arc(482, 292, 100, 40, 0, 359), 3, "#b58a5a")
    drawer = box(286, 462, 396, 276, (26, 26, 60, 60))
    a.shape(drawer, d("#4a4b51", "#25262a"))
    a.line([*drawer, drawer[0]], 4, "#17181b", 0.8)
    a.slab(432, 520, 104, 160, 30, soft("#2b2c30"))
    a.slab(446, 534, 76, 160, 26, tube("#66686e"))
    a.slab(460, 550, 48, 16, 8, "#b58a5a")


def balmuda(a: Art) -> None:
    a.ground(180, 780)
    a.slab(200, 752, 70, 20, 6, "#19191c")
    a.slab(690, 752, 70, 20, 6, "#19191c")
    a.shape(box(160, 396, 640, 364, 54), soft("#39383c", 1.3))
    a.gloss(box(160, 396, 640, 364, 54), box(200, 402, 560, 18, 9), 0.3, 5)
    window = box(214, 446, 532, 190, 22)
    a.shape(window, "#1c1410")
    with a.inside(window):
        a.shape(box(214, 446, 532, 190, 22), v("#f0a850", "#a85a24", "#4e2815"))
        a.line([(220, 462), (740, 462)], 8, "#ffdf9a", 0.9, 2)
        for x in (300, 498):
            loaf = bend(
                [(x, 540), (x + 6, 502), (x + 80, 488), (x + 156, 502), (x + 162, 540), (x + 154, 608), (x + 8, 608)]
            )
            a.shape(loaf, v("#e0a355", "#b26a2c"))
            a.shape(oval(x + 80, 520, 60, 16), "#f3cb86", 0.7, 4)
        for k in range(14):
            a.line([(226 + k * 40, 612), (226 + k * 40, 636)], 4, "#33302e")
        a.line([(214, 612), (746, 612)], 6, "#4b4744")
    a.slab(290, 648, 380, 18, 9, roll("#c6a06e"))
    for x in (330, 630):
        a.disc(x, 712, 29, 29, d("#5a595e", "#1e1d20"))
        a.disc(x, 712, 21, 21, d("#2f2e32", "#46454a"))
        a.line([(x, 696), (x, 708)], 4, "#f0d9a8")
    a.shape(oval(480, 712, 42, 8), "#19181b")
    a.slab(560, 376, 66, 24, 8, soft("#2c2b2f"))


def mi_kettle(a: Art) -> None:
    a.ground(296, 700)
    white = "#f6f4f0"
    a.line(bend([(600, 330), (700, 344), (736, 440), (716, 600), (640, 670)], closed=False), 46, tube(white))
    a.slab(704, 404, 44, 116, 18, "#26272c")
    _digits(a, 713, 440, 18, "80", "#8fd6ea", 3)
    a.disc(726, 480, 4, 4, "#8fd6ea")
    a.shape([(322, 372), (252, 330), (286, 412), (318, 470)], soft(white))
    body = bend(
        [(330, 320), (640, 320), (648, 420), (664, 640), (664, 736), (480, 748), (304, 736), (304, 640), (322, 420)]
    )
    a.shape(body, h("#d8d4cd", "#ffffff", white, "#dedad3", "#b9b4ad"))
    a.shape(oval(484, 322, 156, 26), v("#ffffff", "#dcd8d1"))
    a.slab(446, 286, 76, 30, 12, tube("#e3dfd8"))
    a.shape(box(288, 738, 392, 34, (10, 10, 16, 16)), tube("#e9e5de"))
    a.slab(288, 736, 392, 5, 2, "#b6b1a9")


def stagg(a: Art) -> None:
    a.ground(260, 700)
    black = "#35353a"
    a.shape(box(300, 738, 400, 34, (12, 12, 17, 17)), tube("#3e3e44"))
    a.disc(630, 754, 13, 13, soft("#8b8b92"))
    a.slab(340, 747, 90, 13, 4, "#9bd0e0", 0.9)
    spout = bend([(376, 690), (280, 668), (236, 560), (232, 450), (196, 392), (150, 384)], closed=False)
    a.line(spout, 25, soft(black, 1.3))
    a.shape([(372, 560), (612, 560), (684, 738), (306, 738)], tube(black, 1.2))
    a.shape([(372, 500), (612, 500), (612, 564), (372, 564)], tube(black, 1.2))
    a.shape(oval(492, 500, 120, 18), v("#55555b", "#2b2b30"))
    a.shape(bend([(430, 496), (446, 474), (540, 474), (556, 496)]), tube(black))
    a.disc(493, 458, 21, 21, soft("#4c4c52", 1.4))
    a.line([(610, 530), (760, 516)], 26, soft(black))
    a.line([(752, 518), (738, 680)], 38, tube("#2e2e33"))


def v60(a: Art) -> None:
    a.ground(360, 620)
    white = "#f7f5f1"
    a.shape(
        bend([(340, 560), (636, 560), (622, 700), (570, 768), (480, 772), (400, 768), (354, 700)]),
        h("#a9bcc4", "#e2edf1", "#b7c9d0", "#8fa5ae"),
        0.7,
    )
    with a.inside(bend([(346, 566), (630, 566), (616, 696), (566, 762), (480, 766), (404, 762), (360, 696)])):
        a.slab(330, 654, 320, 130, 0, v("#6b3d25", "#3f2216"))
        a.shape(oval(488, 654, 140, 13), "#8a5434")
    a.line(bend([(626, 590), (700, 596), (700, 690), (612, 706)], closed=False), 17, "#c7d6dc", 0.9)
    a.slab(326, 540, 324, 26, 12, roll(white))
    a.shape([(430, 498), (546, 498), (560, 544), (416, 544)], tube(white))
    cone = [(262, 262), (700, 262), (560, 506), (412, 506)]
    a.line(bend([(672, 320), (770, 312), (776, 400), (660, 430), (616, 420)], closed=False), 25, soft(white))
    a.shape(cone, h("#d9d5ce", "#ffffff", white, "#d0cbc4", "#a8a39c"))
    a.shape(oval(481, 262, 219, 40), v("#e9e5de", "#ffffff"))
    well = oval(481, 264, 202, 33)
    a.shape(well, d("#b8b2a8", "#e4dfd7"))
    with a.inside(well):
        for k in range(16):
            t = math.radians(k * 22.5)
            a.line(
                bend(
                    [
                        (481 + 205 * math.cos(t), 264 + 35 * math.sin(t)),
                        (481 + 110 * math.cos(t + 0.3), 276 + 20 * math.sin(t + 0.3)),
                        (481 + 30 * math.cos(t + 0.7), 292),
                    ],
                    closed=False,
                ),
                4,
                "#f8f6f2",
                0.9,
            )
        a.disc(481, 300, 62, 15, "#5b3423", 0.9, 4)


def timemore(a: Art) -> None:
    a.ground(396, 560)
    a.line(bend([(480, 210), (600, 200), (700, 214)], closed=False), 19, roll("#9c9fa4"))
    a.slab(456, 190, 50, 40, 14, tube("#77797f"))
    a.line([(704, 210), (704, 180)], 15, tube("#c5c7ca"))
    a.disc(704, 142, 33, 42, soft("#3b3632", 1.4))
    a.shape(box(392, 228, 178, 50, (18, 18, 6, 6)), tube("#3a3a3f"))
    a.slab(386, 274, 190, 270, 8, tube("#37373c"))
    with a.inside(box(386, 300, 190, 220, 0)):
        for k in range(-24, 26):
            a.line([(480 + k * 12, 296), (480 + k * 12 + 120, 524)], 2.2, "#191a1d", 0.7)
            a.line([(480 + k * 12, 296), (480 + k * 12 - 120, 524)], 2.2, "#5c5d64", 0.35)
    a.slab(386, 540, 190, 22, 4, tube("#c0a172"))
    a.slab(396, 560, 170, 212, (4, 4, 26, 26), tube("#37373c"))
    a.gloss(box(396, 560, 170, 212, 10), box(416, 570, 16, 190, 8), 0.25, 3)


def aeropress(a: Art) -> None:
    a.ground(350, 640)
    mug = "#c96f4f"
    a.line(bend([(610, 600), (716, 604), (716, 716), (606, 726)], closed=False), 30, soft(mug))
    a.shape(box(350, 566, 270, 206, (12, 12, 44, 44)), tube(mug))
    a.shape(oval(485, 566, 135, 15), dim(mug, 0.4))
    a.shape(box(370, 538, 230, 28, 12), tube("#2e2f34"))
    a.shape([(392, 540), (578, 540), (566, 560), (404, 560)], tube("#3e3f45"))
    a.slab(392, 288, 186, 256, 12, h("#5c5752", "#9b948b", "#6e6861", "#4b4641"), 0.86)
    with a.inside(box(400, 290, 170, 250, 8)):
        a.slab(400, 430, 170, 120, 0, v("#4a2c1c", "#2d1a11"), 0.95)
        a.slab(398, 404, 174, 32, 6, "#26272b")
    a.slab(376, 272, 218, 22, 10, tube("#5d5852"))
    a.slab(414, 168, 142, 240, 8, h("#7c756c", "#b7afa4", "#857d74", "#625b54"), 0.55)
    a.slab(392, 148, 186, 24, 11, tube("#5d5852"))
    for k, y in enumerate((460, 420, 380, 340)):
        a.line(arc(485, y, 15, 15, 0, 359), 3, "#e6c35a", 0.95 if k else 0.7)
    a.gloss(box(392, 288, 186, 256, 12), box(410, 298, 15, 232, 7), 0.5, 3)


def _knife(a: Art, blade: Sequence[Point], bolster: bool, handle: str) -> None:
    with a.moved(turn=-34, about=(480, 480)):
        a.shape(blade, v("#f2f4f5", "#c9ced2", "#a5abb0"))
        with a.inside(blade):
            a.shape([(60, 500), (560, 470), (560, 640), (60, 640)], d("#ffffff", "#dfe3e6"), 0.75)
            a.line([(560, 512), (300, 514), (60, 478)], 3, "#8d949a", 0.35)
        grip = bend(
            [
                (566, 428),
                (640, 424),
                (760, 432),
                (868, 428),
                (898, 452),
                (890, 506),
                (850, 516),
                (770, 498),
                (680, 506),
                (590, 502),
                (566, 494),
            ]
        )
        if bolster:
            a.shape(box(548, 424, 34, 112, (4, 4, 4, 10)), tube("#c2c6ca", 1.2))
        a.shape(grip, v(lit(handle, 0.25), handle, dim(handle, 0.4)))
        a.line([(600, 436), (860, 440)], 4, "#ffffff", 0.14, 2)
        for x in (640, 730, 820):
            a.disc(x, 466, 11, 11, d("#f0f1f2", "#8d9298"))


def tojiro(a: Art) -> None:
    _knife(
        a,
        [(566, 430), (566, 508), (540, 520), (300, 518), (160, 500), (60, 456), (64, 448), (200, 432), (400, 428)],
        False,
        "#2a2a2e",
    )
    with a.moved(turn=-34, about=(480, 480)):
        a.slab(560, 430, 14, 76, 2, tube("#c2c6ca"))
        a.line([(480, 456), (480, 492)], 4, "#6d7379", 0.4)
        a.line([(462, 456), (462, 484)], 4, "#6d7379", 0.4)


def wusthof(a: Art) -> None:
    _knife(
        a,
        [(556, 426), (556, 540), (536, 546), (380, 560), (240, 548), (130, 506), (60, 446), (70, 440), (240, 426)],
        True,
        "#242429",
    )
    with a.moved(turn=-34, about=(480, 480)):
        a.disc(500, 462, 17, 17, "#c3463c", 0.85)


def lodge(a: Art) -> None:
    with a.moved(turn=-24, about=(480, 480)):
        iron = "#3a393b"
        grip = bend(
            [(620, 440), (720, 446), (850, 436), (916, 452), (930, 492), (912, 530), (850, 546), (720, 536), (620, 544)]
        )
        a.shape(grip, v(lit(iron, 0.2), iron, dim(iron, 0.3)))
        a.shape(oval(884, 491, 22, 19), "#14151a", 0.85)
        a.shape([(360, 196), (430, 150), (500, 200)], soft(iron))
        a.shape([(360, 786), (430, 834), (500, 782)], dim(iron, 0.2))
        a.disc(400, 491, 306, 306, soft(iron, 1.5))
        a.disc(400, 491, 284, 284, d("#1d1c1e", "#4b494b"))
        a.disc(400, 491, 262, 262, r("#454345", "#3a383a", "#2a292a"))
        a.shape(oval(360, 508, 118, 102, 10), "#fbf7ee")
        a.shape(
            bend([(258, 470), (320, 396), (430, 412), (500, 470), (480, 570), (400, 620), (300, 600), (244, 540)]),
            "#fdfaf3",
        )
        a.disc(374, 506, 54, 54, d("#ffd36b", "#f0a236"))
        a.disc(356, 488, 17, 13, "#ffffff", 0.7, 3)
        for x, y in ((520, 350), (546, 380), (500, 640), (300, 330), (566, 560)):
            a.disc(x, y, 5, 5, "#6f8f5f")


def hydro_flask(a: Art) -> None:
    a.ground(384, 592)
    blue = "#3f5788"
    a.line(arc(488, 214, 66, 74, 180, 360), 25, soft("#2b2c31"))
    a.slab(418, 206, 140, 66, 14, tube("#2b2c31"))
    a.slab(404, 270, 168, 16, 6, tube("#c3c6ca"))
    body = box(378, 284, 220, 488, (54, 54, 24, 24))
    a.shape(body, tube(blue, 1.2))
    a.slab(378, 750, 220, 22, (0, 0, 24, 24), tube("#b6babf"))
    a.gloss(body, box(406, 310, 20, 420, 10), 0.28, 4)
    a.line(bend([(470, 520), (488, 480), (506, 520), (488, 540)]), 5, "#e9ecf2", 0.9)


def stanley(a: Art) -> None:
    a.ground(392, 580)
    cream = "#eee3cd"
    a.line([(520, 300), (548, 120)], 15, h("#fdfaf3", "#d9cfba"))
    a.line(bend([(596, 360), (720, 366), (728, 470), (716, 560), (584, 572)], closed=False), 42, soft(cream))
    a.shape([(352, 312), (618, 312), (594, 596), (376, 596)], tube(cream))
    a.shape([(386, 596), (584, 596), (570, 760), (558, 772), (412, 772), (400, 760)], tube(cream))
    a.line([(378, 596), (592, 596)], 5, dim(cream, 0.25))
    a.slab(340, 286, 290, 40, 16, tube("#d5c8ae"))
    a.shape(oval(485, 288, 132, 16), v("#fbf5e8", "#dccfb6"))
    a.shape(oval(523, 288, 17, 6), "#8f8169")
    a.gloss([(352, 312), (618, 312), (594, 596), (376, 596)], box(384, 330, 22, 250, 11), 0.6, 5)
    a.slab(440, 420, 80, 40, 8, tube("#c9b993"))


# Bags and small travel things


def _zip(a: Art, points: Sequence[Point], colour: str = "#1b1c20") -> None:
    a.line(points, 9, colour)
    a.line(points, 2.5, lit(colour, 0.35), 0.8)


def peak_backpack(a: Art) -> None:
    a.ground(270, 700)
    black = "#3b3d42"
    a.line(arc(480, 216, 62, 56, 180, 360), 23, soft(black))
    body = bend(
        [
            (276, 330),
            (300, 226),
            (380, 194),
            (480, 188),
            (590, 194),
            (664, 226),
            (690, 330),
            (704, 560),
            (694, 720),
            (640, 768),
            (480, 772),
            (320, 768),
            (270, 720),
            (260, 560),
        ]
    )
    a.shape(body, soft(black, 1.3))
    a.shape(
        bend(
            [
                (300, 360),
                (330, 250),
                (480, 232),
                (636, 250),
                (664, 360),
                (672, 560),
                (660, 700),
                (480, 720),
                (302, 700),
                (290, 560),
            ]
        ),
        d("#4c4f55", "#33353a"),
    )
    _zip(a, bend([(312, 420), (336, 282), (480, 262), (628, 282), (652, 420)], closed=False))
    a.slab(316, 470, 328, 12, 6, "#232529")
    pocket = box(322, 486, 320, 214, 28)
    a.shape(pocket, d("#484a50", "#2d2f33"))
    _zip(a, [(346, 516), (618, 516)])
    a.line([(618, 516), (622, 566)], 7, "#c9cbce")
    for x in (250, 680):
        a.slab(x, 450, 32, 130, 14, soft("#2a2b2f"))
    for y in (612, 652):
        a.line([(322, y), (642, y)], 4, "#1f2024", 0.5)
    a.slab(448, 330, 64, 40, 8, soft("#25262a"))
    a.disc(480, 350, 10, 10, "#a34238")


def farpoint(a: Art) -> None:
    a.ground(270, 720)
    grey = "#5f6b70"
    a.line(arc(480, 204, 58, 50, 180, 360), 21, soft("#33373b"))
    for side in (-1, 1):
        a.shape(
            bend(
                [
                    (480 + side * 190, 560),
                    (480 + side * 300, 590),
                    (480 + side * 326, 650),
                    (480 + side * 296, 676),
                    (480 + side * 180, 660),
                ]
            ),
            soft("#3b4145"),
        )
        a.slab(480 + side * 290 - 22, 636, 44, 26, 8, "#22262a")
    body = bend(
        [
            (296, 300),
            (330, 212),
            (480, 180),
            (632, 212),
            (668, 300),
            (688, 540),
            (672, 710),
            (600, 766),
            (480, 772),
            (364, 766),
            (290, 710),
            (276, 540),
        ]
    )
    a.shape(body, soft(grey, 1.3))
    a.shape(
        bend([(330, 320), (360, 250), (480, 228), (602, 250), (634, 320), (640, 430), (480, 448), (322, 430)]),
        d("#748288", "#526066"),
    )
    _zip(a, bend([(330, 400), (352, 268), (480, 244), (612, 268), (632, 400)], closed=False), "#2a2f33")
    pocket = bend([(326, 480), (480, 496), (636, 480), (650, 600), (626, 712), (480, 736), (336, 712), (312, 600)])
    a.shape(pocket, d("#3f6f78", "#2b525b"))
    _zip(a, bend([(330, 540), (480, 560), (634, 540)], closed=False), "#1f3c44")
    a.line([(480, 560), (486, 606)], 7, "#e0a257")
    for y in (462, 742):
        a.line([(290, y), (350, y + 8)], 13, "#2b2f33")
        a.line([(616, y + 8), (676, y)], 13, "#2b2f33")
    a.line(bend([(420, 300), (446, 330), (420, 360), (446, 390)], closed=False), 6, "#e0a257", 0.9)
    a.line(bend([(540, 300), (514, 330), (540, 360), (514, 390)], closed=False), 6, "#e0a257", 0.9)


def _case_handle(a: Art, x1: float, x2: float, top: float, bottom: float) -> None:
    for x in (x1, x2):
        a.line([(x, top + 12), (x, bottom)], 17, tube("#c3c6ca"))
    a.slab(x1 - 18, top - 10, x2 - x1 + 36, 38, 16, roll("#3a3b40"))


def ninetygo(a: Art) -> None:
    a.ground(300, 670)
    _case_handle(a, 412, 556, 76, 260)
    for x in (328, 600):
        a.slab(x, 726, 44, 30, 8, "#2a2b2f")
        a.disc(x + 22, 752, 21, 21, d("#55575d", "#1d1e22"))
        a.disc(x + 22, 752, 8, 8, "#a9acb1")
    body = box(288, 236, 396, 498, 54)
    grey = "#9aa1a6"
    a.shape(body, soft(grey, 1.2))
    with a.inside(body):
        for k in range(7):
            x = 326 + k * 49
            a.slab(x, 230, 26, 520, 13, h(dim(grey, 0.22), lit(grey, 0.35), grey, dim(grey, 0.3)))
    a.slab(428, 216, 116, 30, 14, soft("#3a3b40"))
    a.slab(660, 440, 34, 90, 12, soft("#4a4c52"))
    for y in (462, 482, 502):
        a.line([(668, y), (686, y)], 5, "#d7b06c")
    for x, y in ((288, 236), (640, 236), (288, 690), (640, 690)):
        a.slab(x, y, 44, 44, 20, dim(grey, 0.25), 0.5)


def travelpro(a: Art) -> None:
    a.ground(300, 680)
    _case_handle(a, 416, 552, 84, 250)
    for x in (326, 606):
        a.slab(x, 724, 44, 32, 8, "#22242a")
        a.disc(x + 22, 752, 21, 21, d("#50535a", "#1a1b1f"))
        a.disc(x + 22, 752, 8, 8, "#9da1a7")
    blue = "#3b4f74"
    body = box(284, 226, 404, 510, 40)
    a.shape(body, soft(blue, 1.2))
    a.slab(296, 238, 380, 486, 30, d("#4a608a", "#2e4061"))
    _zip(a, [*box(306, 248, 360, 466, 26), (306, 274)], "#1d2a44")
    a.slab(332, 280, 308, 150, 18, d("#52699a", "#34476d"))
    _zip(a, [(350, 306), (622, 306)], "#1d2a44")
    a.slab(332, 452, 308, 240, 18, d("#4c6290", "#304265"))
    _zip(a, bend([(350, 560), (350, 482), (486, 476), (622, 482), (622, 560)], closed=False), "#1d2a44")
    a.line([(622, 560), (622, 596)], 7, "#c6a06e")
    a.slab(428, 208, 116, 30, 14, soft("#2a3550"))
    a.slab(452, 346, 68, 34, 6, soft("#c6a06e"))
    for x in (284, 652):
        a.slab(x, 690, 36, 46, (4, 4, 20, 20), "#232d44")


def bellroy_kit(a: Art) -> None:
    with a.moved(dy=-20):
        slate = "#5d6b78"
        a.slab(180, 180, 600, 330, 40, soft(slate, 1.2))
        a.slab(198, 198, 564, 300, 28, d("#3b4651", "#2c353e"))
        for k in range(5):
            a.line(
                bend(
                    [(250 + k * 104, 496), (250 + k * 104, 380), (300 + k * 104, 372), (312 + k * 104, 496)],
                    closed=False,
                ),
                7,
                "#77869a",
                0.5,
            )
        a.slab(226, 360, 508, 18, 8, "#d98e57")
        a.line(bend([(270, 470), (262, 290), (300, 240), (336, 300), (330, 470)], closed=False), 11, "#f4efe6")
        a.slab(254, 430, 32, 50, 6, "#e7e1d5")
        a.slab(382, 250, 70, 200, 14, soft("#2b2c30"))
        a.slab(396, 236, 12, 20, 2, "#c3c6ca")
        a.slab(426, 236, 12, 20, 2, "#c3c6ca")
        a.line(arc(556, 320, 52, 56, 0, 359), 13, soft("#88b2a6"))
        a.line(arc(556, 320, 34, 38, 0, 359), 10, soft("#6f9c90"))
        a.slab(656, 260, 60, 130, 10, soft("#c9ccd0"))
        a.slab(668, 238, 36, 26, 4, "#8d9196")
        a.slab(180, 486, 600, 340, 44, soft(slate, 1.3))
        a.slab(200, 506, 560, 300, 32, d("#71808e", "#53606c"))
        _zip(a, bend([(204, 540), (216, 516), (480, 508), (744, 516), (756, 540)], closed=False), "#2c343c")
        a.slab(230, 620, 500, 160, 24, d("#66747f", "#4c5863"))
        a.line([(240, 622), (720, 622)], 5, "#39434c", 0.8)
        a.slab(640, 740, 60, 22, 4, "#d98e57")


def leatherman(a: Art) -> None:
    with a.moved(turn=-28, about=(480, 480)):
        steel = "#c1c5c9"
        for side, turn in ((-1, 13), (1, -13)):
            with a.moved(turn=turn, about=(480, 430)):
                x = 480 + side * 44 - 42
                a.slab(x, 420, 84, 450, 22, tube(steel, 1.2))
                a.slab(x + 16, 470, 52, 370, 12, tube(dim(steel, 0.12)))
                a.slab(x + 28, 500, 12, 240, 6, "#5a5f65", 0.6)
                a.disc(x + 42, 846, 12, 12, d("#f0f1f2", "#81868b"))
                a.line([(x + 54, 760), (x + 54, 820)], 5, "#7a7f85", 0.7)
        for side in (-1, 1):
            jaw = [
                (480 + side * 2, 120),
                (480 + side * 26, 120),
                (480 + side * 52, 250),
                (480 + side * 76, 330),
                (480 + side * 80, 430),
                (480, 440),
                (480 + side * 2, 300),
            ]
            a.shape(jaw, h(*(("#dfe2e4", "#a7acb1") if side < 0 else ("#b9bdc1", "#797e84"))))
            for k in range(9):
                a.line([(480 + side * 3, 136 + k * 13), (480 + side * 18, 136 + k * 13)], 3, "#6a6f75", 0.7)
        a.shape(oval(480, 290, 24, 40), dim(steel, 0.6), 0.85)
        a.disc(480, 396, 46, 46, soft(steel, 1.4))
        a.disc(480, 396, 20, 20, d("#8d9297", "#d7dadc"))
        blade = [(392, 460), (360, 440), (250, 330), (240, 310), (270, 316), (410, 420)]
        a.shape(blade, d("#f0f2f3", "#b3b8bc"))


def sonicare(a: Art) -> None:
    a.ground(430, 540)
    a.ground(560, 680, FLOOR, 0.22)
    a.slab(468, 190, 26, 250, 10, tube("#f4f2ee"))
    a.slab(452, 150, 52, 92, 16, tube("#f8f6f2"))
    for row in range(6):
        colour = "#7fb6d6" if row in (2, 3) else "#ffffff"
        a.slab(426, 158 + row * 13, 32, 10, 3, h(dim(colour, 0.12), colour))
    a.slab(460, 424, 42, 24, 8, tube("#c5cfd6"))
    body = bend(
        [(452, 446), (510, 446), (526, 520), (536, 640), (530, 756), (481, 772), (432, 756), (426, 640), (436, 520)]
    )
    a.shape(body, h("#d9dde0", "#ffffff", "#f4f4f2", "#d4d9dd", "#abb3b9"))
    a.slab(462, 520, 38, 62, 19, soft("#9fc3d8"))
    for y in (628, 652, 676):
        a.disc(481, y, 4.5, 4.5, "#7fae93")
    a.shape(bend([(556, 730), (580, 712), (660, 712), (686, 730), (690, 762), (620, 772), (552, 762)]), soft("#f1efeb"))
    a.slab(606, 690, 28, 30, 10, tube("#e3e0da"))


# Running and outdoors


def _shoe(a: Art, upper: str, accent: str, sole: str, stack: float, laces: str) -> None:
    a.ground(150, 820)
    top = FLOOR - stack
    mid = bend(
        [
            (112, top - 6),
            (130, FLOOR - 30),
            (210, FLOOR),
            (480, FLOOR),
            (720, FLOOR),
            (828, FLOOR - 34),
            (868, top + 2),
            (846, top - 30),
            (600, top - 20),
            (400, top - 34),
            (200, top - 44),
            (118, top - 50),
        ]
    )
    shell = bend(
        [
            (146, top + 4),
            (126, 500),
            (120, 392),
            (152, 340),
            (216, 344),
            (270, 396),
            (330, 402),
            (398, 346),
            (440, 340),
            (520, 430),
            (640, 520),
            (780, 560),
            (848, 610),
            (862, top - 6),
            (700, top + 12),
            (400, top + 8),
        ]
    )
    a.shape(oval(300, 400, 120, 46, 8), dim(upper, 0.55))
    a.shape(shell, soft(upper, 1.2))
    with a.inside(shell):
        for k in range(26):
            a.line([(120 + k * 32, 330), (40 + k * 32, 760)], 2, lit(upper, 0.3), 0.22)
        a.shape(
            bend([(100, 300), (260, 420), (250, 560), (240, 760), (90, 760)]),
            d(lit(accent, 0.1), dim(accent, 0.15)),
            0.95,
        )
        a.shape(bend([(640, 700), (690, 590), (790, 566), (900, 600), (900, 760)]), dim(upper, 0.16), 0.9)
        a.shape(bend([(400, 760), (470, 560), (540, 470), (590, 500), (560, 600), (520, 760)]), accent)
        a.shape(bend([(330, 760), (380, 600), (450, 500), (480, 520), (430, 620), (400, 760)]), lit(accent, 0.4), 0.8)
        a.line([(140, top - 8), (860, top - 8)], 12, dim(upper, 0.4), 0.35, 6)
    a.shape(bend([(392, 350), (446, 330), (650, 512), (600, 540), (500, 460)]), dim(upper, 0.22))
    for k in range(5):
        x, y = 424 + k * 42, 374 + k * 38
        a.line([(x - 22, y + 26), (x + 34, y - 14)], 13, laces)
    a.line(bend([(410, 366), (370, 320), (330, 330), (380, 372)], closed=False), 9, laces)
    a.line(bend([(150, 352), (120, 316), (148, 290)], closed=False), 12, accent)
    a.shape(mid, v(lit(sole, 0.5), sole, dim(sole, 0.14)))
    with a.inside(mid):
        a.line(
            bend(
                [(110, top + stack * 0.3), (400, top + stack * 0.5), (700, top + stack * 0.34), (880, top + 6)],
                closed=False,
            ),
            5,
            dim(sole, 0.22),
            0.6,
        )
        a.slab(100, FLOOR - 15, 800, 20, 0, dim(accent, 0.35))
        for k in range(28):
            a.line([(130 + k * 27, FLOOR - 14), (130 + k * 27, FLOOR)], 4, dim(accent, 0.65), 0.8)


def hoka_clifton(a: Art) -> None:
    _shoe(a, "#86b6d6", "#e98a63", "#f3efe6", 124, "#f7f4ed")


def brooks_ghost(a: Art) -> None:
    _shoe(a, "#34466b", "#e58a4e", "#e9e5dc", 92, "#d5dbe6")


def li_ning(a: Art) -> None:
    _shoe(a, "#d5473f", "#f6f1e8", "#f7f3ec", 104, "#fbf8f2")


def _round_watch(a: Art, case: str, strap: str, face: Fill, buttons: int, radius: float = 172) -> Point:
    cx, cy = 480.0, 480.0
    for sy in (-1, 1):
        shape = bend(
            [
                (386, cy + sy * 120),
                (398, cy + sy * 250),
                (410, cy + sy * 400),
                (480, cy + sy * 418),
                (550, cy + sy * 400),
                (562, cy + sy * 250),
                (574, cy + sy * 120),
            ]
        )
        a.shape(shape, tube(strap, 1.1))
        for k in range(4):
            a.slab(468, cy + sy * (270 + k * 36) - 6, 24, 12, 6, dim(strap, 0.45))
    places = {5: ((-1, -0.62), (-1, 0.0), (-1, 0.62), (1, -0.55), (1, 0.55)), 2: ((1, -0.4), (1, 0.5))}[buttons]
    for side, at in places:
        x = cx + side * radius * math.cos(math.asin(at * 0.8)) - 22
        a.slab(x, cy + at * radius * 0.86 - 20, 44, 40, 10, tube(lit(case, 0.25)))
    a.disc(cx, cy, radius, radius, soft(case, 1.4))
    a.disc(cx, cy, radius * 0.88, radius * 0.88, d(dim(case, 0.5), lit(case, 0.08)))
    a.disc(cx, cy, radius * 0.8, radius * 0.8, face)
    return cx, cy


def forerunner_265(a: Art) -> None:
    cx, cy = _round_watch(a, "#33353a", "#2c2e33", "#0b0c10", 5)
    for start, end, colour in ((130, 235, "#5fd0c4"), (245, 320, "#f0b84f"), (330, 410, "#e5665a")):
        a.line(arc(cx, cy, 120, 120, start, end), 14, colour)
    _digits(a, 399, 438, 62, "10:09", "#f7f5ef", 9)
    a.slab(436, 524, 88, 14, 6, "#5fd0c4")
    a.line([(420, 560), (446, 560), (458, 542), (474, 574), (488, 556), (540, 556)], 6, "#e5665a")
    for side in (-1, 1):
        a.line([(404, cy + side * 190), (556, cy + side * 190)], 10, "#4fb9c2")
    a.gloss(oval(cx, cy, 138, 138), oval(430, 400, 90, 54, -30), 0.1, 14)


def forerunner_245(a: Art) -> None:
    cx, cy = _round_watch(a, "#6d737a", "#5b6168", d("#a7b09a", "#8b947f"), 5)
    for k in range(60):
        t = math.radians(k * 6)
        a.line(
            [(cx + 126 * math.cos(t), cy + 126 * math.sin(t)), (cx + 132 * math.cos(t), cy + 132 * math.sin(t))],
            3,
            "#3b4036",
            0.8,
        )
    _digits(a, 412, 446, 54, "10:09", "#333830", 8)
    a.slab(430, 526, 100, 10, 4, "#333830", 0.8)
    a.slab(446, 548, 68, 10, 4, "#333830", 0.6)
    a.line([(420, 424), (540, 424)], 4, "#333830", 0.6)


def coros_pace(a: Art) -> None:
    cx, cy = _round_watch(a, "#ecebe8", "#e2dfd8", "#15171b", 2)
    for sy in (-1, 1):
        for k in range(9):
            a.line([(412, cy + sy * (196 + k * 23)), (548, cy + sy * (196 + k * 23))], 3, "#bdb8ae", 0.7)
    a.disc(cx + 168, cy - 58, 26, 30, tube("#d98b55"))
    a.line(arc(cx, cy, 116, 116, 150, 390), 9, "#4b5058")
    a.line(arc(cx, cy, 116, 116, 150, 300), 9, "#8fd07f")
    _digits(a, 405, 436, 58, "10:09", "#f2f2ee", 8)
    a.slab(430, 518, 44, 12, 5, "#8fd07f")
    a.slab(486, 518, 44, 12, 5, "#6fb4e0")
    a.slab(452, 546, 60, 10, 5, "#c8ccd0", 0.7)


def mi_band(a: Art) -> None:
    strap = "#2f3136"
    a.shape(box(402, 50, 156, 860, 70), tube(strap, 1.1))
    for k in range(7):
        for y in (96 + k * 24, 716 + k * 24):
            a.slab(466, y, 28, 9, 5, dim(strap, 0.5))
    body = box(386, 276, 188, 408, 94)
    a.shape(body, soft("#55575e", 1.3))
    a.slab(398, 288, 164, 384, 82, "#0c0d11")
    screen = box(406, 298, 148, 364, 74)
    with a.inside(screen):
        a.shape(screen, v("#151c2e", "#0e1017"))
        a.disc(480, 690, 150, 110, "#5a6fd0", 0.5, 40)
    _digits(a, 440, 366, 58, "10", "#f6f4ee", 10)
    _digits(a, 440, 446, 58, "09", "#f0a765", 10)
    a.line(arc(480, 580, 40, 40, -90, 160), 11, "#6fd3a0")
    a.line(arc(480, 580, 40, 40, 160, 270), 11, "#27303a")
    a.disc(480, 580, 15, 15, "#e5665a")
    a.gloss(box(398, 288, 164, 384, 82), [(398, 288), (470, 288), (420, 672), (398, 672)], 0.09, 4)


def spot_400(a: Art) -> None:
    strap = bend(
        [
            (150, 330),
            (330, 250),
            (480, 232),
            (630, 250),
            (810, 330),
            (836, 420),
            (760, 470),
            (640, 490),
            (480, 498),
            (320, 490),
            (200, 470),
            (124, 420),
        ]
    )
    a.ground(240, 720, 752, 0.22)
    a.line([*strap, strap[0]], 58, soft("#50575e"))
    a.line([*strap, strap[0]], 20, "#e08a48")
    a.line([*strap, strap[0]], 5, "#f2b47d", 0.6)
    a.slab(356, 440, 250, 46, 18, "#2a2b30")
    body = bend(
        [
            (340, 520),
            (370, 462),
            (480, 450),
            (596, 462),
            (624, 520),
            (630, 640),
            (590, 724),
            (480, 740),
            (372, 724),
            (334, 640),
        ]
    )
    a.shape(body, soft("#3b3d43", 1.3))
    a.disc(460, 596, 100, 100, d("#585b62", "#24252a"))
    a.disc(460, 596, 82, 82, r("#fffdf0", "#fbe7a8", "#c9ac6a"))
    a.disc(460, 596, 34, 34, "#ffffff", 0.95, 3)
    a.disc(574, 560, 27, 27, r("#ffd2c8", "#d8564a"))
    a.slab(556, 620, 40, 60, 16, soft("#e08a48"))
    a.disc(460, 596, 160, 160, "#fff3c4", 0.2, 40)


def jetboil(a: Art) -> None:
    a.ground(370, 610)
    for foot in (378, 480, 590):
        a.line([(480, 716), (foot, 764)], 11, "#3b3d42")
    a.slab(404, 640, 156, 112, 34, tube("#d8dadc"))
    a.slab(404, 676, 156, 44, 4, tube("#c9544a"))
    a.slab(442, 606, 80, 40, 8, tube("#8d9197"))
    a.slab(414, 578, 136, 36, 8, tube("#6b6f75"))
    a.line([(540, 622), (616, 636)], 8, "#9b9fa4")
    a.shape(bend([(420, 580), (440, 552), (480, 566), (520, 552), (544, 580)]), "#6fb7e8", 0.85, 3)
    a.slab(386, 506, 192, 62, 10, tube("#8d9197", 1.2))
    for k in range(12):
        a.line([(396 + k * 16, 514), (396 + k * 16, 560)], 4, "#55585e", 0.7)
    a.slab(380, 214, 204, 300, 10, tube("#e0813f", 1.1))
    a.slab(380, 470, 204, 14, 0, dim("#e0813f", 0.3))
    a.line(bend([(584, 290), (660, 300), (664, 430), (584, 440)], closed=False), 19, soft("#2b2c30"))
    a.slab(370, 186, 224, 36, 10, tube("#2f3035"))
    a.slab(450, 166, 70, 26, 8, "#202125")
    a.line(bend([(482, 300), (452, 350), (500, 380), (470, 430)], closed=False), 11, "#fbe9d2", 0.9)
    for x, y in ((440, 110), (500, 90), (556, 116)):
        a.line(bend([(x, y + 50), (x - 14, y + 22), (x + 12, y), (x, y - 34)], closed=False), 9, "#ffffff", 0.5, 4)


def cloud_up(a: Art) -> None:
    a.ground(90, 860, 764, 0.3)
    green = "#6f9a6c"
    a.line([(70, 772), (250, 560)], 4, "#e8e2d2", 0.9)
    a.line([(890, 772), (730, 560)], 4, "#e8e2d2", 0.9)
    fly = bend([(110, 768), (190, 600), (330, 400), (480, 330), (640, 400), (780, 600), (856, 768)], closed=False)
    a.shape([*fly, (110, 770)], soft(green, 1.3))
    with a.inside([*fly, (110, 770)]):
        a.shape([(480, 320), (900, 320), (900, 780), (640, 780)], dim(green, 0.26), 0.75)
        a.line(bend([(110, 768), (320, 420), (480, 330)], closed=False), 9, lit(green, 0.4), 0.7)
        a.shape(bend([(300, 780), (350, 560), (478, 366), (560, 560), (600, 780)]), "#2c3530")
        a.shape(bend([(330, 780), (372, 580), (478, 410), (540, 580), (570, 780)]), v("#f2c877", "#c98a44"))
        a.shape(bend([(300, 780), (350, 560), (478, 366), (420, 560), (380, 660), (330, 790)]), lit(green, 0.22))
        a.shape(bend([(400, 780), (430, 730), (520, 726), (556, 780)]), "#5b7ea6")
    a.line(bend([(478, 366), (560, 560), (600, 768)], closed=False), 6, "#d98a45")
    a.line([(100, 769), (864, 769)], 7, dim(green, 0.45))
    for x in (74, 886):
        a.line([(x, 760), (x + 6, 782)], 6, "#c6c9cc")


def xlite(a: Art) -> None:
    with a.moved(turn=-16, about=(480, 480)):
        yellow = "#eec55a"
        pad = box(316, 120, 330, 640, 96)
        a.shape(pad, soft(yellow, 1.1))
        with a.inside(pad):
            for k in range(16):
                y = 140 + k * 42
                a.shape(box(306, y, 350, 36, 17), v(lit(yellow, 0.42), yellow, dim(yellow, 0.14)))
            a.line([(481, 120), (481, 760)], 3, dim(yellow, 0.18), 0.4)
        a.slab(300, 690, 362, 150, 74, roll("#8b8f99", 1.2))
        a.shape(oval(312, 765, 36, 74), r("#c9a548", "#eec55a", "#b28b33"))
        for k in range(3):
            a.line(oval(312, 765, 26 - k * 8, 56 - k * 18), 4, "#9b7a2a", 0.7)
        a.slab(560, 684, 20, 162, 4, "#33353b")
        a.disc(606, 150, 20, 20, soft("#d0644a"))


def sawyer(a: Art) -> None:
    with a.moved(turn=14, about=(480, 480)):
        pouch = bend(
            [
                (300, 90),
                (480, 78),
                (660, 90),
                (676, 250),
                (650, 400),
                (540, 440),
                (510, 470),
                (450, 470),
                (420, 440),
                (310, 400),
                (284, 250),
            ]
        )
        a.shape(pouch, soft("#5f8fb8", 1.2))
        a.shape(
            bend([(326, 120), (480, 110), (634, 120), (646, 250), (624, 372), (480, 410), (336, 372), (314, 250)]),
            d("#7faed4", "#4a7ba6"),
        )
        a.line(bend([(340, 250), (420, 226), (540, 262), (620, 236)], closed=False), 7, "#d6e9f6", 0.75)
        a.line(bend([(350, 300), (430, 280), (540, 314), (612, 292)], closed=False), 7, "#d6e9f6", 0.5)
        a.slab(440, 462, 80, 34, 6, tube("#e9eaeb"))
        a.slab(414, 490, 132, 44, 12, tube("#3b4046"))
        a.slab(426, 530, 108, 214, 14, h("#9fb3c0", "#e3edf2", "#b5c7d2", "#8399a8"))
        for k in range(6):
            a.line([(444 + k * 15, 546), (444 + k * 15, 728)], 7, "#f8fbfc", 0.6)
        a.slab(414, 738, 132, 44, 12, tube("#3b4046"))
        a.slab(454, 780, 52, 56, 10, tube("#5b9ed0"))
        a.shape(bend([(480, 862), (498, 898), (480, 914), (462, 898)]), "#6cb1e0")


def socks(a: Art) -> None:
    for dx, dy, turn, shade in ((96, -26, 9, 0.16), (-54, 20, -3, 0.0)):
        with a.moved(dx, dy, 1, turn, (480, 480)):
            wool = dim("#77897b", shade)
            foot = bend(
                [
                    (400, 200),
                    (556, 200),
                    (562, 420),
                    (566, 520),
                    (560, 640),
                    (470, 740),
                    (330, 806),
                    (220, 800),
                    (196, 720),
                    (270, 650),
                    (374, 570),
                    (396, 430),
                ]
            )
            a.shape(foot, soft(wool, 1.2))
            with a.inside(foot):
                for k in range(4):
                    y = 300 + k * 42
                    a.line([(380, y), (580, y)], 14, ("#d98b55", "#efe6d2", "#4e5f66", "#efe6d2")[k], 0.95)
                a.shape(oval(546, 600, 74, 66, 30), dim(wool, 0.3))
                a.shape(oval(214, 752, 84, 74, -20), dim(wool, 0.3))
                for k in range(30):
                    a.line([(390 + k * 6.5, 190), (390 + k * 6.5, 284)], 2, dim(wool, 0.3), 0.6)
            a.slab(392, 184, 172, 36, 14, tube(lit(wool, 0.12)))


def nano_puff(a: Art) -> None:
    navy = "#34476e"
    for side in (-1, 1):
        with a.moved(flip=side > 0):
            sleeve = bend(
                [
                    (330, 236),
                    (240, 290),
                    (170, 470),
                    (140, 680),
                    (170, 730),
                    (230, 736),
                    (262, 690),
                    (300, 520),
                    (340, 400),
                ]
            )
            a.shape(sleeve, soft(dim(navy, 0.12 if side > 0 else 0), 1.1))
            with a.inside(sleeve):
                for k in range(14):
                    a.line([(110, 270 + k * 36), (370, 310 + k * 36)], 3, "#1f2c49", 0.6)
            a.line([(146, 712), (250, 724)], 18, dim(navy, 0.35))
    body = bend(
        [
            (330, 224),
            (420, 190),
            (540, 190),
            (630, 224),
            (650, 400),
            (646, 620),
            (650, 780),
            (480, 794),
            (310, 780),
            (314, 620),
            (310, 400),
        ]
    )
    a.shape(body, soft(navy, 1.2))
    with a.inside(body):
        for k in range(18):
            y = 226 + k * 33
            a.line([(300, y), (660, y)], 3, "#1f2c49", 0.65)
            a.line([(300, y + 4), (660, y + 4)], 3, "#5c74a6", 0.4)
            for j in range(8):
                x = 310 + j * 52 + (26 if k % 2 else 0)
                a.line([(x, y), (x, y + 33)], 2.4, "#1f2c49", 0.5)
    a.shape(
        bend([(398, 206), (420, 148), (480, 138), (540, 148), (562, 206), (520, 236), (480, 242), (440, 236)]),
        soft(dim(navy, 0.1)),
    )
    a.shape(oval(480, 170, 56, 20), "#1b2742")
    a.line([(480, 186), (480, 790)], 8, "#16203a")
    a.line([(480, 186), (480, 790)], 2.5, "#8ea0c6", 0.7)
    a.line([(390, 320), (446, 312)], 7, "#16203a")
    a.slab(384, 338, 54, 30, 3, d("#e08a55", "#6f8fc4"))


# Home


def dyson_v15(a: Art) -> None:
    a.shape([(330, 744), (640, 744), (860, 772), (90, 772)], "#7fe08a", 0.5, 12)
    a.ground(330, 640)
    a.slab(320, 712, 320, 58, 24, soft("#5a5d66", 1.2))
    a.slab(336, 752, 288, 16, 8, "#1f2024")
    a.slab(350, 724, 200, 16, 8, "#8a5fb0")
    a.slab(590, 728, 38, 16, 8, "#8ff09a")
    a.line([(480, 720), (492, 660)], 36, soft("#3d3f46"))
    a.line([(492, 670), (492, 330)], 28, tube("#d9ae4e", 1.2))
    a.slab(470, 318, 46, 40, 8, soft("#3d3f46"))
    a.slab(446, 150, 98, 190, 44, h("#b7c2c8", "#eef3f5", "#a9b4bb"))
    a.slab(456, 190, 78, 100, 20, "#cfc7b8", 0.6)
    a.slab(438, 104, 114, 84, 26, soft("#8a5fb0", 1.2))
    for k in range(6):
        a.shape(oval(450 + k * 18, 130, 8, 19), d("#b792d6", "#62408a"))
    a.slab(462, 82, 66, 30, 14, soft("#55585f"))
    a.line(bend([(548, 124), (640, 118), (676, 170), (640, 232)], closed=False), 32, soft("#4b4e56"))
    a.slab(596, 216, 86, 74, 18, soft("#3d3f46"))
    a.slab(620, 160, 26, 30, 8, "#c9473d")


def deerma_vacuum(a: Art) -> None:
    a.line(bend([(600, 200), (760, 240), (790, 480), (720, 690), (800, 768)], closed=False), 10, "#2f3136")
    a.ground(340, 610)
    a.slab(330, 716, 290, 54, 20, soft("#f3f0ea"))
    a.slab(346, 752, 258, 16, 8, "#2a2b2f")
    a.line([(475, 720), (475, 640)], 38, soft("#c9473d"))
    a.line([(475, 660), (475, 450)], 26, tube("#e4e1da"))
    cup = box(416, 290, 124, 190, 34)
    a.shape(cup, h("#9db4bf", "#e6f0f4", "#b4c8d1", "#8ea5b0"), 0.9)
    with a.inside(cup):
        a.slab(416, 410, 124, 80, 0, "#8b7d70", 0.8)
        a.slab(452, 296, 52, 140, 10, "#d7dfe2", 0.9)
    a.slab(404, 196, 148, 108, 40, soft("#f5f2ec", 0.9))
    a.slab(404, 276, 148, 20, 6, soft("#c9473d"))
    a.line(arc(520, 190, 92, 96, 200, 380), 33, soft("#f5f2ec", 0.9))
    a.line(bend([(602, 200), (600, 260), (550, 274)], closed=False), 30, soft("#c9473d"))
    a.disc(456, 234, 15, 15, soft("#c9473d"))


def roborock(a: Art) -> None:
    a.ground(250, 720, 742)
    white = "#f3f1ed"
    a.slab(300, 226, 380, 500, (40, 40, 16, 16), soft(white, 0.8))
    a.slab(318, 244, 344, 196, 26, d("#ffffff", "#dfdbd4"))
    a.line([(490, 250), (490, 434)], 4, "#c7c2ba")
    a.slab(440, 300, 18, 70, 9, "#8fbfd6")
    a.slab(522, 300, 18, 70, 9, "#8d8a86")
    a.slab(330, 470, 320, 256, (30, 30, 6, 6), d("#3d3f44", "#25262a"))
    a.shape(oval(400, 752, 252, 30), "#2a2438", 0.35, 9)
    a.shape(box(170, 664, 440, 92, 44), tube("#dcd8d1"))
    a.slab(182, 706, 416, 40, 20, "#3c3e44")
    a.shape(oval(390, 668, 220, 56), d("#ffffff", white, "#d9d5ce"))
    a.shape(oval(390, 662, 200, 47), d("#fbfaf7", "#e7e3dc"))
    a.shape(box(340, 626, 100, 32, 12), tube("#d7d2ca"))
    a.shape(oval(390, 628, 50, 13), d("#f2efe9", "#c9c4bb"))
    a.shape(oval(390, 628, 18, 5), "#d06a52")
    for x in (350, 390, 430):
        a.shape(oval(x, 690, 9, 4), "#a9a59d")


def _tower(a: Art, x: float, y: float, w: float, dark: bool) -> None:
    white = "#f4f2ee"
    a.ground(x + 14, x + w - 14)
    a.slab(x + 12, 744, w - 24, 28, 8, dim(white, 0.5))
    a.slab(x, y, w, 756 - y, 30, h("#e3dfd8", "#ffffff", white, "#d7d3cb", "#bfbab2"))
    top = box(x + 4, y - 2, w - 8, 44, 20)
    a.shape(top, d("#5a5d63" if dark else "#dcd8d0", "#2f3136" if dark else "#bab5ac"))
    with a.inside(top):
        for k in range(8):
            a.line(oval(x + w / 2, y + 20, w / 2 - 10 - k * 17, 19 - k * 2.2), 3, "#ffffff" if dark else "#8c877e", 0.3)
    with a.inside(box(x + 14, 470, w - 28, 268, 16)):
        step = 15
        for row in range(18):
            for col in range(int(w / step)):
                a.disc(x + 24 + col * step + (row % 2) * step / 2, 482 + row * step, 3.4, 3.4, "#9b968d", 0.75)


def purifier_4(a: Art) -> None:
    _tower(a, 320, 210, 320, True)
    a.disc(480, 372, 62, 62, d("#d7d3cb", "#ffffff"))
    a.disc(480, 372, 55, 55, "#16181d")
    a.line(arc(480, 372, 44, 44, 140, 400), 6, "#5fd08f")
    _digits(a, 458, 354, 34, "08", "#f6f4ee", 5)
    a.disc(480, 410, 4, 4, "#5fd08f")


def purifier_2s(a: Art) -> None:
    with a.moved(scale=0.94, about=(480, FLOOR)):
        _tower(a, 354, 230, 252, False)
    a.slab(430, 368, 100, 44, 20, "#23252a")
    for x in (452, 474, 496):
        a.slab(x, 380, 14, 20, 3, "#e9b25c", 0.95)
    a.slab(446, 310, 68, 8, 4, "#b5b0a7")
    for x, y in ((400, 470), (560, 640), (420, 690)):
        a.line(bend([(x, y), (x + 14, y + 6), (x + 30, y + 2)], closed=False), 2.4, "#a49e93", 0.8)


def coway(a: Art) -> None:
    a.ground(280, 700)
    a.slab(300, 744, 60, 26, 8, "#24252a")
    a.slab(600, 744, 60, 26, 8, "#24252a")
    a.slab(270, 260, 420, 496, 64, soft("#f3f1ec", 0.9))
    a.slab(296, 290, 368, 440, 46, d("#ffffff", "#e1ddd6"))
    a.disc(480, 450, 136, 136, d("#44464c", "#26272b"))
    a.disc(480, 450, 116, 116, "#f4f2ee")
    a.disc(480, 450, 116, 116, d("#ffffff", "#dbd7cf"))
    a.slab(352, 622, 256, 76, 20, d("#3a3c42", "#222327"))
    for k in range(7):
        a.line([(374 + k * 35, 640), (374 + k * 35, 682)], 7, "#0f1013", 0.8)
    a.line(arc(480, 450, 126, 126, 210, 330), 7, "#6fc3e0")
    for x in (420, 450, 480, 510, 540):
        a.disc(x, 274, 6, 6, "#8f8b84")
    a.slab(384, 250, 192, 16, 8, "#d0ccc4")


# Scenes


Drawing = Callable[[Art], None]


@dataclass(frozen=True)
class Theme:
    """The colours behind a product: wall (top, bottom), the bright shape, floor (back, front)."""

    wall: tuple[str, str]
    bright: str
    floor: tuple[str, str]
    shape: str


THEMES = {
    "audio": Theme(("#d6e0e7", "#c3d1dc"), "#e9eff3", ("#aabdcc", "#9aaebf"), "circle"),
    "reading": Theme(("#f0e6d3", "#e5d5b9"), "#f9f2e4", ("#d3bc97", "#c6ac84"), "arch"),
    "cameras": Theme(("#f0d9cc", "#e5c3b0"), "#f9eae1", ("#cfa189", "#c2917a"), "circle"),
    "desk": Theme(("#dbe4d6", "#c8d5c2"), "#ecf2e8", ("#a5bb9f", "#95ac8f"), "square"),
    "kitchen": Theme(("#f4e6c4", "#ebd5a1"), "#fcf4df", ("#d6b573", "#c9a562"), "arch"),
    "travel": Theme(("#d2e4e1", "#bbd4d0"), "#e7f2f0", ("#90b6b0", "#80a8a2"), "sun"),
    "outdoors": Theme(("#dbe7ec", "#c9dbdf"), "#f6ecd6", ("#a3b99a", "#92a98a"), "hills"),
    "running": Theme(("#f4dad2", "#ecc5b9"), "#fbebe5", ("#d79c8b", "#c98b7a"), "sun"),
    "home": Theme(("#e5dfeb", "#d3cadd"), "#f2eef6", ("#b3a5c2", "#a495b5"), "arch"),
}


def _backdrop(theme: Theme, width: int, height: int, floor: float, flat: bool) -> Art:
    a = Art(width, height)
    mid = width / 2
    a.slab(0, 0, width, height, 0, v(*theme.wall))
    if flat:
        a.shape([(0, 0), (width * 0.62, 0), (0, height * 0.78)], "#ffffff", 0.14)
        a.disc(mid, height / 2, height * 0.405, height * 0.405, d(theme.bright, mix(theme.bright, theme.wall[1], 0.4)))
        return a
    radius = height * 0.37
    if theme.shape == "circle":
        a.disc(mid, height * 0.44, radius, radius, v(theme.bright, mix(theme.bright, theme.wall[1], 0.5)))
    elif theme.shape == "arch":
        top = height * 0.1
        a.slab(
            mid - radius * 0.92,
            top,
            radius * 1.84,
            floor - top + 10,
            (radius * 0.92, radius * 0.92, 0, 0),
            v(theme.bright, mix(theme.bright, theme.wall[1], 0.45)),
        )
    elif theme.shape == "square":
        a.slab(
            mid - radius,
            height * 0.1,
            radius * 2,
            radius * 1.7,
            46,
            v(theme.bright, mix(theme.bright, theme.wall[1], 0.5)),
        )
    elif theme.shape == "sun":
        a.disc(mid, floor, radius * 1.18, radius * 1.18, v(theme.bright, mix(theme.bright, theme.wall[1], 0.6)))
    else:
        a.disc(width * 0.7, height * 0.26, height * 0.11, height * 0.11, theme.bright)
        _hills(a, width, floor, (mix(theme.wall[1], "#8fb0b4", 0.5), mix(theme.wall[1], "#7f9f92", 0.75)))
    a.slab(0, floor, width, height - floor, 0, v(*theme.floor))
    a.slab(0, floor, width, height * 0.012, 0, lit(theme.floor[0], 0.3), 0.6)
    return a


def _hills(a: Art, width: float, floor: float, colours: Sequence[str]) -> None:
    k = width / 960
    for index, colour in enumerate(colours):
        lift = 210 - index * 96
        ridge = [
            (-60 * k, floor - lift * 0.5),
            (150 * k, floor - lift),
            (360 * k, floor - lift * 0.45),
            (560 * k, floor - lift * 0.95),
            (760 * k, floor - lift * 0.4),
            (1020 * k, floor - lift * 0.8),
        ]
        if index:
            ridge = [(width - x, y) for x, y in reversed(ridge)]
        a.shape([*bend(ridge, closed=False), (width + 70, floor + 4), (-70, floor + 4)], colour)


def _solid_box(image: Image.Image) -> tuple[int, int, int, int]:
    found = image.getchannel("A").point([255 if level > 190 else 0 for level in range(256)]).getbbox()
    if not found:
        raise ValueError("nothing was drawn")
    return found


_DRAWN: dict[str, Image.Image] = {}


def _sprite(drawing: Drawing) -> Image.Image:
    name = getattr(drawing, "__name__", repr(drawing))
    if name not in _DRAWN:
        a = Art()
        drawing(a)
        _DRAWN[name] = a.image
    return _DRAWN[name]


def _put(
    scene: Art,
    sprite: Image.Image,
    centre: float,
    bottom: float,
    size: tuple[float, float],
    flat: bool = False,
    squash: float = 1,
    turn: float = 0,
) -> None:
    """Fit the solid part of ``sprite`` into ``size`` and stand it on ``bottom`` (its middle when ``flat``)."""
    if turn:
        sprite = sprite.rotate(turn, Image.Resampling.BICUBIC)
    left, top, right, low = _solid_box(sprite)
    scale = min(size[0] * SCALE / (right - left), size[1] * SCALE / (low - top))
    resized = sprite.resize(
        (round(sprite.width * scale), round(sprite.height * scale * squash)), Image.Resampling.LANCZOS, reducing_gap=2.0
    )
    x = round(centre * SCALE - (left + right) / 2 * scale)
    foot = (top + low) / 2 if flat else low
    y = round(bottom * SCALE - foot * scale * squash)
    if flat:
        reach = scene.size[1] // 90
        shade = Image.new("RGBA", scene.size, (*rgb("#2a2438"), 0))
        alpha = Image.new("L", scene.size, 0)
        alpha.paste(resized.getchannel("A"), (x + reach, y + round(reach * 1.5)))
        shade.putalpha(alpha.filter(ImageFilter.GaussianBlur(reach)).point([round(k * 0.3) for k in range(256)]))
        scene.image.alpha_composite(shade)
    whole = Image.new("RGBA", scene.size, (0, 0, 0, 0))
    whole.paste(resized, (x, y))
    scene.image.alpha_composite(whole)


def _light(a: Art, width: float, height: float) -> None:
    """Daylight from a window, across the wall and the table."""
    for x in (0.06, 0.2):
        a.shape(
            [(width * x, 0), (width * (x + 0.11), 0), (width * (x + 0.36), height), (width * (x + 0.25), height)],
            "#fff8e6",
            0.16,
            6,
        )


def product_picture(drawing: Drawing, theme: str, pose: str) -> Image.Image:
    """One product in front of its theme, 960 × 960; the pose is stand, lay (seen from above) or fly."""
    scene = _backdrop(THEMES[theme], SIZE, SIZE, 672, pose == "lay")
    if pose == "lay":
        _put(scene, _sprite(drawing), 480, 480, (740, 740), flat=True)
    else:
        _put(scene, _sprite(drawing), 480, 620 if pose == "fly" else 806, (680, 620))
    return _finish(scene, (SIZE, SIZE))


def _finish(scene: Art, size: tuple[int, int]) -> Image.Image:
    flat = Image.new("RGB", scene.size, (255, 255, 255))
    flat.paste(scene.image, (0, 0), scene.image)
    return flat.resize(size, Image.Resampling.LANCZOS)


PRODUCTS: dict[str, tuple[Drawing, str, str]] = {
    "sony-wh-1000xm5": (sony_xm5, "audio", "stand"),
    "bose-quietcomfort-ultra": (bose_ultra, "audio", "stand"),
    "sony-wh-1000xm3": (sony_xm3, "audio", "stand"),
    "soundcore-space-one": (space_one, "audio", "stand"),
    "sennheiser-hd-600": (hd_600, "audio", "stand"),
    "sony-wf-1000xm5": (wf_xm5, "audio", "stand"),
    "apple-airpods-pro-2": (airpods_pro, "audio", "stand"),
    "huawei-freeclip": (freeclip, "audio", "stand"),
    "edifier-mr4": (edifier_mr4, "audio", "stand"),
    "jbl-flip-6": (jbl_flip, "audio", "stand"),
    "shure-mv7-plus": (shure_mv7, "audio", "stand"),
    "kindle-paperwhite-2024": (paperwhite, "reading", "stand"),
    "kobo-libra-colour": (kobo_libra, "reading", "stand"),
    "boox-palma": (boox_palma, "reading", "stand"),
    "kindle-oasis": (kindle_oasis, "reading", "stand"),
    "apple-ipad-mini-a17": (ipad_mini, "reading", "stand"),
    "fujifilm-x100vi": (fuji_x100vi, "cameras", "stand"),
    "fujifilm-x100v": (fuji_x100v, "cameras", "stand"),
    "ricoh-gr-iiix": (ricoh_gr, "cameras", "stand"),
    "sony-a7c-ii": (sony_a7c, "cameras", "stand"),
    "nikon-zf": (nikon_zf, "cameras", "stand"),
    "canon-eos-r50": (canon_r50, "cameras", "stand"),
    "dji-osmo-pocket-3": (osmo_pocket, "cameras", "stand"),
    "dji-mini-4-pro": (dji_mini, "outdoors", "fly"),
    "insta360-x4": (insta360, "cameras", "stand"),
    "fujifilm-instax-mini-12": (instax, "cameras", "stand"),
    "peak-design-capture": (capture_clip, "cameras", "lay"),
    "peak-design-travel-tripod": (travel_tripod, "cameras", "stand"),
    "logitech-mx-master-3s": (mx_master, "desk", "stand"),
    "keychron-q1-pro": (keychron_q1, "desk", "lay"),
    "hhkb-hybrid-type-s": (hhkb, "desk", "lay"),
    "dell-u2725qe": (dell_monitor, "desk", "stand"),
    "benq-screenbar": (screenbar, "desk", "lay"),
    "xiaomi-mijia-desk-lamp-1s": (mijia_lamp, "desk", "stand"),
    "anker-737-power-bank": (anker_737, "travel", "stand"),
    "anker-735-charger": (anker_735, "travel", "stand"),
    "samsung-t7-shield": (samsung_t7, "desk", "lay"),
    "herman-miller-aeron": (aeron, "desk", "stand"),
    "rain-design-mstand": (mstand, "desk", "stand"),
    "lamy-safari": (lamy, "reading", "lay"),
    "contentshop-gift-card": (gift_card, "reading", "lay"),
    "leuchtturm1917-a5": (leuchtturm, "reading", "lay"),
    "zojirushi-ns-zcc10": (zojirushi, "kitchen", "stand"),
    "mijia-ih-rice-cooker-3l": (mijia_cooker, "kitchen", "stand"),
    "supor-ball-kettle-ih-4l": (supor_cooker, "kitchen", "stand"),
    "midea-m1-l213b": (microwave, "kitchen", "stand"),
    "joyoung-dj13u-d81sg": (soymilk, "kitchen", "stand"),
    "instant-pot-duo": (instant_pot, "kitchen", "stand"),
    "philips-airfryer-hd9252": (airfryer, "kitchen", "stand"),
    "balmuda-the-toaster": (balmuda, "kitchen", "stand"),
    "xiaomi-smart-kettle-pro": (mi_kettle, "kitchen", "stand"),
    "fellow-stagg-ekg": (stagg, "kitchen", "stand"),
    "hario-v60-02": (v60, "kitchen", "stand"),
    "timemore-c2": (timemore, "kitchen", "stand"),
    "aeropress-original": (aeropress, "kitchen", "stand"),
    "tojiro-dp-gyuto-210": (tojiro, "kitchen", "lay"),
    "wusthof-classic-chef-20": (wusthof, "kitchen", "lay"),
    "lodge-skillet-10": (lodge, "kitchen", "lay"),
    "hydro-flask-32": (hydro_flask, "outdoors", "stand"),
    "stanley-quencher-40": (stanley, "running", "stand"),
    "peak-design-travel-backpack-45": (peak_backpack, "travel", "stand"),
    "osprey-farpoint-40": (farpoint, "travel", "stand"),
    "ninetygo-seven-bar-20": (ninetygo, "travel", "stand"),
    "travelpro-platinum-elite-21": (travelpro, "travel", "stand"),
    "bellroy-tech-kit": (bellroy_kit, "travel", "lay"),
    "leatherman-wave-plus": (leatherman, "outdoors", "lay"),
    "sonicare-4100": (sonicare, "travel", "stand"),
    "hoka-clifton-9": (hoka_clifton, "running", "stand"),
    "brooks-ghost-16": (brooks_ghost, "running", "stand"),
    "li-ning-chitu-7-pro": (li_ning, "running", "stand"),
    "garmin-forerunner-265": (forerunner_265, "running", "lay"),
    "garmin-forerunner-245": (forerunner_245, "running", "lay"),
    "coros-pace-3": (coros_pace, "running", "lay"),
    "xiaomi-smart-band-9": (mi_band, "running", "lay"),
    "black-diamond-spot-400": (spot_400, "outdoors", "stand"),
    "jetboil-flash": (jetboil, "outdoors", "stand"),
    "naturehike-cloud-up-2": (cloud_up, "outdoors", "stand"),
    "thermarest-xlite-nxt": (xlite, "outdoors", "lay"),
    "sawyer-squeeze": (sawyer, "outdoors", "lay"),
    "darn-tough-1466": (socks, "outdoors", "lay"),
    "patagonia-nano-puff": (nano_puff, "outdoors", "lay"),
    "dyson-v15-detect": (dyson_v15, "home", "stand"),
    "deerma-dx700": (deerma_vacuum, "home", "stand"),
    "roborock-q-revo": (roborock, "home", "stand"),
    "xiaomi-air-purifier-4": (purifier_4, "home", "stand"),
    "xiaomi-air-purifier-2s": (purifier_2s, "home", "stand"),
    "coway-airmega-mighty": (coway, "home", "stand"),
}


# Covers

WIDE, HIGH = 1600, 900


@dataclass(frozen=True)
class Prop:
    """One drawing on a cover: its middle, the line it stands on, the box it must fit, and how it lies."""

    drawing: Drawing
    x: float
    y: float
    size: tuple[float, float]
    flat: bool = False
    squash: float = 1
    turn: float = 0


def plant(a: Art) -> None:
    a.ground(380, 580)
    for turn, reach, shade in ((-58, 300, 0.2), (58, 290, 0.24), (-30, 380, 0.06), (34, 370, 0.14), (2, 420, 0.0)):
        with a.moved(turn=turn, about=(480, 600)):
            leaf = bend(
                [
                    (480, 610),
                    (430, 600 - reach * 0.45),
                    (452, 600 - reach * 0.85),
                    (480, 600 - reach),
                    (508, 600 - reach * 0.85),
                    (530, 600 - reach * 0.45),
                ]
            )
            a.shape(leaf, soft(dim("#6f9a78", shade), 1.2))
            a.line([(480, 604), (480, 600 - reach * 0.9)], 4, lit("#6f9a78", 0.35), 0.6)
    a.shape([(376, 580), (584, 580), (560, 772), (400, 772)], tube("#c77f5e"))
    a.slab(364, 566, 232, 40, 10, tube("#d18d6b"))


def books(a: Art) -> None:
    a.ground(190, 770)
    for x, y, w, colour in ((190, 706, 580, "#7d93a8"), (220, 640, 520, "#d9b36a"), (206, 578, 540, "#b86f5c")):
        a.slab(x, y, w, 64, (10, 4, 4, 10), roll(colour))
        a.slab(x + w - 42, y + 7, 38, 50, 3, v("#f6f0e2", "#dcd3bf"))
        a.slab(x + 46, y + 8, 14, 48, 2, lit(colour, 0.4), 0.7)


def bowl_of_rice(a: Art) -> None:
    a.ground(330, 640)
    a.shape(bend([(292, 560), (360, 476), (480, 440), (610, 476), (676, 560), (480, 600)]), v("#ffffff", "#efeae0"))
    for k in range(46):
        x, y = 330 + (k * 73) % 310, 480 + (k * 47) % 80
        a.shape(oval(x, y + abs(x - 484) * 0.12, 11, 5, (k * 37) % 180), "#ffffff" if k % 3 else "#e2dccf")
    shell = bend([(270, 552), (480, 566), (694, 552), (668, 664), (580, 744), (480, 752), (380, 744), (296, 664)])
    a.shape(shell, h("#3d5c84", "#7b9bc2", "#5a7da8", "#38557c"))
    a.line(bend([(272, 560), (480, 578), (692, 560)], closed=False), 12, "#f3efe6")
    a.slab(412, 738, 140, 34, 8, tube("#456690"))
    for x, y in ((420, 380), (486, 350), (552, 384)):
        a.line(bend([(x, y + 54), (x - 16, y + 24), (x + 14, y), (x, y - 36)], closed=False), 11, "#ffffff", 0.6, 5)


def cat(a: Art) -> None:
    a.ground(330, 640)
    fur = "#8a7f78"
    a.line(bend([(640, 730), (740, 720), (780, 620), (740, 560)], closed=False), 52, soft(fur))
    a.shape(
        bend([(340, 760), (330, 620), (390, 500), (480, 460), (580, 500), (650, 640), (650, 760), (480, 774)]),
        soft(fur, 1.2),
    )
    a.shape(bend([(410, 768), (400, 640), (452, 560), (510, 640), (506, 768)]), "#efe8df")
    for side in (-1, 1):
        a.shape([(452 + side * 96, 400), (452 + side * 100, 266), (452 + side * 24, 330)], soft(fur))
        a.shape([(452 + side * 82, 370), (452 + side * 86, 300), (452 + side * 42, 336)], "#d9a79a")
    a.shape(
        bend([(340, 400), (376, 330), (452, 312), (530, 330), (564, 400), (540, 478), (452, 506), (364, 478)]),
        soft(fur, 1.1),
    )
    a.shape(bend([(400, 450), (452, 424), (504, 450), (490, 494), (452, 502), (414, 494)]), "#f4eee6")
    for side in (-1, 1):
        a.shape(oval(452 + side * 50, 402, 19, 22), "#d8c25c")
        a.shape(oval(452 + side * 50, 402, 6, 19), "#23211f")
    a.shape([(440, 440), (464, 440), (452, 454)], "#c7857a")
    for x in (428, 492):
        a.shape(oval(x, 764, 34, 16), "#f1eae1")


def screwdriver(a: Art) -> None:
    with a.moved(turn=64, about=(480, 480)):
        a.slab(446, 150, 68, 280, 28, tube("#d98a4e"))
        for k in range(4):
            a.slab(456 + k * 14, 180, 6, 210, 3, dim("#d98a4e", 0.35), 0.7)
        a.slab(462, 426, 36, 34, 6, tube("#55585f"))
        a.slab(471, 456, 18, 330, 4, tube("#c9cdd1"))
        a.shape([(466, 780), (494, 780), (486, 826), (474, 826)], tube("#9ea3a9"))


def blanket(a: Art) -> None:
    a.ground(90, 870)
    for y, colour in ((700, "#8fa9bd"), (628, "#a9bfce"), (560, "#8fa9bd")):
        a.slab(80, y, 800, 72, 34, roll(colour, 0.8))
        for k in range(10):
            a.slab(120 + k * 76, y + 8, 18, 56, 6, "#f2ede2", 0.35)


def map_sheet(a: Art) -> None:
    with a.moved(turn=-4):
        for k in range(4):
            x = 60 + k * 210
            a.shape(
                [
                    (x, 220 + k % 2 * 26),
                    (x + 210, 246 - k % 2 * 26),
                    (x + 210, 746 - k % 2 * 26),
                    (x, 720 + k % 2 * 26),
                ],
                d("#f3ead6", "#e3d6bb") if k % 2 else d("#e9dfc8", "#d9cbac"),
            )
        with a.inside([(60, 246), (900, 246), (900, 722), (60, 722)]):
            a.line(
                bend([(60, 330), (240, 400), (360, 330), (560, 470), (720, 410), (900, 520)], closed=False),
                26,
                "#9cc4d3",
                0.9,
            )
            a.shape(bend([(120, 520), (240, 470), (330, 540), (290, 640), (160, 650)]), "#b8cda4", 0.8)
            a.shape(bend([(560, 290), (680, 262), (760, 320), (700, 386), (590, 370)]), "#b8cda4", 0.8)
            route = bend([(130, 660), (260, 560), (400, 590), (520, 500), (640, 560), (820, 330)], closed=False)
            for one, two in zip(route[::4], route[2::4], strict=False):
                a.line([one, two], 7, "#cf6148")
        a.disc(130, 660, 15, 15, "#cf6148")
        a.shape([(820, 330), (796, 280), (844, 280)], "#cf6148")
        a.disc(820, 270, 30, 30, "#cf6148")
        a.disc(820, 270, 11, 11, "#f3ead6")


def open_book(a: Art) -> None:
    a.ground(120, 840)
    a.slab(104, 730, 752, 36, 14, roll("#8c5b48"))
    for side in (-1, 1):
        with a.moved(flip=side > 0):
            page = bend([(480, 690), (400, 654), (260, 650), (124, 676)], closed=False)
            a.shape([*page, (118, 738), (480, 752)], h("#e9e0cb", "#fbf6ea", "#d9cfb7"))
            for k in range(3):
                a.line(
                    bend([(470, 714 + k * 10), (300, 690 + k * 12), (126, 704 + k * 10)], closed=False),
                    2,
                    "#bfb296",
                    0.7,
                )


def board(a: Art) -> None:
    a.slab(60, 160, 840, 640, 54, soft("#c99a63", 1.1))
    for k in range(9):
        y = 206 + k * 68
        a.line(bend([(80, y), (300, y + 12), (560, y - 10), (880, y + 6)], closed=False), 3, "#9c7040", 0.35)
    a.disc(834, 226, 30, 30, "#8a6338", 0.9)
    for x, y in ((0, 0), (36, 22), (64, -14)):
        a.disc(640 + x, 690 + y, 26, 26, soft("#c74f41"))
        a.shape(oval(632 + x, 682 + y, 6, 4, -30), "#ffffff", 0.6)


def lake(a: Art) -> None:
    """Woods at the far end of the valley, for the tent."""
    for k in range(17):
        x, size = 20 + k * 58, 120 + (k * 53) % 90
        colour = mix("#47645f", "#6c8a80", (k * 29) % 100 / 100)
        for part in range(3):
            y = FLOOR - size * 0.28 * part
            half = size * (0.34 - 0.085 * part)
            a.shape([(x - half, y), (x + half, y), (x, y - size * 0.5)], colour)


def train_window(a: Art) -> None:
    a.slab(40, 120, 880, 520, 90, soft("#b7bfc6"))
    glass = box(70, 150, 820, 460, 66)
    a.shape(glass, v("#24344d", "#3d5878", "#d39a7c"))
    with a.inside(glass):
        for k in range(15):
            x, tall = 60 + k * 60, 110 + (k * 67) % 190
            a.slab(x, 620 - tall, 50, tall, 4, mix("#1d2a40", "#33496a", (k * 31) % 100 / 100))
            for j in range(int(tall / 30)):
                if (k + j) % 3:
                    a.slab(x + 10 + (j % 2) * 18, 636 - tall + j * 28, 11, 13, 2, "#f3cf86", 0.85)
        a.shape([(70, 150), (420, 150), (190, 620), (70, 620)], "#ffffff", 0.07)
    a.slab(40, 640, 880, 30, 12, roll("#9aa3ab"))


COVERS: dict[str, tuple[str, bool, tuple[Prop, ...]]] = {
    "cover-headphones": (
        "audio",
        False,
        (
            Prop(plant, 1420, 700, (300, 480)),
            Prop(blanket, 800, 848, (1120, 200)),
            Prop(bose_ultra, 480, 668, (400, 480)),
            Prop(sony_xm5, 880, 668, (430, 510)),
            Prop(airpods_pro, 1190, 668, (170, 190)),
        ),
    ),
    "cover-old-sonys": (
        "cameras",
        False,
        (
            Prop(books, 460, 800, (640, 240)),
            Prop(sony_xm3, 470, 575, (420, 460)),
            Prop(screwdriver, 1050, 800, (430, 180), True, 0.6),
            Prop(hd_600, 1180, 770, (420, 520)),
        ),
    ),
    "cover-x100vi": (
        "kitchen",
        False,
        (
            Prop(plant, 180, 706, (320, 500)),
            Prop(fuji_x100vi, 640, 800, (600, 440)),
            Prop(ricoh_gr, 1230, 812, (400, 280)),
        ),
    ),
    "cover-desk": (
        "desk",
        False,
        (
            Prop(plant, 1460, 716, (260, 460)),
            Prop(dell_monitor, 580, 735, (690, 560)),
            Prop(mstand, 1170, 742, (350, 380)),
            Prop(keychron_q1, 570, 822, (540, 400), True, 0.36),
            Prop(mx_master, 960, 846, (150, 110)),
        ),
    ),
    "cover-one-bag": (
        "travel",
        False,
        (
            Prop(farpoint, 560, 800, (560, 640)),
            Prop(hydro_flask, 900, 806, (150, 400)),
            Prop(anker_735, 1090, 812, (150, 170)),
            Prop(bellroy_kit, 1360, 806, (320, 330)),
        ),
    ),
    "cover-ereaders": (
        "reading",
        False,
        (
            Prop(plant, 1450, 700, (280, 460)),
            Prop(open_book, 760, 860, (1180, 220)),
            Prop(kobo_libra, 440, 700, (420, 440)),
            Prop(paperwhite, 800, 700, (330, 460)),
            Prop(boox_palma, 1100, 700, (210, 420)),
        ),
    ),
    "cover-coffee": (
        "kitchen",
        False,
        (
            Prop(stagg, 380, 806, (460, 380)),
            Prop(aeropress, 800, 806, (330, 560)),
            Prop(timemore, 1110, 812, (230, 500)),
            Prop(v60, 1390, 800, (290, 330)),
        ),
    ),
    "cover-sound": ("audio", False, (Prop(edifier_mr4, 610, 780, (800, 540)), Prop(shure_mv7, 1230, 812, (360, 520)))),
    "cover-video-kit": (
        "travel",
        True,
        (
            Prop(map_sheet, 800, 460, (1240, 760), True),
            Prop(osmo_pocket, 560, 450, (260, 600), True, 1, 8),
            Prop(insta360, 860, 470, (230, 560), True, 1, -10),
            Prop(samsung_t7, 1150, 480, (330, 420), True),
        ),
    ),
    "cover-camping": (
        "outdoors",
        False,
        (
            Prop(lake, 330, 690, (700, 240)),
            Prop(lake, 1300, 690, (700, 240)),
            Prop(cloud_up, 700, 770, (860, 520)),
            Prop(jetboil, 1230, 820, (200, 400)),
            Prop(spot_400, 330, 850, (240, 170)),
        ),
    ),
    "cover-running": (
        "running",
        False,
        (Prop(brooks_ghost, 640, 806, (760, 460)), Prop(forerunner_265, 1210, 540, (300, 560), True, 1, -12)),
    ),
    "cover-small-kitchen": (
        "kitchen",
        False,
        (
            Prop(balmuda, 390, 796, (480, 330)),
            Prop(mi_kettle, 820, 800, (300, 370)),
            Prop(mijia_cooker, 1230, 806, (400, 350)),
        ),
    ),
    "cover-rice": (
        "kitchen",
        False,
        (
            Prop(zojirushi, 340, 760, (400, 340)),
            Prop(mijia_cooker, 760, 760, (380, 330)),
            Prop(supor_cooker, 1190, 760, (430, 370)),
            Prop(bowl_of_rice, 900, 866, (270, 260)),
        ),
    ),
    "cover-floors": (
        "home",
        False,
        (
            Prop(plant, 150, 716, (270, 460)),
            Prop(dyson_v15, 440, 800, (280, 640)),
            Prop(roborock, 850, 812, (520, 430)),
            Prop(cat, 1290, 826, (380, 400)),
        ),
    ),
    "cover-purifier": (
        "home",
        False,
        (
            Prop(purifier_2s, 480, 780, (260, 460)),
            Prop(purifier_4, 840, 806, (330, 590)),
            Prop(plant, 1240, 806, (400, 520)),
        ),
    ),
    "cover-old-tools": (
        "kitchen",
        True,
        (
            Prop(board, 800, 450, (1300, 800), True),
            Prop(lodge, 560, 470, (620, 560), True),
            Prop(wusthof, 1040, 380, (520, 460), True),
            Prop(v60, 1080, 640, (250, 250), True, 1, 6),
        ),
    ),
    "cover-subtract-desk": (
        "desk",
        False,
        (
            Prop(mijia_lamp, 420, 800, (520, 560)),
            Prop(leuchtturm, 830, 790, (360, 520), True, 0.42),
            Prop(lamy, 840, 780, (240, 280), True, 0.5),
            Prop(hhkb, 1220, 806, (430, 300), True, 0.4),
            Prop(plant, 1400, 690, (230, 380)),
        ),
    ),
    "cover-first-camera": (
        "cameras",
        False,
        (
            Prop(ricoh_gr, 330, 806, (370, 260)),
            Prop(nikon_zf, 790, 800, (500, 400)),
            Prop(instax, 1260, 806, (340, 430)),
        ),
    ),
    "cover-subway": (
        "audio",
        False,
        (
            Prop(train_window, 800, 640, (1260, 520)),
            Prop(space_one, 620, 812, (400, 470)),
            Prop(freeclip, 1060, 812, (330, 240)),
        ),
    ),
    "cover-light-run": (
        "running",
        False,
        (
            Prop(li_ning, 620, 806, (700, 420)),
            Prop(stanley, 1120, 806, (300, 480)),
            Prop(mi_band, 1370, 560, (160, 470), True, 1, -10),
        ),
    ),
}


def cover_picture(theme: str, flat: bool, props: Sequence[Prop]) -> Image.Image:
    """A cover, 1600 × 900: the props from back to front."""
    scene = _backdrop(THEMES[theme], WIDE, HIGH, 640, flat)
    if not flat and theme != "outdoors":
        _light(scene, WIDE, 640)
    for prop in props:
        _put(scene, _sprite(prop.drawing), prop.x, prop.y, prop.size, prop.flat, prop.squash, prop.turn)
    return _finish(scene, (WIDE, HIGH))


def _save(picture: Image.Image, target: Path) -> None:
    """Write the picture in the best quality that keeps it under ``LARGEST`` bytes."""
    for quality in QUALITIES:
        picture.save(target, "WEBP", quality=quality, method=6)
        if target.stat().st_size <= LARGEST:
            return


def main() -> None:
    """Draw what was asked for and say how large the files are."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("names", nargs="*", help="pictures to draw, without suffix; all when none is named")
    asked.add_argument("--out", type=Path, default=PICTURES)
    given = asked.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    total = 0
    for name in given.names or [*PRODUCTS, *COVERS]:
        picture = product_picture(*PRODUCTS[name]) if name in PRODUCTS else cover_picture(*COVERS[name])
        target = given.out / f"{name}.webp"
        _save(picture, target)
        total += target.stat().st_size
        print(f"{target.stat().st_size / 1024:6.1f} KB  {name}")
    print(f"{total / 1024:6.0f} KB in all")


if __name__ == "__main__":
    main()
