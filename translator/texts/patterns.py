"""What must survive translation as it is, as patterns."""

from __future__ import annotations

import regex

_EMOJI = r"""
    (?: \p{RI}{2} | [0-9\#*]\ufe0f?\u20e3
      | \p{Extended_Pictographic} (?:\ufe0f|\p{EMod})? [\U000e0020-\U000e007f]*+
        (?: \u200d \p{Extended_Pictographic} (?:\ufe0f|\p{EMod})? )*+
      | \p{RI} | \p{EMod} )
"""

_TAG = r"""
      <(?P<name>/?[a-zA-Z][\w:.-]*+|/?\d++) (?:\s(?:"[^"]*+"|'[^']*+'|[^<>"'])*+)? />
    | <(?P<name>/?[a-zA-Z][\w:.-]*+|/?\d++) (?:\s(?:"[^"]*+"|'[^']*+'|[^<>"'])*+)? >
"""


def _from_to(start: str, end: str) -> str:
    """Matches from a start to the next end, if no other start stands between them.

    Where there is no end, to look for it from each start would take time by the square.
    """
    return rf"{start}(?:(?!{start}|{end}).)*+{end}"


_COMMENT = _from_to("<!--", "-->")
_CDATA = _from_to(r"<!\[CDATA\[", r"\]\]>")
_INSTRUCTION = _from_to(r"<\?", r"\?>")
_NOT_TRANSLATED = rf"""
      ```.*?``` | `[^`\r\n]++`
    | {_COMMENT} | {_CDATA} | <![a-zA-Z][^<>]*+> | {_INSTRUCTION}
    | <(?P<element>code|pre|kbd|samp|script|style|textarea)\b[^<>]*+>
        (?:(?!</?(?P=element)\b).)*+</(?P=element)\s*+>
"""

_ENTITY = r"&(?:\#\d{1,7}|\#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});"

_URL_CHARACTER = r"""[^\s()<>"`{}|\\^\[\]«»“”、。，；：！？）】」\U000f0000-\U0010ffff]"""
_URL_REST = (
    rf"(?:{_URL_CHARACTER}|\({_URL_CHARACTER}*+\)|\{{\w*+\}}|\[{_URL_CHARACTER}*+\])*"
    rf"(?:(?<![.,;:!?'’*_…]){_URL_CHARACTER}(?<![.,;:!?'’*_…])|(?<=[)\]}}/\w]))"
)
_TOP_LEVEL = (
    "com|org|net|edu|gov|info|io|dev|app|ai|eu|de|es|fr|it|nl|pl|uk|us|ca|ch|at|be|se|jp|cn|ru|br"
    "|mx|ar"
)
_URL = rf"""
      \b(?:https?|ftps?|sftp|file|ssh|git|wss?|irc|s3|jdbc|data|[a-z][a-z0-9+-]{{2,15}})://{_URL_REST}
    | \b(?:mailto|tel|sms):[\w+@.%-]+[\w]
    | \bwww\.{_URL_REST}
"""
_EMAIL = r"(?<![\w.%+-])[\w.%+-]++@[\w-]++(?:\.[\w-]++)++"
_DOMAIN = rf"""
    (?<![\w@.-])(?:[a-zA-Z0-9][\w-]*+\.)+?(?:{_TOP_LEVEL})(?![\w-]|\.\w)(?::\d++)?(?:/{_URL_REST})?
"""

_FLAGS = r"[-+\#0]*+(?:\*|\d*+)(?:\.(?:\d++|\*))?(?:hh?|ll?|[Lqjzt])?"
_PRINTF = rf"""
      %\d++\${_FLAGS}[a-zA-Z@] | %\(\w[^()]*+\){_FLAGS}[a-zA-Z]
    | %\{{[\w.]++\}} | %<\w++>{_FLAGS}[a-z]
    | %[A-Za-z_]\w{{2,}}% | %{_FLAGS}[diouxXeEfFgGcrsapn@] | %% | %L?\d{{1,2}}(?![\w%])
"""

_INNER = r"[^{}]*+"
for _ in range(6):  # as deep as messages nest; any depth would take time by the square
    _INNER = rf"(?:[^{{}}]++|\{{{_INNER}\}})*+"

_TEMPLATES = "|".join(
    (_from_to(r"\$\{\{", r"\}\}"), _from_to(r"\{%", r"%\}"), _from_to(r"\{\#", r"\#\}"))
)
_BRACES = rf"""
      {_TEMPLATES} | [$\#]\{{[^{{}}]*+\}} | \{{\{{[^{{}}]*+\}}\}}
    | \{{\s*+[\w.]++\s*+,\s*+(?:plural|select|selectordinal|number|date|time|choice|duration)
        \b{_INNER}\}}
    | \{{\s?[^{{}}\s]*+\s?\}}
"""

