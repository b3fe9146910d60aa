"""What a post can be begun with: scaffolds in the product's own syntax, by what the post will be.

Advice to the writer stands in HTML comments, which never reach a page; so a fresh scaffold renders without a problem.
Texts are in the language of the post, names and sentences in that of the interface.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString


@dataclass(frozen=True, slots=True)
class Starter:
    """One way to begin. ``kind`` is that of the post; ``sources`` has a text for each language, or none at all."""

    name: str
    kind: str
    glyph: str
    title: LazyString
    about: LazyString
    sources: dict[str, str]

    def source(self, lang: str) -> str:
        """The text to begin with; in English where there is none in ``lang``."""
        return self.sources.get(lang) or self.sources.get("en", "")


REVIEW = {
    "en": """\
<!-- Two sentences: who should buy it, and who should not. -->

<!-- Put the product here: press / and choose Product card, or write ::card[product-key]{note="Who it is for"} -->

## What I like

<!-- - one point a line, what it does better than others -->

## What I do not like

<!-- - be as honest here: it is what readers trust -->

## How it did in use

<!-- How long you have had it, what you did with it, what you measured. A picture of yours says most. -->

## Next to others

<!-- Press / and choose Comparison table, or write ::compare[product-key, other-key]{best="product-key"} -->

## Who should buy it

""",
    "zh": """\
<!-- 用两句话说清：适合谁买，不适合谁买。 -->

<!-- 商品放在这里：输入 / 选“商品卡”，或写 ::card[商品短名]{note="适合谁"} -->

## 我喜欢的地方

<!-- - 一行一点：比同类好在哪 -->

## 我不喜欢的地方

<!-- - 缺点同样要写实，读者才会信你 -->

## 实际使用

<!-- 用了多久、做了什么、测了什么。自己拍的照片最有说服力。 -->

## 和同类相比

<!-- 输入 / 选“对比表”，或写 ::compare[商品短名, 另一个短名]{best="商品短名"} -->

## 谁该买

""",
}

PICKS = {
    "en": """\
<!-- Two sentences: for whom these are, and how you chose. -->

<!-- Each pick: press / and choose List item. Best first; an award says what it is best at. -->

<!-- Lines that begin with + are pros, with - cons, and * Comfort: 4.5 is a rating. Then say why you chose it. -->

## How I chose

<!-- What matters and what does not, how many you tried, for how long. -->

## What I turned down

<!-- Press / and choose Considered and rejected: readers trust a list more when it says what is not on it. -->

""",
    "zh": """\
<!-- 用两句话说清：给谁看，怎么选出来的。 -->

<!-- 每一款：输入 / 选“清单条目”。最好的放最前，奖项说明它最擅长什么。 -->

<!-- 以 + 开头的行是优点，以 - 开头的是缺点，* 舒适度: 4.5 是评分。然后写为什么选它。 -->

## 我怎么选

<!-- 哪些重要、哪些不重要，试了多少款、用了多久。 -->

## 没选的

<!-- 输入 / 选“考虑过但没选”：说清楚没选什么，读者更信任清单。 -->

""",
}

VERSUS = {
    "en": """\
<!-- The short answer first: which one, for whom. -->

<!-- Press / and choose Comparison table, or write ::compare[first-key, second-key]{best="first-key"} -->

## Where the first is better

<!-- ::card[first-key]{note="Choose it if …"} -->

## Where the second is better

<!-- ::card[second-key]{note="Choose it if …"} -->

## Where it makes no difference

## My choice

""",
    "zh": """\
<!-- 先给结论：哪一款，适合谁。 -->

<!-- 输入 / 选“对比表”，或写 ::compare[第一款短名, 第二款短名]{best="第一款短名"} -->

## 第一款强在哪

<!-- ::card[第一款短名]{note="这种情况选它"} -->

## 第二款强在哪

<!-- ::card[第二款短名]{note="这种情况选它"} -->

## 差不多的地方

## 我会选

""",
}

DEAL = {
    "en": """\
<!-- The price, the shop, the code, the steps and the times stand in their own fields above. -->

<!-- One or two sentences here: what it is, and why this price is good. -->

## Is it worth it?

<!-- Whom it suits, what it cost before, what to check before paying. -->

""",
    "zh": """\
<!-- 价格、商家、优惠码、步骤和时间填在上面的专门栏目里。 -->

<!-- 这里写一两句话：是什么，为什么这个价值得买。 -->

## 值不值

<!-- 适合谁，以前卖多少，付款前要核对什么。 -->

""",
}

NOTE = {
    "en": """\
<!-- Pictures first: drop or paste them here, up to nine. The first one leads the post. -->

<!-- Then a few lines: what it is, where you use it, what you would tell a friend. -->

<!-- At the end the product: press / and choose Product card. -->

""",
    "zh": """\
<!-- 先放图：拖进来或粘贴，最多九张。第一张会当封面。 -->

<!-- 再写几句：是什么、在哪用、会怎么跟朋友说。 -->

<!-- 最后放商品：输入 / 选“商品卡”。 -->

""",
}

STARTERS: tuple[Starter, ...] = (
    Starter(
        "review",
        "article",
        "flask",
        _l("Review"),
        _l("One product that you have used: what is good, what is not."),
        REVIEW,
    ),
    Starter(
        "picks",
        "list",
        "award",
        _l("Buying guide"),
        _l("Several picks, best first, each with its award and reasons."),
        PICKS,
    ),
    Starter(
        "versus", "article", "compare", _l("Versus"), _l("Two or three side by side, and which one for whom."), VERSUS
    ),
    Starter(
        "deal", "deal", "percent", _l("Deal"), _l("A good price: how much, where, which coupon, until when."), DEAL
    ),
    Starter(
        "note", "article", "pictures", _l("Picture note"), _l("Pictures first, then a few lines and the product."), NOTE
    ),
    Starter(
        "article",
        "article",
        "article",
        _l("Blank article"),
        _l("An empty page for running text, with product cards where they belong."),
        {},
    ),
    Starter(
        "list",
        "list",
        "list",
        _l("Blank list"),
        _l("An empty page for ranked picks."),
        {},
    ),
)


def find(name: str) -> Starter | None:
    """The way to begin with this name, if there is one."""
    return next((starter for starter in STARTERS if starter.name == name), None)
