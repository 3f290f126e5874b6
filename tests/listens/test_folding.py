"""How names are searched: without accents, case and signs, and in any script."""

from __future__ import annotations

import pytest

from listens.folding import MOST_WORDS, WORD_CHARACTERS, is_found, sought, words_of


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Björk", ["bjork"]),
        ("SIGUR RÓS", ["ros", "sigur"]),
        ("Bj\u006f\u0308rk", ["bjork"]),  # an o and a mark instead of one letter
        ("Straße", ["strasse"]),
        ("Røyksopp", ["royksopp"]),
        ("İstanbul", ["istanbul"]),
        ("Ｆｕｌｌ™", ["fulltm"]),
        ("AC/DC", ["ac", "acdc", "dc"]),
        ("Don't", ["don", "dont", "t"]),
        ("R.E.M.", ["e", "m", "r", "rem"]),
        ("Simon & Garfunkel", ["garfunkel", "simon"]),
        ("!!!", ["!!!"]),
        ("÷ (Deluxe)", ["deluxe"]),
        ("戦場の", ["の", "場の", "戦場"]),
        ("M83戦場", ["m83", "場", "戦場"]),
        ("ガ", ["ガ"]),  # not カ: the mark makes another letter
        ("हिन्दी", ["हिन्दी"]),
        ("방탄", ["방탄"]),
        ("a\x00b", ["a", "b"]),
        ("\x00", []),
    ],
)
def test_a_name_has_these_words(name, words):
    assert words_of(name) == words


def test_the_words_of_several_names_are_each_there_once():
    assert words_of("Army of Me", None, "Me") == ["army", "me", "of"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("bjork", "Björk"),
        ("BJÖRK", "bjork"),
        ("bjor", "Björk"),
        ("joga bjork", "Jóga Björk"),
        ("dont", "Don't Stop"),
        ("don't", "Don't Stop"),
        ("acdc", "AC/DC"),
        ("ac-dc", "AC/DC"),
        ("rem", "R.E.M."),
        ("connor", "Sinéad O'Connor"),
        ("!!!", "!!!"),
        ("!!", "!!!"),
        ("simon & garfunkel", "Simon & Garfunkel"),
        ("戦場", "戦場のメリークリスマス"),
        ("メリー", "戦場のメリークリスマス"),
        ("クリスマス", "戦場のメリークリスマス"),
        ("場", "戦場"),
        ("x" * 50, "x" * 40),
    ],
)
def test_what_is_asked_for_is_found(text, name):
    assert is_found(words_of(name), sought(text))


@pytest.mark.parametrize(
    ("text", "name"),
    [("jork", "Björk"), ("joga bjork", "Jóga"), ("場戦", "戦場"), ("カラス", "ガラス")],
)
def test_what_has_other_words_is_not(text, name):
    assert not is_found(words_of(name), sought(text))


def test_words_are_sought_from_the_most_telling_on():
    assert sought("a of Homogenic 戦場") == ["homogenic", "of", "戦場", "a"]


@pytest.mark.parametrize("text", ["", " \t", "\x00", "\ud800"])
def test_nothing_is_asked_for(text):
    assert sought(text) == []


def test_a_name_of_a_million_characters_costs_little_room():
    words = words_of(" ".join(f"{n:x}" * 20 for n in range(50_000)))

    assert len(words) == MOST_WORDS
    assert max(map(len, words)) == WORD_CHARACTERS
