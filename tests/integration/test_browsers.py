"""HTML is read as the standard has it: random soup, by scoremail and by html5lib, which knows nothing of each other.

html5lib implements the WHATWG standard's parser, but for the element `template`, which therefore is not in the soup.
"""

import random
import re
import unicodedata

import html5lib
import pytest
from mail_filter import BAD_NAME, NO_SPAN, OK, extract_all, html

HTML = "{http://www.w3.org/1999/xhtml}"
HIDDEN = ("script", "style", "title", "textarea")
NAME = re.compile(r"(?!.*(\.\.|  ))[A-Za-z0-9_][A-Za-z0-9._ -]*\.[A-Za-z0-9]{1,16}")


def is_shown(element):
    return isinstance(element.tag, str) and element.tag.rpartition("}")[2] not in HIDDEN


def shown(element):
    """The elements of a tree that are text to a reader, in order."""
    yield element
    for child in element:
        if is_shown(child):
            yield from shown(child)


def text_of(element):
    pieces = [element.text or ""]
    for child in element:
        pieces += [text_of(child) if is_shown(child) else "", child.tail or ""]
    return "".join(pieces)


def is_space(letter):
    return letter in "\t\n\f\r\u200b\ufeff\u00ad" or unicodedata.category(letter) in ("Zs", "Zl", "Zp")


def trimmed(text):
    inner = [i for i, letter in enumerate(text) if not is_space(letter)]
    return re.sub("[ \t\n\f\r]+", " ", text[inner[0]:inner[-1] + 1]) if inner else ""


def expected(soup):
    """What must come out, as html5lib reads it: names and exit code."""
    tree = html5lib.parse(soup.replace("\0", "\ufffd"))  # which drops NULs, as the standard has it
    spans = [e for e in shown(tree) if e.tag == HTML + "span" and re.fullmatch("(x_)*fileName", e.get("id", ""))]
    texts = [trimmed(text_of(span)) for span in spans]
    names = list(dict.fromkeys(text for text in texts if NAME.fullmatch(text)))[:16]
    names = [name for name in names if name.lower().endswith((".csv", ".txt"))]
    return names, OK if names else BAD_NAME if spans else NO_SPAN


TAGS = """
p div b i a font table tr td th tbody thead caption col colgroup ul li dd dt select option optgroup h1 pre button form
svg math mi foreignObject desc annotation-xml nobr em center br hr img input style script title textarea noscript span
object applet marquee rp ruby rt html head body frameset iframe xmp noembed main plaintext listing link meta base x
""".split()
SPANS = ['<span id="fileName">{}.csv</span>'] * 6 + ['<span id="fileName">{}<{}>.csv</span>'] * 2 + ['<span id=fileName>{}.csv']


def elements(dice):
    """Tags of all kinds, opened and closed without sense, with spans among them."""
    pieces = []
    for number in range(dice.randint(2, 14)):
        tag = dice.choice(TAGS)
        pieces.append(dice.choice([f"<{tag}>"] * 12 + [f"</{tag}>"] * 5 + ["<!-- -->", "<![CDATA[x]]>", "t", "&nbsp;", " "]))
        if dice.random() < 0.2:
            pieces.append(dice.choice(SPANS).format(number, tag))
    return "".join(pieces) + dice.choice(["", '<span id="fileName">z.csv</span>'])


SCRAPS = [
    "<", ">", "/", "!", "--", '"', "'", "=", " ", "\n", "\r", "\f", "\0", "\x01", "\xe9", "\u200b", "span", "id", "fileName",
    "x_", "a.csv", "b.txt", "c", ".csv", '<span id="fileName">', '<span id="fileName">', '<span id="fileName">', "</span>",
    "</span>", "<SPAN ID=fileName", "<span id=x id=fileName>", "<span/id=fileName>", '<span id="fileName"/>', "<!--", "-->",
    "--!>", "<!-->", "<!--->", "<![CDATA[", "]]>", "<?", "</", "<!doctype", "<!DOCTYPE html>", "<!--[if mso]>", "<![endif]-->",
    "<![if !mso]>", "<![endif]>", "<a href=", "<p title='", '<p title="', "<script>", "<script><!--", "</script>", "<style>",
    "</style", "<title>", "</title>", "<textarea>", "</textarea >", "<svg>", "</svg>", "<math><mi>", "<xmp>", "</xmp>",
    "<noscript>", "</noscript>", "<iframe>", "</iframe>", "<br>", "<wbr>", "<b>", "</b>", "&amp", "&#46;", "&#x2e", "&#0;",
    "&#128;", "&period;", "&period", "&nbsp", "&lt;", "&notit;",
]


def scraps(dice):
    """Halves of tags, comments, references and quotes."""
    return "".join(dice.choices(SCRAPS, k=dice.randint(2, 16)))


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("kind", [elements, scraps])
def test_soup(kind, seed):
    dice = random.Random(f"{kind.__name__} {seed}")
    soups = []
    while len(soups) < 20:
        soup = kind(dice)
        if "fileName" in soup:
            soups.append(soup)
    outcomes = [expected(soup) for soup in soups]
    for soup, found, outcome in zip(soups, extract_all([html(soup) for soup in soups]), outcomes):
        assert found == outcome, soup
    assert len({code for _, code in outcomes}) > 1, "soup of one kind shows little"
