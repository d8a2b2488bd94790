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

END_OPTIONAL = _names("dd dt li optgroup option p rp rt tbody td tfoot th thead tr")
"""Are ended by the next of their kind, too."""
