"""Names as they are searched: words without accents and case.

Of a script that writes no spaces, every two characters that stand together are a word, as in
Lucene's CJKAnalyzer: a search then finds what stands anywhere in a title.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

WORD_CHARACTERS = 32
"""Longer words are cut: a prefix of so many characters tells names apart."""

MOST_WORDS = 64
"""Words of one name that are searched; a title of more is no title, and would cost its length."""

_LETTERS = {
    "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "ħ": "h",
}  # fmt: skip
"""Letters that people type otherwise, and that Unicode decomposes not."""

_LETTER_MARKS = 9
"""Highest combining class of marks that make another letter, such as the Japanese voicing marks;
those above are accents, vowel points and tones."""

_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff"
    "\U00020000-\U0003ffff"
)
"""Thai, Lao, Burmese, Khmer, Kana and Han."""

_SIGN = "\x01"
"""Stands for everything in a folded text that is no part of a word."""

_PIECES = re.compile(rf"([{_UNSPACED}]+)|([^{_SIGN}{_UNSPACED}]+)")


class _Folds(dict[int, str]):
    """Character of a decomposed text → what remains of it; worked out when first met."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        kind = unicodedata.category(character)
        if unicodedata.combining(character) > _LETTER_MARKS:
            fold = ""
        elif kind[0] in "LMN":
            fold = _LETTERS.get(character, character)
        else:
            fold = " " if kind[0] in "ZC" else _SIGN
        self[code] = fold
        return fold


_FOLDS = _Folds()


def words_of(*names: str | None) -> list[str]:
    """The words by which something is found, sorted: of each name its words.

    Of a word with signs in it, such as AC/DC or don't, its pieces and all of it together. A name
    of signs alone, such as !!!, is a word as it stands.
    """
    words: set[str] = set()
    for name in names:
        if name:
            own = sorted(set(_searched(name)) or set(_signs(name)))
            words.update(own[:MOST_WORDS])
    return sorted(words)


def sought(text: str) -> list[str]:
    """What a search asks for, the longest first: each is to be the beginning of a word."""
    words = {word for token in _folded(text).split() for word in _pieces(token, sought=True)}
    return sorted(words or set(_signs(text)), key=lambda word: (-len(word), word))


def is_found(words: Sequence[str], asked: Sequence[str]) -> bool:
    """Whether each word that is asked for is the beginning of one of the words."""
    return all(any(word.startswith(each) for word in words) for each in asked)


def _folded(text: str) -> str:
    if text.isascii():
        return text.lower().translate(_FOLDS)
    # Decomposition can bring capitals (™), and folding case what is decomposed again (İ).
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    folded = unicodedata.normalize("NFKD", decomposed).translate(_FOLDS)
    return unicodedata.normalize("NFC", folded)


def _searched(name: str) -> Iterator[str]:
    for token in _folded(name).split():
        yield from _pieces(token, sought=False)
        if _SIGN in token and (together := token.replace(_SIGN, "")):
            yield together[:WORD_CHARACTERS]


def _pieces(token: str, *, sought: bool) -> Iterator[str]:
    for unspaced, spaced in _PIECES.findall(token):
        if spaced:
            yield spaced[:WORD_CHARACTERS]
        else:
            yield from (unspaced[place : place + 2] for place in range(len(unspaced) - 1))
            # The last one alone, so that a single character finds it, too.
            if not sought or len(unspaced) == 1:
                yield unspaced[-1]


def _signs(name: str) -> Iterator[str]:
    shown = "".join(each if unicodedata.category(each)[0] != "C" else " " for each in name)
    return (token[:WORD_CHARACTERS] for token in unicodedata.normalize("NFKC", shown).split())
