"""Chinese that is written in another way: traditional characters, and pinyin typed on a Latin keyboard.

Traditional characters become simplified ones, one for one, by OpenCC's table. For pinyin, a text's neighbouring
characters are kept as pairs of readings (手机壳 → ``~shou'ji``, ``~ji'ke``) and of initials (``^sj``, ``^jk``); a
Latin word of a query that nobody has written is read as syllables, or as initials, and looked up by such pairs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise, product

import opencc

READINGS = 2  # of a character with several; the rarer ones would only add noise
MOST_SYLLABLES = 12
MOST_SPLITS = 8  # ways to cut a word into syllables that are tried
INITIALS = range(2, 9)  # letters

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]{2,}")
_LONGEST_SYLLABLE = 6

# Every syllable of Hanyu Pinyin without its tone, ü as v (ISO 7098:2015).
SYLLABLES = frozenset(
    """
    a ai an ang ao ba bai ban bang bao bei ben beng bi bian biao bie bin bing bo bu ca cai can cang cao ce cen ceng
    cha chai chan chang chao che chen cheng chi chong chou chu chua chuai chuan chuang chui chun chuo ci cong cou cu
    cuan cui cun cuo da dai dan dang dao de dei den deng di dia dian diao die ding diu dong dou du duan dui dun duo
    e ei en eng er fa fan fang fei fen feng fo fou fu ga gai gan gang gao ge gei gen geng gong gou gu gua guai guan
    guang gui gun guo ha hai han hang hao he hei hen heng hong hou hu hua huai huan huang hui hun huo ji jia jian
    jiang jiao jie jin jing jiong jiu ju juan jue jun ka kai kan kang kao ke kei ken keng kong kou ku kua kuai kuan
    kuang kui kun kuo la lai lan lang lao le lei leng li lia lian liang liao lie lin ling liu lo long lou lu luan
    lun luo lv lve ma mai man mang mao me mei men meng mi mian miao mie min ming miu mo mou mu na nai nan nang nao
    ne nei nen neng ni nian niang niao nie nin ning niu nong nou nu nuan nun nuo nv nve o ou pa pai pan pang pao pei
    pen peng pi pian piao pie pin ping po pou pu qi qia qian qiang qiao qie qin qing qiong qiu qu quan que qun ran
    rang rao re ren reng ri rong rou ru rua ruan rui run ruo sa sai san sang sao se sen seng sha shai shan shang
    shao she shei shen sheng shi shou shu shua shuai shuan shuang shui shun shuo si song sou su suan sui sun suo ta
    tai tan tang tao te tei teng ti tian tiao tie ting tong tou tu tuan tui tun tuo wa wai wan wang wei wen weng wo
    wu xi xia xian xiang xiao xie xin xing xiong xiu xu xuan xue xun ya yan yang yao ye yi yin ying yo yong you yu
    yuan yue yun za zai zan zang zao ze zei zen zeng zha zhai zhan zhang zhao zhe zhei zhen zheng zhi zhong zhou zhu
    zhua zhuai zhuan zhuang zhui zhun zhuo zi zong zou zu zuan zui zun zuo
    """.split()  # noqa: SIM905 - a list of 400 would take 400 lines
)


def _simplifying() -> dict[int, str]:
    """Traditional character → simplified character, for ``str.translate``; the length of a text stays."""
    ranges = ((0x3400, 0x4DC0), (0x4E00, 0xA000), (0xF900, 0xFB00))
    characters = [chr(code) for first, end in ranges for code in range(first, end)]
    # One line each, so that no rule for whole words has a say.
    simple = opencc.OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return {ord(old): new for old, new in zip(characters, simple, strict=True) if old != new and len(new) == 1}


_SIMPLE = _simplifying()


def simplified(text: str) -> str:
    """``text`` in simplified characters, each in its place."""
    return text if text.isascii() else text.translate(_SIMPLE)


def reading_terms(text: str) -> Iterator[str]:
    """The pairs of readings and of initials of a normalised text's Chinese, for an index."""
    for run in _HAN.findall(text):
        readings = [_readings(character) for character in run]
        for left, right in pairwise(readings):
            for one, other in product(left, right):
                yield reading_term(one, other)
            for one, other in product({reading[0] for reading in left}, {reading[0] for reading in right}):
                yield initial_term(one, other)


def is_chinese(character: str) -> bool:
    """Whether this is a Chinese character."""
    return "\u3400" <= character <= "\u9fff" and not "\u4dc0" <= character < "\u4e00"


def pinyin_keys(text: str, most: int) -> Iterator[str]:
    """The Chinese of a normalised text as somebody would begin to type it, from up to ``most`` of its characters
    on: in syllables without spaces, and in initials."""
    for run in _HAN.findall(text):
        syllables = _spoken(run)
        for at in range(min(len(syllables) - 1, most)):
            yield "".join(syllables[at:])
            yield "".join(syllable[0] for syllable in syllables[at:])


def reading_term(left: str, right: str) -> str:
    """The term of two neighbouring syllables."""
    return f"~{left}'{right}"


def initial_term(left: str, right: str) -> str:
    """The term of two neighbouring initials."""
    return f"^{left}{right}"


def _spoken(run: str) -> list[str]:
    """The syllables of neighbouring characters as they are read together (银行: yin hang)."""
    from pypinyin import lazy_pinyin

    return [syllable for syllable in lazy_pinyin(run) if syllable in SYLLABLES]


@lru_cache(maxsize=8192)
def _readings(character: str) -> tuple[str, ...]:
    # Imported when something Chinese is indexed: its dictionaries take memory that web processes can do without.
    from pypinyin import Style, pinyin

    found = pinyin(character, style=Style.NORMAL, heteronym=True, v_to_u=False)[0]
    return tuple(dict.fromkeys(reading for reading in found if reading in SYLLABLES))[:READINGS]


def read_as_pinyin(word: str) -> list[tuple[str, ...]]:
    """The terms under which a Latin word would be found if it were pinyin: by each way to cut it into two or
    more syllables, the fewest syllables first, then by initials. Nothing for what cannot be pinyin."""
    if not (word.isascii() and word.isalpha()):
        return []
    found = [tuple(reading_term(*pair) for pair in pairwise(cut)) for cut in splits(word)]
    if len(word) in INITIALS:
        found.append(tuple(initial_term(*pair) for pair in pairwise(word)))
    return found


def splits(word: str) -> list[tuple[str, ...]]:
    """The ways to cut ``word`` into two or more syllables of pinyin, at most ``MOST_SPLITS``, the fewest first."""
    if len(word) > MOST_SYLLABLES * _LONGEST_SYLLABLE:
        return []
    whole = [cut for cut in _cuts(word, MOST_SYLLABLES) if len(cut) > 1]
    return sorted(whole, key=lambda cut: (len(cut), cut))[:MOST_SPLITS]


def _cuts(word: str, most: int) -> list[tuple[str, ...]]:
    ways: list[list[tuple[str, ...]]] = [[()]]
    for end in range(1, len(word) + 1):
        here: list[tuple[str, ...]] = []
        for start in range(max(0, end - _LONGEST_SYLLABLE), end):
            syllable = word[start:end]
            if syllable in SYLLABLES:
                here += [(*cut, syllable) for cut in ways[start] if len(cut) < most]
        # Few cuts of a beginning are worth going on with: the shortest.
        ways.append(sorted(here, key=len)[: 4 * MOST_SPLITS])
    return ways[-1]
