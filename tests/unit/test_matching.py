"""Names compared as people type them: the quicker way to one form leads where the plain one does; the nearest."""

from unicodedata import normalize

from hypothesis import example, given
from hypothesis import strategies as st

from dealtrack.core.vocabulary import fold, meanings_by_word, nearest_meanings, nearest_names


@given(
    st.text(
        st.sampled_from("，！？：；（）、。ＡｂＣ①ﬁ京东éß İ\u0301\u0338\u3099\uff9e\n\u3000a") | st.characters(),
        max_size=12,
    )
)
@example("订购的净水器少发30件，商家称以实物为准。")
@example("；\u0338")
@example("ＪＤ　Mall")
def test_a_text_is_folded_as_its_compatible_form_without_case_and_with_single_spaces(text: str) -> None:
    assert fold(text) == " ".join(normalize("NFKC", text).casefold().split())


def test_nearest_names() -> None:
    assert nearest_names("tmal", ["JD", "Tmall", "Amazon"]) == ["Tmall"]
    assert nearest_names("QUALTY", ["quality", "delivery"]) == ["quality"]
    assert nearest_names("gome", ["Gome online", "JD"]) == ["Gome online"]
    assert nearest_names("zzz", ["JD", "Tmall"]) == []
    assert nearest_names("", ["JD"]) == []
    assert len(nearest_names("a", [f"a{n}" for n in range(9)])) == 3


def test_of_the_nearest_words_each_meaning_is_named_once() -> None:
    by_word = meanings_by_word({"email": ("e-mail", "mail"), "phone": ("tel",)})
    assert by_word["e-mail"] == by_word["mail"] == by_word["email"] == "email"
    assert nearest_meanings("EMAIL", by_word) == ["email"]
    assert nearest_meanings("zzz", by_word) == []
