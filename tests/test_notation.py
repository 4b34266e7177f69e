"""The table of book/notation.md and the formulas of the pages know the same symbols.

A symbol is a letter with what makes it another one: a tilde, a hat, a bar, an asterisk, a prime, a
name below it (`W_x`). Bold, time steps `_{(t)}`, layers `^{[l]}` and powers are no part of it; the
letters in them count as symbols of their own.
"""

import re
from pathlib import Path

import pytest

BOOK = Path(__file__).resolve().parent.parent / "book"
PAGES = sorted(BOOK.glob("[1-9]-*/*.md"))
TABLE = BOOK / "notation.md"

GREEK = "alpha beta gamma delta Delta kappa lambda Lambda omega phi pi rho sigma tau theta eta ell odot circ"
LETTER = rf"(?:\\(?:{'|'.join(GREEK.split())})(?![a-zA-Z])|[A-Za-z])"
SYMBOL = re.compile(
    rf"(?P<accent>\\(?:tilde|hat|bar)\s*)?(?P<letter>{LETTER})"
    rf"(?P<mark>\^\{{?(?:\\ast|\*)\}}?|')?(?:_<(?P<word>\w+)>|_\{{?(?P<below>(?:{LETTER}|\d)+)\}}?)?"
)


def formulas(text: str) -> list[str]:
    """What stands in math blocks and between dollars, outside code."""
    text = re.sub(r"^```\{code-cell\}.*?^```$", "", text, flags=re.M | re.S)
    blocks = re.findall(r"^```\{math\}\n(?::[^\n]*\n)*(.*?)^```$", text, re.M | re.S)
    text = re.sub(r"^```.*?^```$|`[^`\n]+`", lambda found: keep_words(found[0]), text, flags=re.M | re.S)
    blocks += re.findall(r"\$\$(.*?)\$\$", text, re.S)
    text = re.sub(r"\$\$.*?\$\$", "", text, flags=re.S)
    return blocks + re.findall(r"(?<![\\$])\$([^$\n]+)\$", text)


def keep_words(fence: str) -> str:
    """An admonition or an exercise is text; code and math blocks are not."""
    return fence if re.match(r"```\{(exercise|admonition)", fence) else ""


def symbols(formula: str) -> list[tuple[str, ...]]:
    """Each symbol of a formula, first as it stands, then the letters that it falls into."""
    tex = re.sub(r"\\(?:vec|mathbf)\{([^{}]*)\}", r"\1", formula)
    tex = re.sub(r"\\(tilde|hat|bar)\{([^{}]*)\}", r"\\\1 \2", tex)
    tex = re.sub(r"\\(?:mathrm\{d\}|partial)", " ", tex)  # the prefixes have a row in words
    tex = re.sub(r"(?<=[A-Za-z])_\{\\text\{(\w+)\}\}", r"_<\1>", tex)
    tex = re.sub(r"\\(?:text|operatorname|begin|end)\*?\{[^{}]*\}", " ", tex)
    tex = re.sub(r"[_^]\{([(\[][^{}]*[)\]])\}", r" \1 ", tex)  # steps and layers
    keep = rf"\\(?!(?:{'|'.join(GREEK.split())}|tilde|hat|bar|ast)(?![a-zA-Z]))[a-zA-Z]+|\[\d+pt\]"
    tex = re.sub(keep, " ", tex)
    found = []
    for match in SYMBOL.finditer(tex):
        accent, letter, mark, word, below = (part or "" for part in match.groups())
        base = accent.strip() + letter + ("*" if mark and mark != "'" else mark)
        below_it = word or below
        whole = f"{base}_{below_it}" if below_it else base
        parts = (base, *re.findall(LETTER, below)) if below else (letter,) if mark == "'" else ()
        found.append((whole, *parts))
    return found


def table() -> list[list[str]]:
    """The symbols of each row, as they stand in its first column."""
    rows = re.findall(r"^\| (\$.*?\$) \|", TABLE.read_text(), re.M)
    plain = [re.sub(r"_\{\([^{}]*\)\}", "", row) for row in rows]
    return [[found[0] for part in re.findall(r"\$(.*?)\$", row) for found in symbols(part)] for row in plain]


KNOWN = [symbol for row in table() for symbol in row]


def used(path: Path) -> tuple[set[str], set[str]]:
    """What a page's formulas take from the table, and what stands in no row of it."""
    taken, missing = set(), set()
    for formula in formulas(path.read_text()):
        for whole, *parts in symbols(formula):
            wanted = [whole] if whole in KNOWN or not parts else parts
            for symbol in wanted:
                (taken if symbol in KNOWN else missing).add(symbol)
    return taken, missing


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_every_symbol_of_a_page_stands_in_the_table(path):
    assert not used(path)[1]


def test_no_symbol_stands_in_two_rows():
    assert sorted(KNOWN) == sorted(set(KNOWN))


def test_every_row_is_used_by_a_page():
    taken = set().union(*(used(path)[0] for path in PAGES))
    assert [row for row in table() if not set(row) & taken] == []


def test_the_reading_of_formulas():
    assert formulas("a $x_1$ b `$no$`\n```{math}\n:label: eq\ny^2\n```\n$$z$$") == ["y^2\n", "z", "x_1"]
    whole = [
        found[0] for found in symbols(r"\tilde{\vec{h}}_{(t-k)} = \tanh(\vec{W}_x y^{\ast}_{(t)} + b'_c)")
    ]
    assert whole == [r"\tildeh", "t", "k", "W_x", "y*", "t", "b'_c"]
    assert symbols(r"w_{\text{output}} a_{rj}^2") == [("w_output",), ("a_rj", "a", "r", "j")]
