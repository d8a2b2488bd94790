"""Sentences of software, of mails and of the web, each with what must survive its translation."""

from __future__ import annotations

from itertools import cycle
from typing import NamedTuple


class ProtectedSentence(NamedTuple):
    """A sentence, what must stand in its translation as often as in it, and its language."""

    text: str
    items: tuple[str, ...]
    language: str = "en"

    def lost(self, translation: str) -> list[str]:
        """Lists the items that are missing from a translation, or are there too often."""
        return [
            item
            for item in dict.fromkeys(self.items)
            if translation.count(item) != self.text.count(item)
        ]


_NAMES = ["{name}", "{0}", "{{user}}", "%(name)s", "${USER}", "$NAME", "%1$s", "@maria_dev", "%@"]
_COUNTS = ["%d", "{count}", "{n}", "%(count)d", "1,250", "{{ total }}", "10000", "%2$d", "12.500"]
_SIZES = ["3.5 kg", "20 %", "5km", "100 MB", "€1,000.50", "12,5 cm", "$19.99", "250 ml", "-5 °C"]
_URLS = [
    "https://example.com/help?id=7&lang=en",
    "http://docs.example.org/wiki/Setup_(Linux)",
    "www.example.net/downloads",
    "https://example.com/a-b_c/#top",
    "ftp://files.example.com/pub/",
    "example.com/pricing",
]
_MAILS = [
    "support@example.com",
    "anna.maria+test@mail.example.co.uk",
    "info@firma-beispiel.de",
    "a@b.example",
    "no-reply@shop.example.fr",
]
_DATES = ["2024-05-12", "12/05/2024", "31.12.2025", "2024-05-12T10:30:00Z", "1.2.2023"]
_TIMES = ["10:30", "14:05:59", "9:15 am", "08:00-16:30", "23:59", "6:45 PM"]
_PHONES = ["+34 912 345 678", "(555) 123-4567", "+1-202-555-0147", "030 1234 5678", "555-123-4567"]
_CODES = ["RX-78", "A4-1234", "INV-2024-0091", "SKU99812", "a1b2c3d4", "COVID-19", "UTF-8"]
_VERSIONS = ["v2.3.1", "10.4.2", "1.0.0-rc1", "v7", "2024.1", "3.11"]
_PATHS = ["/etc/hosts", "C:\\Users\\Public\\notes.txt", "~/Documents", "./run.sh", "report.pdf"]
_CODE_SPANS = ["`git pull`", "`x < y`", "<code>make test</code>"]
_TAGS = ["#release", "#translation2024"]
_EMOJI = ["🎉", "👩‍👩‍👧‍👦", "🇪🇸", "👍🏽", "1️⃣", "❤️", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"]
_ENTITIES = ["&nbsp;", "&copy;", "&#8364;"]
_BOLD = ["b", "strong", "em", "i", "u"]
_LINKS = ['<a href="https://example.com/x?y=1">', "<a class='btn' href='/go'>"]

# In a template a field names the list that its item is taken from; <bold> is an element.
_TEMPLATES = {
    "en": [
        ("Hello {}, welcome back!", [_NAMES]),
        ("You have {} new messages.", [_COUNTS]),
        ("{} of {} files were copied.", [_COUNTS, _COUNTS]),
        ("{} sent you {} photos on {}.", [_NAMES, _COUNTS, _DATES]),
        ("The package weighs {} and costs {}.", [_SIZES, _SIZES]),
        ("For more information, visit {}.", [_URLS]),
        ("See {} or write to {} before {}.", [_URLS, _MAILS, _DATES]),
        ("Please send your reply to {}, {}.", [_MAILS, _NAMES]),
        ("The meeting is on {} at {}.", [_DATES, _TIMES]),
        ("Call us at {} from {}.", [_PHONES, _TIMES]),
        ("Your order {} was shipped today.", [_CODES]),
        ("Version {} is available; you have {}.", [_VERSIONS, _VERSIONS]),
        ("The file {} could not be opened.", [_PATHS]),
        ("Run {} in the folder {} first.", [_CODE_SPANS, _PATHS]),
        ("We celebrate {} today {} with all of you!", [_TAGS, _EMOJI]),
        ("Thank you {} for your help {}", [_NAMES, _EMOJI]),
        ("All rights reserved {} by the author.", [_ENTITIES]),
        ("Click <bold>here</bold> to open {}.", [_PATHS]),
        ("The <bold>red button</bold> deletes {} files.", [_COUNTS]),
        ("<bold>Warning:</bold> the disk is {} full.", [_SIZES]),
        ("Read our <link>terms of use</a> before {}.", [_DATES]),
        ("Dear {}, your <link>invoice <bold>{}</bold></a> is ready.", [_NAMES, _CODES]),
        ("Do you want to replace {} with {}?", [_PATHS, _PATHS]),
        ("Error {}: the server {} does not answer.", [_CODES, _URLS]),
        ("The price went from {} to {} in one year.", [_SIZES, _SIZES]),
    ],
    "es": [
        ("Hola {}, ¿cómo estás?", [_NAMES]),
        ("Tienes {} mensajes nuevos.", [_COUNTS]),
        ("El paquete pesa {} y cuesta {}.", [_SIZES, _SIZES]),
        ("Visita {} o escribe a {}.", [_URLS, _MAILS]),
        ("La reunión es el {} a las {}.", [_DATES, _TIMES]),
        ("Llame al {} si necesita ayuda.", [_PHONES]),
        ("Su pedido {} llega el {}.", [_CODES, _DATES]),
        ("La versión {} ocupa {} en el disco.", [_VERSIONS, _SIZES]),
        ("{} ha enviado {} fotos el {}.", [_NAMES, _COUNTS, _DATES]),
        ("No se pudo abrir el archivo {}.", [_PATHS]),
        ("Haz clic <bold>aquí</bold> para ver {}.", [_PATHS]),
        ("Lee las <link>condiciones de uso</a> antes del {}.", [_DATES]),
    ],
}
_OF_EACH = 9


def _make() -> list[ProtectedSentence]:
    sentences: dict[str, ProtectedSentence] = {}
    for language, templates in _TEMPLATES.items():
        for shift, (template, lists) in enumerate(templates):
            columns = [
                cycle(items[(shift + n) % len(items) :] + items[: (shift + n) % len(items)])
                for n, items in enumerate(lists)
            ]
            for variant in range(_OF_EACH):
                bold, link = _BOLD[variant % len(_BOLD)], _LINKS[variant % len(_LINKS)]
                marked = template.replace("<link>", link).replace("bold>", f"{bold}>")
                items = [next(column) for column in columns]
                text = marked.replace("{}", "\0")
                for item in items:
                    text = text.replace("\0", item, 1)
                tags = [tag for tag in (f"<{bold}>", f"</{bold}>", link, "</a>") if tag in marked]
                sentence = ProtectedSentence(text, (*items, *tags), language)
                sentences.setdefault(text, sentence)
    return [*sentences.values(), *_SPECIAL]


_SPECIAL = [
    ProtectedSentence("Loading… %d%% done, %s left.", ("%d%%", "%s")),
    ProtectedSentence("Copy %s to %s?", ("%s",)),
    ProtectedSentence("{first}.{last}@{domain} is your address.", ("{first}.{last}@{domain}",)),
    ProtectedSentence("Press <kbd>Ctrl</kbd> and wait {s} s.", ("<kbd>Ctrl</kbd>", "{s}")),
    ProtectedSentence("First line.\\nSecond line.", ("\\n",)),
    ProtectedSentence("One line<br/>and <br>another", ("<br/>", "<br>")),
    ProtectedSentence("A picture <img src='a.png'/> of us", ("<img src='a.png'/>",)),
    ProtectedSentence("Usage: copy <source> <target> now", ("<source>", "<target>")),
    ProtectedSentence('Save to <x id="1"/> or <x id="2"/> soon', ('<x id="1"/>', '<x id="2"/>')),
    ProtectedSentence(
        "{n, plural, one {# file} other {# files}} were found",
        ("{n, plural, one {# file} other {# files}}",),
    ),
    ProtectedSentence(
        "The words {a} and {b} or {c} but {d} if {e} then {f} else {g} with {h} for {i} at {j} end",
        tuple(f"{{{name}}}" for name in "abcdefghij"),
    ),
    ProtectedSentence("Water is H<sub>2</sub>O, they say", ("<sub>2</sub>",)),
    ProtectedSentence(
        "Keep \U0010ff00 and \U0010ff07 and \U000f0000", ("\U0010ff00", "\U0010ff07")
    ),
    ProtectedSentence("The server 192.168.0.1:8080 is down", ("192.168.0.1:8080",)),
    ProtectedSentence("%username% is not in %PATH%", ("%username%", "%PATH%")),
]

PROTECTED_SENTENCES = _make()