_VARIABLE = r"(?<![\w$])\$[A-Za-z_]\w*+ | (?<!\w):[a-z][a-z0-9_+-]++:(?!\w)"
_ESCAPE = r"""\\(?:[abfv0\\'"]|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|x[0-9a-fA-F]{2})"""
_SOCIAL = r"""
      (?<![\w@/&])@\w++(?:[.-]\w++)*+(?:@[\w-]++(?:\.[\w-]++)++)?
    | (?<![\w&#/])[#＃]\w[\w-]*(?<!-)
"""

_PATH_PART = r"[\w.@+%~=-]"
_EXTENSION = (
    "avi|bak|bat|bin|bmp|bz2|c|cfg|conf|cpp|cs|css|csv|dat|db|deb|dll|dmg|docx?|env|epub|exe|gif|go|gz"
    "|h|html?|ico|ini|ipynb|iso|jar|java|jpe?g|js|json|jsx|key|lock|log|md|mkv|mo|mov|mp3|mp4|msi|odp"
    "|ods|odt|ogg|pdf|pem|php|png|po|pot|pptx?|ps1|py|rar|rb|rpm|rs|rst|rtf|sh|sql|srt|svg|tar|tex|tgz"
    "|tiff?|tmx|toml|ts|tsv|tsx|txt|vue|wav|webm|webp|whl|xhtml|xliff?|xlsx?|xml|ya?ml|yml|zip|7z"
)
_PATH = rf"""
      (?<!\w)[A-Za-z]:[\\/][^\s"'<>|*?:;,()]*(?<![.])
    | \\\\[\w.$-]++(?:\\[\w.$ -]*[\w$])++
    | (?<![\w<>.)/])(?:~|\.{{1,2}})?/(?=[\w.~%]){_PATH_PART}*(?:/{_PATH_PART}*)*(?<!\.)
    | (?<![\w.@+/-])(?:[\w.@+-]++/)++[\w@+-]*+(?:\.[\w-]++)+(?<=\.(?:{_EXTENSION}))
    | (?<![\w.@+-])(?:\*|[\w@+-](?:[\w@+.-]{{0,100}}?[\w@+-])?)\.(?:{_EXTENSION})
        (?:\.(?:gz|bz2|xz|zip|bak))?(?![\w-]|\.\w)
"""

_TIME = r"\d{1,2}:\d{2}(?::\d{2})?(?:[.,]\d+)?"
# Before a noun or a date it is the German "am": "um 10:30 am Bahnhof".
_HALF_OF_DAY = r"(?:\s?(?:[Pp][Mm]|A[Mm])\b|am\b|\sam\b(?!\s++[\p{Lu}\d]))"
_ADDRESS = r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?(?:/\d+)?(?![\w])"
_DATE = rf"""
      \b\d{{4}}-\d\d?-\d\d?(?:[T\s]{_TIME}(?:Z|[+-]\d\d:?\d\d)?)?(?!\w)
    | \b\d{{1,4}}([./-])\d{{1,2}}\g<-1>\d{{1,4}}(?!\w)
    | (?<![\w:.]){_TIME}(?:{_HALF_OF_DAY}|\s?[-–]\s?{_TIME}|Z\b)?+(?![\w:])
"""

_PHONE = r"""
      (?<!\w)\+\d{1,3}[\s.-]?\(?\d(?:[\s./()-]{0,2}\d){5,13}(?!\w)
    | (?<!\w)\(\d{2,5}\)[\s-]?\d(?:[\s.-]?\d){4,9}(?!\w)
    | (?<![\w.,])\d{2,5}(?:[ .-]\d{2,4}){2,5}(?![\w])
"""

