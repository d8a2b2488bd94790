"""The sentences of a line: those of `sentencex`, less the cuts that are none, in linear time.

A wrong cut costs more than a wrong join: a model makes two sentences of two that it reads at once,
but half a sentence it translates without the other half. So what is in doubt goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import regex
from sentencex import segment

# What `sentencex` takes for an abbreviation, and is a word more often; a digit follows, or is
# before it in "5 de mar.", where it is one.
_NO_ABBREVIATION = {
    "es": regex.compile(r"(?<!\d )(?<!\d de )\b(?:[Mm]ar|[Nn]o)\.\s+(?=[¿¡«\"“(]*[A-ZÁÉÍÓÚÑ])"),
    "it": regex.compile(r"(?<!\d )\b[Mm]ar\.\s+(?=[«\"“(]*[A-ZÀÈÉÌÒÙ])"),
}

_MOST = 5_000
"""Characters that `sentencex` gets at once: quotation marks without end take it time by the square,
and a sentence is hardly ever longer."""

_SETTLED = 4_000
"""Characters of these in which what follows changes nothing: the end of a quotation is there."""

_LONGEST_WORD = 40
"""Characters before a full stop that tell what it is."""


@dataclass(frozen=True)
class _Language:
    """What a full stop follows in a language without ending a sentence, where `sentencex` errs.

    One that is listed in small letters is found with a capital, too.

    Attributes:
        titles: A name or a noun follows them.
        abbreviations: They may well end a sentence before a capital; before a number, a small
            letter or another abbreviation they do not.
        openers: Words that begin sentences, and no names: `plan B. You` is two sentences, `J. Gil`
            is a name. French `Le` and `La` are none: `J. Le Goff`.
        initials: Whether a single capital letter is taken for an initial; elsewhere `sentencex`
            knows better.
        ordinals: Whether a number with a full stop is an ordinal before a noun: `im 19.
            Jahrhundert`. `Er ist 19. Maria ist 20.` goes on then, too.
    """

    titles: frozenset[str] = frozenset()
    abbreviations: frozenset[str] = frozenset()
    openers: frozenset[str] = frozenset()
    initials: bool = False
    ordinals: bool = False


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OTHER = _Language()
_LANGUAGES = {
    "de": _Language(
        titles=_words(
            "Fa Frl Hrn Dipl Ing Pfr Dir Hl Hrsg Verf Tsd Sek abzgl allg ausschl bspw durchschn "
            "ehem einschl engl entspr exkl frz geb gem gesch griech inkl insb insbes jährl lat "
            "mind monatl nördl südl tgl verh zzgl"
        ),
        openers=_words(
            "Ich Du Er Sie Es Wir Ihr Man Der Die Das Dem Den Ein Eine Einen Einer Einem Dies "
            "Diese Dieser Dieses Diesen Mein Meine Dein Deine Sein Seine Ihre Unser Unsere Kein "
            "Keine Und Aber Oder Denn Doch Wenn Weil Als Ob Da Dann Danach Darum Deshalb Daher "
            "Dabei Damit So Hier Dort Heute Gestern Jetzt Nun Nur Auch Noch Was Wer Wie Wo "
            "Warum Wann In Im Am An Auf Aus Bei Mit Nach Von Vom Vor Zu Zum Zur Für Ohne Um "
            "Unter Über Ja Nein Ist Sind War Hat Haben Kann Bitte"
        ),
        ordinals=True,
    ),
    "en": _Language(
        titles=_words("Cdr Mmes Mts Mx Profs Revd Ste Sts"),
        abbreviations=_words(
            "Mon Tue Tues Wed Weds Thu Thur Thurs Fri Sat Sun a.m p.m approx avg ch chap chs ed "
            "eds eq eqs est excl ext figs hrs ht incl lbs max mins pop qty refs secs tel temp "
            "vol vols wt yrs"
        ),
    ),
    "es": _Language(
        titles=_words(
            "Avd Cl Cmdte Cnel Ctra Dra Dras Dres Dña Excma Fca Fco Fr Hna Hno Ilma Ilmo Lcda "
            "Ma Mons Mª Ntra Ntro Pbro Plza Profa Rvda Rvdo Sgto Sn Sras Srtas Tte Urb"
        ),
        abbreviations=_words(
            "Cia Cía Depto Ltda a a.C a.m aprox apróx arts caps d d.C ed eds ene feb figs hrs "
            "izqda kgs kms lts mill mills mtrs mts nº núms p.m ref set sigs vols"
        ),
        openers=_words(
            "Yo Tú Él Ella Ellos Ellas Usted Ustedes Nosotros El La Los Las Lo Un Una Esto Eso "
            "Este Esta Estos Estas Ese Esa Y Pero O Si Sí No Que Qué Quién Cuando Como Cómo En "
            "Es Son Está Están Hay Fue Era Ha Se Me Te Le Les Nos Su Sus Mi Mis Tu Tus Al Por "
            "Para Con Sin Luego Después Entonces Ahora Aquí También Tampoco Ya Muy Más Todo "
            "Todos Hoy Ayer Así Aunque"
        ),
        initials=True,
    ),
    "fr": _Language(
        titles=_words(
            "Adj Bd Cdt Cie Col Dr Drs Ets Gal Gén M MM Me Mgr Mlle Mlles Mme Mmes Pr Prof Sgt "
            "St Ste Stes Sts Sté Vve bd bld Éts"
        ),
        abbreviations=_words(
            "No Nos Tel Tél apt approx avr coll dép dépt dim déc févr janv juil lun max min nov "
            "oct réf resp sam sept trad ven"
        ),
        openers=_words(
            "Je J' Tu Il Elle On Nous Vous Ils Elles Les L' Un Une Des Du Ce C' Cela Ça Cet "
            "Cette Ces Mon Ma Mes Ton Ta Tes Son Sa Ses Notre Votre Leur Leurs Et Mais Ou Où "
            "Donc Or Si Oui Non Ne N' Que Qu' Qui Quand Comme Comment Pourquoi Pour Par Dans En "
            "Sur Sous Avec Sans À Au Aux Puis Après Avant Alors Ensuite Maintenant Ici Aussi "
            "Très Plus Tout Tous Toutes Se S' Est Sont Y"
        ),
        initials=True,
    ),
}

_LAST_WORD = regex.compile(r"(?<![\p{L}\p{M}\p{N}])([\p{L}\p{M}\p{N}.]*)\.\Z")
_INITIAL = regex.compile(r"(?:\p{Lu}\.)*\p{Lu}")
_ORDINAL = regex.compile(r"\d{1,2}")
_LETTER = regex.compile(r"\p{L}")
_SMALL = regex.compile(r"\p{Ll}++(?!\p{Lu})")  # not as in iPhone
_NUMBER = regex.compile(r"[\p{N}\p{Co}]")
_CAPITAL = regex.compile(r"[\p{Lu}\p{Lt}\p{Co}]")  # characters for private use stand for items
_WORD = regex.compile(r"\p{L}+['’]?")
_WHITE_SPACE = regex.compile(r"\s")
_ABBREVIATED = regex.compile(r"\p{L}{1,5}\.")


def segment_line(line: str, language: str) -> Iterator[str]:
    """Yields the sentences of a line, white space included; joined, they are the line.

    Args:
        line: Text without line breaks, but for its end.
        language: Code of its language; `sentencex` takes one that it does not know for English.
    """
    rules = _LANGUAGES.get(language, _OTHER)
    held: list[str] = []
    before, touches, capital = "", False, None
    for part in _separated(line, language):
        after = part.lstrip()
        touches = touches and not part[0].isspace()
        if held and not _goes_on(before, after, rules, touches=touches, capital=bool(capital)):
            yield "".join(held)
            held, before, capital = [], "", None
        held.append(part)
        if capital is None and (first := _LETTER.search(part)):
            capital = not first[0].islower()
        before = f"{before}{'' if touches else ' '}{part.strip()}"[-_LONGEST_WORD:]
        touches = not part[-1].isspace()
    if held:
        yield "".join(held)


def _goes_on(before: str, after: str, rules: _Language, *, touches: bool, capital: bool) -> bool:
    """Whether a sentence goes on where it was cut.

    It does before a small letter, whatever stands before the full stop, if it began with a capital.

    Args:
        before: Its end so far.
        after: What follows.
        rules: Of its language.
        touches: No space stands between them.
        capital: It begins with a capital. Whoever begins sentences with none does so with the
            next one, too.
    """
    end = _LAST_WORD.search(before)
    if not end:
        return False
    if touches and after[:1] in ("º", "ª", "-"):
        return True
    word = end[1]
    is_title = _is_in(rules.titles, word)
    is_initial = rules.initials and _INITIAL.fullmatch(word) is not None
    is_abbreviation = _is_in(rules.abbreviations, word)
    if _SMALL.match(after):
        return capital or is_title or is_initial or is_abbreviation
    if is_abbreviation and (_NUMBER.match(after) or _ABBREVIATED.match(after)):
        return True
    if not _CAPITAL.match(after) or _opens(after, rules):
        return False
    is_ordinal = rules.ordinals and _ORDINAL.fullmatch(word) is not None
    return is_title or is_initial or is_ordinal


def _is_in(words: frozenset[str], word: str) -> bool:
    return word in words or word[:1].lower() + word[1:] in words


def _opens(after: str, rules: _Language) -> bool:
    word = _WORD.match(after)
    return word is not None and word[0].replace("’", "'") in rules.openers


def _separated(line: str, language: str) -> Iterator[str]:
    """Yields what `sentencex` finds, cut where it should have been, too."""
    falsely_joined = _NO_ABBREVIATION.get(language)
    for part in _segmented(line, language):
        cursor = 0
        for match in falsely_joined.finditer(part) if falsely_joined else ():
            yield part[cursor : match.end()]
            cursor = match.end()
        if cursor < len(part):
            yield part[cursor:]


def _segmented(line: str, language: str) -> Iterator[str]:
    """Yields what `sentencex` finds in windows, each from the start of a sentence.

    It sees a space for each character of white space: at some others it panics.
    """
    spaced = _WHITE_SPACE.sub(" ", line)
    start = window = 0
    while window < len(line):
        found = segment(language, spaced[window : window + _MOST])
        ends = [window + end for end in accumulate(map(len, found))]
        if window + _MOST < len(line):
            ends = [end for end in ends if end <= window + _SETTLED] or ends[:-1]
        for end in ends:
            yield line[start:end]
            start = end
        window = start if ends else window + _MOST
