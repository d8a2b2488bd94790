"""What is mended and what is not, with a search that is written down."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
import pytest
import regex

from translator.constants import PLACEHOLDERS
from translator.dictionary import Dictionary, standing_alone
from translator.mending.mender import Mender
from translator.spelling import spell
from translator.texts.sentence import Sentence, Term
from translator.tokenizer import Tokenizer, train_tokenizer
from translator.translation import Hypothesis, Translation

FIRST, SECOND = PLACEHOLDERS[:2]
DICTIONARY = Dictionary(
    frozenset(
        {"he", "lives", "in", "the", "house", "of", "stew", "stews", "street", "and", "is", "is is"}
    ),
    {
        "ragoût": "stew",
        "maison": "house",
        "vit": "lives",
        "anna": "Anna",
        standing_alone("maison"): "in",
    },
)


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    words = ["Il vit à la maison de", "he lives in the house of and"] * 50 + ["L y o n x z û"]
    return train_tokenizer(words, 350, "bpe")


class Search:
    """A search that is known: what becomes of each sentence, and what it looked at.

    Every word of a translation is spelt in pieces, and looks at the source word of its number.
    `once` is what becomes of a sentence of which no word may stand twice in a row, `told` what
    becomes of one with terms, and the log P of its tokens.
    """

    def __init__(
        self,
        tokenizer: Tokenizer,
        known: Mapping[str, str | list[str]],
        log_prob: float = -0.125,
        once: Mapping[str, str] = MappingProxyType({}),
        told: Mapping[str, tuple[str, float]] = MappingProxyType({}),
    ) -> None:
        self.tokenizer = tokenizer
        self.once = once
        self.told = told
        self.log_prob = log_prob
        self.known = known
        self.asked: list[list[Sentence]] = []

    def __call__(self, sentences: list[Sentence]) -> list[Translation]:
        self.asked.append(sentences)
        return [self.translate(one) for one in sentences]

    def translate(self, sentence: Sentence) -> Translation:
        if sentence.terms and sentence.text in self.told:
            found, log_prob = self.told[sentence.text]
            return self.translation(sentence.text, found, log_prob)
        known = self.known if sentence.max_repeats is None else self.once
        return self.translation(sentence.text, known[sentence.text], self.log_prob)

    def translation(self, text: str, found: str | list[str], log_prob: float) -> Translation:
        source = self.tokenizer.pieces(self.tokenizer.encode(text))
        texts = [found] if isinstance(found, str) else found
        return Translation(
            (*source, "</s>"), tuple(self.hypothesis(target, source, log_prob) for target in texts)
        )

    def hypothesis(self, text: str, source: tuple[str, ...], log_prob: float) -> Hypothesis:
        finished = not text.endswith("…")
        target = self.tokenizer.pieces(self.tokenizer.encode(text))
        numbers = [word_numbers(pieces) for pieces in (target, source)]
        alignment = np.zeros((len(target) + finished, len(source) + 1), np.float32)
        for row, number in enumerate(numbers[0]):
            alignment[row, [n for n, other in enumerate(numbers[1]) if other == number]] = 1.0
        tokens = (*target, *["</s>"] * finished)
        return Hypothesis(text, -1.0, -1.0, tokens, (log_prob,) * len(tokens), alignment, finished)


def word_numbers(pieces: tuple[str, ...]) -> list[int]:
    return (np.cumsum([piece.startswith("▁") for piece in pieces]) - 1).tolist()


def mend(search: Search, *sentences: str | Sentence) -> list[Translation]:
    mender = Mender(search.tokenizer, DICTIONARY, "fr")
    return mender.mended(search)([s if isinstance(s, Sentence) else Sentence(s) for s in sentences])


class TestWords:
    def test_one_that_is_made_up_becomes_the_source_word(self, tokenizer: Tokenizer) -> None:
        search = Search(
            tokenizer,
            {"Il vit Lyon.": "He lives Stonon.", f"Il vit {FIRST}.": f"He lives in {FIRST}."},
        )
        [translation] = mend(search, "Il vit Lyon.")
        assert translation.text == "He lives in Lyon."
        assert search.asked[1] == [Sentence(f"Il vit {FIRST}.")]
        assert spell(translation.source_tokens[:-1]) == " Il vit Lyon."
        assert "Lyon" in translation.hypotheses[0].tokens

    def test_one_that_the_dictionary_knows_is_translated(self, tokenizer: Tokenizer) -> None:
        search = Search(
            tokenizer,
            {"Le ragoût vit.": "The strot lives.", f"Le {FIRST} vit.": f"The {FIRST} lives."},
        )
        assert mend(search, "Le ragoût vit.")[0].text == "The stew lives."

    def test_at_the_beginning_it_has_a_capital(self, tokenizer: Tokenizer) -> None:
        search = Search(
            tokenizer, {"Ragoût vit.": "Strot lives.", f"{FIRST} vit.": f"{FIRST} lives."}
        )
        assert mend(search, "Ragoût vit.")[0].text == "Stew lives."

    def test_spaces_stand_where_the_search_left_them_out(self, tokenizer: Tokenizer) -> None:
        search = Search(
            tokenizer,
            {"Il vit Lyon xyz.": "He lives Stonon.", f"Il vit {FIRST} xyz.": f"He{FIRST}lives."},
        )
        [translation] = mend(search, "Il vit Lyon xyz.")
        assert translation.text == "He Lyon lives."
        assert spell(translation.hypotheses[0].tokens[:-1]) == " He Lyon lives."

    def test_several(self, tokenizer: Tokenizer) -> None:
        again = f"{FIRST} vit {SECOND}."
        search = Search(
            tokenizer,
            {"Lyon vit ragoût.": "Xus lives strot.", again: f"{SECOND} of {FIRST}."},
        )
        assert mend(search, "Lyon vit ragoût.")[0].text == "Stew of Lyon."

    def test_one_that_is_doubled_stands_once_when_it_is_searched_again(
        self, tokenizer: Tokenizer
    ) -> None:
        text = "Il vit à la maison."
        search = Search(tokenizer, {text: "He lives lives."}, once={text: "He lives in the house."})
        assert mend(search, text)[0].text == "He lives in the house."
        assert search.asked[1] == [Sentence(text, max_repeats=1)]

    def test_one_that_is_doubled_although_it_may_not_be(self, tokenizer: Tokenizer) -> None:
        text = "Il vit."
        search = Search(tokenizer, {text: "He lives Lives."}, once={text: "He he lives."})
        assert mend(search, text)[0].text == "He lives Lives."

    def test_doubles_stay_where_the_dictionary_does_not_tell_of_any(
        self, tokenizer: Tokenizer
    ) -> None:
        search = Search(tokenizer, {"Il vit.": "He lives lives."})
        dictionary = Dictionary(DICTIONARY.known - {"is is"}, DICTIONARY.translations)
        mended = Mender(tokenizer, dictionary, "fr").mended(search)
        assert mended([Sentence("Il vit.")])[0].text == "He lives lives."

    def test_names_are_kept_where_another_is_doubled(self, tokenizer: Tokenizer) -> None:
        text, again = "Il vit Lyon.", f"Il vit {FIRST}."
        search = Search(tokenizer, {text: "Lyon lives lives."}, once={again: f"{FIRST} lives."})
        assert mend(search, text)[0].text == "Lyon lives."

    @pytest.mark.parametrize(
        ("source", "target"),
        [
            ("Il vit.", "He is is."),  # as in some pair
            ("Il vit vit.", "He lives lives."),  # as in the source
            ("Il vit.", "He lives, lives."),
            ("Il vit.", "He lives, he lives, the house."),
        ],
    )
    def test_doubles_that_stay(self, tokenizer: Tokenizer, source: str, target: str) -> None:
        search = Search(tokenizer, {source: target})
        assert mend(search, source)[0].text == target
        assert len(search.asked) == 1

    @pytest.mark.parametrize(
        ("source", "target"),
        [
            ("Il vit maison.", "He lives house."),
            ("Il vit Lyon.", "He lives LYON."),  # the source has it
            ("Il vit maison.", "HE LIVES."),  # whatever its case
            ("1984", "1984"),
        ],
    )
    def test_what_is_known_stays(self, tokenizer: Tokenizer, source: str, target: str) -> None:
        search = Search(tokenizer, {source: target})
        assert mend(search, source)[0].text == target
        assert len(search.asked) == 1

    def test_a_common_word_is_not_copied(self, tokenizer: Tokenizer) -> None:
        # "Il" is one piece, and the dictionary does not have it.
        search = Search(tokenizer, {"Il vit.": "Heh lives."})
        assert mend(search, "Il vit.")[0].text == "Heh lives."
        assert len(search.asked) == 1

    @pytest.mark.parametrize(
        "again",
        [
            f"He lives snonon {FIRST}.",  # as many made-up words as before
            "He lives.",  # the word is lost
            f"He lives {FIRST} {FIRST}.",
            f"He lives. {FIRST}.",  # put where it does not belong
            f"He lives {FIRST}…",  # cut
        ],
    )
    def test_what_is_not_better_is_not_taken(self, tokenizer: Tokenizer, again: str) -> None:
        known = {"Il vit lyon.": "He lives stonon.", f"Il vit {FIRST}.": again}
        search = Search(tokenizer, known)
        assert mend(search, "Il vit lyon.")[0].text == "He lives stonon."
        assert len(search.asked) == 2

    def test_the_first_that_keeps_them_is_the_best(self, tokenizer: Tokenizer) -> None:
        search = Search(
            tokenizer,
            {
                "Il vit Lyon.": ["He lives Stonon.", "He is."],
                f"Il vit {FIRST}.": ["He lives.", f"He lives in {FIRST}.", f"He is {FIRST}."],
            },
        )
        [translation] = mend(search, "Il vit Lyon.")
        assert [h.text for h in translation.hypotheses] == ["He lives in Lyon.", "He is Lyon."]

    def test_all_that_need_it_are_searched_in_one_call(self, tokenizer: Tokenizer) -> None:
        known = {"Il vit Lyon.": "He lives Stonon.", "Il vit.": "He lives.", "": ""}
        known[f"Il vit {FIRST}."] = f"He lives {FIRST}."
        search = Search(tokenizer, known)
        found = mend(search, "Il vit Lyon.", "Il vit.", "Il vit Lyon.")
        assert [t.text for t in found] == ["He lives Lyon.", "He lives.", "He lives Lyon."]
        assert [len(asked) for asked in search.asked] == [3, 2]


class TestWithWhatIsAskedFor:
    def test_a_required_term_is_no_made_up_word(self, tokenizer: Tokenizer) -> None:
        search = Search(tokenizer, {"Il vit Lyon.": "He lives Lugdunum."})
        wanted = Sentence("Il vit Lyon.", (Term(7, 11, "Lugdunum"),))
        assert mend(search, wanted)[0].text == "He lives Lugdunum."
        assert len(search.asked) == 1

    def test_terms_move_with_the_text(self, tokenizer: Tokenizer) -> None:
        again = f"{FIRST} vit maison."
        search = Search(
            tokenizer, {"Lyon vit maison.": "Sono lives home.", again: f"{FIRST} lives home."}
        )
        [translation] = mend(search, Sentence("Lyon vit maison.", (Term(9, 15, "home"),)))
        assert translation.text == "Lyon lives home."
        assert search.asked[1] == [Sentence(again, (Term(6, 12, "home"),))]

    def test_the_text_s_own_placeholders_stay(self, tokenizer: Tokenizer) -> None:
        text, again = f"Lyon vit {FIRST}.", f"{SECOND} vit {FIRST}."
        search = Search(tokenizer, {text: f"Sono lives {FIRST}.", again: f"{SECOND} is {FIRST}."})
        assert mend(search, text)[0].text == f"Lyon is {FIRST}."
        lost = Search(tokenizer, {text: f"Sono lives {FIRST}.", again: f"{SECOND} is."})
        assert mend(lost, text)[0].text == f"Sono lives {FIRST}."

    def test_no_more_words_than_there_are_placeholders(self, tokenizer: Tokenizer) -> None:
        text = " ".join(f"Lyon{'xyz' * n}" for n in range(1, 11))
        again = " ".join([*PLACEHOLDERS, *text.split()[8:]])
        search = Search(
            tokenizer, {text: " ".join(f"Stonon{'y' * n}" for n in range(10)), again: again}
        )
        assert mend(search, text)[0].text == text


class TestNames:
    def test_one_that_is_lost_is_put_back(self, tokenizer: Tokenizer) -> None:
        search = Search(
            tokenizer,
            {"Il vit à Lyon.": "He lives in house.", f"Il vit à {FIRST}.": f"He lives in {FIRST}."},
        )
        assert mend(search, "Il vit à Lyon.")[0].text == "He lives in Lyon."

    def test_one_that_was_right_by_chance_is_kept_with_it(self, tokenizer: Tokenizer) -> None:
        known = {
            "Il vit à Lyon et Xyl.": "He lives in Lyon and Oxo.",
            f"Il vit à {FIRST} et {SECOND}.": f"He lives in {FIRST} and {SECOND}.",
        }
        [translation] = mend(Search(tokenizer, known), "Il vit à Lyon et Xyl.")
        assert translation.text == "He lives in Lyon and Xyl."

    def test_so_is_one_that_the_dictionary_has_as_it_is(self, tokenizer: Tokenizer) -> None:
        search = Search(
            tokenizer, {"Il vit Anna.": "He lives.", f"Il vit {FIRST}.": f"He lives in {FIRST}."}
        )
        assert mend(search, "Il vit Anna.")[0].text == "He lives in Anna."

    def test_one_that_the_dictionary_knows_is_the_model_s(self, tokenizer: Tokenizer) -> None:
        search = Search(tokenizer, {"Il vit Maison.": "He lives."})
        assert mend(search, "Il vit Maison.")[0].text == "He lives."
        assert len(search.asked) == 1


class TestAlone:
    """`Search` is sure of all tokens, unless it is told otherwise."""

    def test_an_unsure_one_is_looked_up(self, tokenizer: Tokenizer) -> None:
        known = {"Ragoût !": "He lives", f"{FIRST} !": f"{FIRST}!"}
        assert mend(Search(tokenizer, known, log_prob=-2.0), "Ragoût !")[0].text == "Stew!"

    def test_what_was_cut_is_looked_up(self, tokenizer: Tokenizer) -> None:
        search = Search(tokenizer, {"ragoût": "lives lives…", FIRST: FIRST}, log_prob=-2.0)
        assert mend(search, "ragoût")[0].text == "stew"

    def test_a_sure_one_stays(self, tokenizer: Tokenizer) -> None:
        search = Search(tokenizer, {"ragoût": "the house"})
        assert mend(search, "ragoût")[0].text == "the house"
        assert len(search.asked) == 1

    @pytest.mark.parametrize(("sure", "expected"), [(0.7, "in"), (0.8, "of")])
    def test_one_that_pairs_show_alone_is_looked_up_sooner(
        self, tokenizer: Tokenizer, sure: float, expected: str
    ) -> None:
        search = Search(tokenizer, {"maison": "of", FIRST: FIRST}, log_prob=np.log(sure))
        assert mend(search, "maison")[0].text == expected

    def test_one_that_was_found_has_the_marks_of_the_search(self, tokenizer: Tokenizer) -> None:
        search = Search(tokenizer, {"Ragoût.": "stew!"}, log_prob=-2.0)
        assert mend(search, "Ragoût.")[0].text == "stew!"
        assert len(search.asked) == 1

    @pytest.mark.parametrize("text", ["vit ragoût", "ragoût 2", f"ragoût {FIRST}", "is", "?"])
    def test_it_is_the_only_one_and_known(self, tokenizer: Tokenizer, text: str) -> None:
        search = Search(tokenizer, {text: "he lives"}, log_prob=np.log(0.22))
        assert mend(search, text)[0].text == "he lives"
        assert len(search.asked) == 1

    def test_nothing_else_stands_beside_it(self, tokenizer: Tokenizer) -> None:
        search = Search(tokenizer, {"ragoût": "he lives", FIRST: f"the {FIRST}."}, log_prob=-2.0)
        mended = mend(search, "ragoût")[0].hypotheses[0]
        assert mended.text == "stew"
        assert "the" not in spell(mended.tokens)
        assert len(mended.tokens) == len(mended.token_log_probs) == len(mended.alignment)

    @pytest.mark.parametrize(
        ("source", "found", "expected"),
        [
            ("(Ragoût)", f"({FIRST}?", "(Stew)"),
            ("«Ragoût»", f'"{FIRST},"', "«Stew»"),
            ("Ragoût…", FIRST, "Stew…"),
            ("ragoût !", f"{FIRST}!", "stew!"),
            ("¡Ragoût!", f"{FIRST}!", "Stew!"),
            ("¿Ragoût?", FIRST, "Stew?"),
            ("Ragoût!", f"¡{FIRST}!", "¡Stew!"),
        ],
    )
    def test_marks_and_capitals_are_those_of_the_source(
        self, tokenizer: Tokenizer, source: str, found: str, expected: str
    ) -> None:
        again = regex.sub(r"\p{L}+", FIRST, source)
        search = Search(tokenizer, {source: "he lives", again: found}, log_prob=-2.0)
        assert mend(search, source)[0].text == expected

    def test_a_required_translation_stays(self, tokenizer: Tokenizer) -> None:
        search = Search(tokenizer, {"ragoût": "house"}, log_prob=-2.0)
        assert mend(search, Sentence("ragoût", (Term(0, 6, "house"),)))[0].text == "house"
        assert len(search.asked) == 1


class TestGuesses:
    """A model that is told the word of the dictionary is as sure as `told` says."""

    unsure = float(np.log(0.19))

    def test_a_rare_word_becomes_what_the_dictionary_has(self, tokenizer: Tokenizer) -> None:
        source = "Il vit ragoût."
        search = Search(
            tokenizer,
            {source: "He lives house."},
            self.unsure,
            told={source: ("He lives stew.", -0.5)},
        )
        assert mend(search, source)[0].text == "He lives stew."
        assert search.asked[1] == [Sentence(source, (Term(7, 13, "stew"),))]

    def test_names_are_kept(self, tokenizer: Tokenizer) -> None:
        again = f"Il ragoût {FIRST}."
        search = Search(
            tokenizer,
            {"Il ragoût Lyon.": "He house Lyon."},
            self.unsure,
            told={again: (f"He stew {FIRST}.", -0.5)},
        )
        assert mend(search, "Il ragoût Lyon.")[0].text == "He stew Lyon."
        assert search.asked[1] == [Sentence(again, (Term(3, 9, "stew"),))]

    @pytest.mark.parametrize(
        ("source", "target"),
        [
            ("Il vit maison.", "He lives of."),  # a common word: the model knows it
            ("Il vit Lyon.", "He lives Lyon."),  # one that the dictionary does not have
            ("Il vit ragoût.", "He lives stew."),
            ("Il vit ragoût.", "He lives stews."),  # another form of it
            ("Il vit ragoût.", "He stew lives."),  # in another place
            ("Il vit ragoût.", "He lives."),  # nothing looked at it
        ],
    )
    def test_what_is_no_guess_is_not_searched_again(
        self, tokenizer: Tokenizer, source: str, target: str
    ) -> None:
        search = Search(tokenizer, {source: target}, self.unsure)
        assert mend(search, source)[0].text == target
        assert len(search.asked) == 1

    def test_a_sure_word_is_no_guess(self, tokenizer: Tokenizer) -> None:
        search = Search(tokenizer, {"Il vit ragoût.": "He lives house."}, float(np.log(0.21)))
        assert mend(search, "Il vit ragoût.")[0].text == "He lives house."
        assert len(search.asked) == 1

    def test_where_users_require_terms_nothing_is_added(self, tokenizer: Tokenizer) -> None:
        sentence = Sentence("Il vit ragoût.", (Term(0, 2, "he"),))
        search = Search(tokenizer, {sentence.text: "He lives house."}, self.unsure)
        assert mend(search, sentence)[0].text == "He lives house."
        assert len(search.asked) == 1

    @pytest.mark.parametrize(
        ("told", "rise", "taken"),
        [
            ("He lives stew.", 0.11, True),
            ("He lives stew.", 0.09, False),
            ("He lives stewing.", 0.5, False),  # a made-up word more than before
            ("He lives stew…", 0.5, False),  # cut
        ],
    )
    def test_the_model_must_be_surer(
        self, tokenizer: Tokenizer, told: str, rise: float, taken: bool
    ) -> None:
        source, found = "Il vit ragoût.", "He lives house."
        second = {source: (told, self.unsure + rise)}
        search = Search(tokenizer, {source: found}, self.unsure, told=second)
        assert mend(search, source)[0].text == (told if taken else found)


class TestNumbers:
    def test_one_that_is_changed_is_put_back(self, tokenizer: Tokenizer) -> None:
        search = Search(
            tokenizer,
            {"Il vit 45.": "He lives 22.", f"Il vit {FIRST}.": f"He lives in {FIRST}."},
        )
        assert mend(search, "Il vit 45.")[0].text == "He lives in 45."

    @pytest.mark.parametrize(
        ("source", "target"),
        [
            ("Il vit 45.", "He lives."),  # may be spelt out
            ("Il vit.", "He lives 22."),  # may have been spelt out
            ("Il vit 45.", "He is 45 and 22."),
            ("Il vit 10 000.", "He lives 10,000."),
            ("Il vit 2,5.", "He lives 2.5."),
        ],
    )
    def test_others_stay(self, tokenizer: Tokenizer, source: str, target: str) -> None:
        search = Search(tokenizer, {source: target})
        assert mend(search, source)[0].text == target
        assert len(search.asked) == 1


def test_what_was_cut_is_left_alone(tokenizer: Tokenizer) -> None:
    search = Search(tokenizer, {"Il vit Lyon.": "He lives Stonon…"})
    assert mend(search, "Il vit Lyon.")[0].text == "He lives Stonon…"
    assert len(search.asked) == 1


class TestWhere:
    def test_it_does_not_stand_behind_the_end(self, tokenizer: Tokenizer) -> None:
        for again in (f"He lives. {FIRST}", f"He lives. {FIRST}."):
            known = {"Il vit lyon.": "He lives stonon.", f"Il vit {FIRST}.": again}
            assert mend(Search(tokenizer, known), "Il vit lyon.")[0].text == "He lives stonon."

    def test_bad_alternatives_are_left_out(self, tokenizer: Tokenizer) -> None:
        again = [f"He lives. {FIRST}.", f"He lives {FIRST}.", f"He lives xyzn {FIRST}."]
        known = {"Il vit lyon.": "He lives stonon.", f"Il vit {FIRST}.": again}
        [translation] = mend(Search(tokenizer, known), "Il vit lyon.")
        assert [hypothesis.text for hypothesis in translation.hypotheses] == ["He lives lyon."]

    def test_the_user_s_placeholders_keep_their_order(self, tokenizer: Tokenizer) -> None:
        third = PLACEHOLDERS[2]
        text, again = f"Lyon {FIRST} {SECOND}.", f"{third} {FIRST} {SECOND}."
        for swapped in (f"{third} is {SECOND} {FIRST}.", f"{third} is {FIRST} {SECOND}."):
            known = {text: f"Sono is {FIRST} {SECOND}.", again: swapped}
            found = mend(Search(tokenizer, known), text)[0].text
            assert ("Lyon" in found) == (swapped.index(FIRST) < swapped.index(SECOND))

    def test_it_is_looked_for_where_the_word_looked(self, tokenizer: Tokenizer) -> None:
        # The third word looks at the number, which is no word.
        search = Search(tokenizer, {"Il vit 1.000 lyon.": "He lives stonon."})
        assert mend(search, "Il vit 1.000 lyon.")[0].text == "He lives stonon."
        assert len(search.asked) == 1


def test_of_other_forms_of_the_same_characters(tokenizer: Tokenizer) -> None:
    decomposed = "Il vit ly\u006f\u0302n."
    known = {decomposed: "He lives stonon.", f"Il vit {FIRST}.": f"He lives {FIRST}."}
    assert mend(Search(tokenizer, known), decomposed)[0].text == "He lives ly\u00f4n."


def test_numbers_from_nowhere_are_no_gain(tokenizer: Tokenizer) -> None:
    known = {"Il vit lyon.": "He lives stonon.", f"Il vit {FIRST}.": f"He 99 {FIRST}."}
    assert mend(Search(tokenizer, known), "Il vit lyon.")[0].text == "He lives stonon."


def test_what_the_search_finds_less_likely_is_no_gain(tokenizer: Tokenizer) -> None:
    class Doubting(Search):
        def __call__(self, sentences: list[Sentence]) -> list[Translation]:
            found = super().__call__(sentences)
            self.log_prob -= 1.0
            return found

    known = {"Il vit lyon.": "He lives stonon.", f"Il vit {FIRST}.": f"He lives {FIRST}."}
    assert mend(Doubting(tokenizer, known), "Il vit lyon.")[0].text == "He lives stonon."
