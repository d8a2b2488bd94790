"""What HTML's elements are to a sentence, by name."""

from __future__ import annotations


def _names(names: str) -> frozenset[str]:
    return frozenset(names.split())


INLINE = _names(
    "a abbr acronym b bdi bdo big cite data del dfn em font i img ins mark nobr output q rb rp rt "
    "ruby rtc s small span strike strong sub sup time tt u wbr"
)
"""Stand within a sentence."""

INLINE_KEPT = _names("code kbd math samp svg var")
"""Stand within a sentence and are not translated."""

KEPT = INLINE_KEPT | _names("pre script style template textarea")
"""Are not translated."""

VOID = _names("area base br col embed frame hr img input link meta param source track wbr")
"""Have no end tag."""

BLOCK = _names(
    "address article aside audio blockquote body br button caption center dd details dialog div dl "
    "dt fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6 head header hr "
    "html iframe input label legend li link main menu meta nav noscript ol optgroup option p "
    "section select summary table tbody td tfoot th thead title tr ul video"
)
"""End a sentence. In HTML so does every element that is not named here at all."""

_CELL_ENDS = _names("tbody td tfoot th thead tr")

ENDED_BY = {
    "p": _CELL_ENDS
    | _names(
        "address article aside blockquote center dd details dialog dir div dl dt fieldset "
        "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup hr li listing main menu nav "
        "ol p plaintext pre search section summary table ul xmp"
    ),
    "li": _names("li"),
    **dict.fromkeys(("dd", "dt"), _names("dd dt")),
    **dict.fromkeys(("rp", "rt"), _names("rb rp rt rtc")),
    "optgroup": _names("hr optgroup"),
    "option": _names("hr optgroup option"),
    **dict.fromkeys(("td", "th"), _CELL_ENDS),
    "tr": _names("tbody tfoot thead tr"),
    **dict.fromkeys(("tbody", "tfoot", "thead"), _names("tbody tfoot thead")),
}
"""For each element that needs no end tag, the start tags that end it; so does the end of what it
stands in. (HTML Standard, "Optional tags".)"""