_NUMBER = r"(?:\d++(?:[.,'’\u00a0\u202f:/×x]\d++|[ \u00a0\u202f]\d{3}(?!\d))*+|[.,]\d++|[½¼¾⅓⅔])"
_SIGN = r"(?:(?<![\w)])[-+−±~≈<>≤≥]\s?+|(?<![\w)]))"
_CURRENCY = r"(?:[A-Z]{0,3}[€$£¥₹₽₩₺₪฿₫₴₦]|zł|Kč)"
_CURRENCY_CODE = "(?:USD|EUR|GBP|JPY|CHF|CNY|INR|MXN|BRL|CAD|AUD|SEK|NOK|DKK|PLN|CZK|RUB|KRW)"
# One that is a word of some language too counts as a unit only where it touches the number.
_UNIT = r"""
    (?: \s?(?: km/h|m/s|%|‰|°\s?[CFK]?|º[CF]|℃|℉|[kmµnp]?m[²³23]?|k?g|mg|[µμ]g|lbs?|oz|[kcmµμ]m|ft
             | yd|[mcdµ]?[lL]|[kKMGTP]i?[Bb](?:/s|ps)?|bytes?|[kMG]?Hz|[kMGm]?W|[kMG]?Wh
             | [kmµ]?V|mA|mAh|Ah|k?Ω|kJ|k?cal|[hkM]Pa|mbar|psi|mph|k?bps|rpm|fps|dpi|ppm|px|pt
             | rem|m?s|[nµμ]s|h|hrs?|min|dB|mol|lm|lx|ct )
      | (?:in|em|mi|ha|bits?|bar|Pa|[AJKNBTt"″'′]|x|ª|°) ) (?![\w’²³]|['′]\w)
"""
_MEASURE = rf"""
      {_SIGN}{_CURRENCY}\s?{_NUMBER}(?:\s?(?:[kKM]|bn|mn)\b)?
    | \b{_CURRENCY_CODE}\s?{_NUMBER}(?!\w)
    | {_SIGN}{_NUMBER}(?:\s?[-–]\s?{_NUMBER})?(?:\s?{_CURRENCY}(?!\w)|\s?{_CURRENCY_CODE}\b|{_UNIT})
"""
_VERSION = r"""
      (?<![\w.])[vV]?\d++(?:\.\d++)+(?:[-+.]?(?:alpha|beta|rc|dev|a|b|post|SNAPSHOT)[.\d-]*+)?
        (?:\.x)?(?!\w)
    | (?<!\w)[vV]\d++(?!\w)
"""
_PLAIN_NUMBER = rf"""
      {_SIGN}\d++(?:[.,'’\u00a0\u202f:/×]\d++|[ \u00a0\u202f]\d{{3}}(?!\d))++(?!\w)
    | {_SIGN}\d{{3,}}+(?!\w) | (?<!\w)[-+−±]\d++(?!\w) | (?<!\w)[#№]\s?\d++(?!\w) | [½¼¾⅓⅔]
"""
_CODE_PART = r"(?:[A-Z]+\d\w*+|\d+[A-Z]\w*+|[A-Z]{1,6}+(?![a-z])|\d++(?!\w)|[a-z]{1,2}\d\w*+)"
_CODE = rf"""
      (?<!\w)[0-9a-fA-F]{{8}}(?:-[0-9a-fA-F]{{4}}){{3}}-[0-9a-fA-F]{{12}}(?!\w)
    | (?<!\w)0[xX][0-9a-fA-F]++(?!\w)
    | (?<!\w)(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{{7,}}(?!\w)
    | (?<![\w-])(?=\w)(?=[A-Z_/.-]{{0,60}}\d|[\d_/.-]{{0,60}}[A-Z][\w/.-]{{0,60}}\d)
        {_CODE_PART}(?:[-_/.]{_CODE_PART})++(?!\w)
    | (?<![\w-])[A-Z][a-z]++-\d++(?![\w-])
    | (?<!\w)[A-Za-z]++\d\w*+(?!\w)
    | (?<!\w)\d++(?:[A-Z](?![a-z]{{2}})|[a-z]++\d)\w*+(?!\w)
    | (?<!\w)[A-Za-z][^\W_]*+_\w+(?<!_)(?:\(\))?+
    | (?<![\w.])[a-zA-Z]\w*+(?:\.\w++)*+\(\)
"""

_KINDS = (
    ("item", _NOT_TRANSLATED),
    ("tag", _TAG),
    ("item", _ENTITY),
    ("item", _URL),
    ("item", _EMAIL),
    ("item", _DOMAIN),
    ("item", _PATH),
    ("item", _EMOJI + "++"),
    ("item", _BRACES),
    ("item", _VARIABLE),
    ("item", _PRINTF),
    ("line", r"(?:\\r)?\\n|\\[rt]"),
    ("item", _ESCAPE),
    ("item", _SOCIAL),
    ("item", _ADDRESS),
    ("item", _DATE),
    ("item", _PHONE),
    ("item", _MEASURE),
    ("item", _VERSION),
    ("item", _PLAIN_NUMBER),
    ("item", _CODE),
)

TOKEN = regex.compile(
    "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _KINDS),
    regex.VERBOSE | regex.DOTALL | regex.VERSION1,
)
"""Finds what is not plain text: an `item`, a `tag`, or an escape that ends a `line`."""

PLAIN = regex.compile(
    r"(?:[\p{L}--\p{Extended_Pictographic}]|[\s,;!?¿¡\"“”«»]|\.(?![^\s\"”»]))*+", regex.VERSION1
)
"""Matches many texts, and none in which `TOKEN` finds anything: each token has another character,
or a full stop before one of its own. It takes a tenth of the time."""

EMOJI = regex.compile(_EMOJI + "++", regex.VERBOSE)

_ORDERED = regex.compile(
    rf"(?<!%)(?:%%)*+%{_FLAGS}[diouxXeEfFgGcrsapn@]|\{{\}}", regex.VERBOSE | regex.VERSION1
)


def is_ordered(item: str) -> bool:
    """Whether an item takes its value by its place among its like, as `%s` and `{}` do."""
    return _ORDERED.search(item) is not None
