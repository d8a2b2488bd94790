import gzip
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from training.corpus import Corpus, read_corpus
from training.filtering import Counts
from training.readers.tmx import _Handler
from translator.errors import CorpusError


@pytest.fixture(autouse=True)
def in_tmp_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def read(name: str, data: str | bytes, **options: Any) -> Corpus:
    Path(name).write_bytes(data.encode() if isinstance(data, str) else data)
    return read_corpus([name], **{"languages": ("es", "en"), **options})


def error(name: str, data: str | bytes, **options: Any) -> str:
    with pytest.raises(CorpusError) as caught:
        read(name, data, **options)
    return str(caught.value)


def tmx(*units: str, head: str = '<?xml version="1.0"?>') -> str:
    body = "\n".join(f"<tu>{unit}</tu>" for unit in units)
    return f'{head}\n<tmx version="1.4">\n<header/>\n<body>\n{body}\n</body>\n</tmx>\n'


def tuv(language: str, text: str) -> str:
    return f'<tuv xml:lang="{language}"><seg>{text}</seg></tuv>'


YES, NO = tuv("es", "Sí.") + tuv("en", "Yes."), tuv("en", "No!") + tuv("es", "¡No!")


class TestTmx:
    def test_units_are_pairs_in_whatever_order_their_languages_stand(self) -> None:
        corpus = read("memory.tmx", tmx(YES, NO))
        assert corpus.pairs == [("Sí.", "Yes."), ("¡No!", "No!")]
        assert corpus.counts == Counts(read=2, kept=2)

    def test_the_other_direction(self) -> None:
        assert read("memory.tmx", tmx(YES), languages=("en", "es")).pairs == [("Yes.", "Sí.")]

    @pytest.mark.parametrize("name", ["memory.tmx.gz", "MEMORY.TMX"])
    def test_names(self, name: str) -> None:
        assert read(name, gzip.compress(tmx(YES).encode())).pairs == [("Sí.", "Yes.")]

    @pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
    def test_encodings(self, encoding: str) -> None:
        assert read("memory.tmx", tmx(YES, head="").strip().encode(encoding)).counts.kept == 1

    def test_a_declared_encoding(self) -> None:
        head = '<?xml version="1.0" encoding="iso-8859-1"?>'
        assert read("memory.tmx", tmx(NO, head=head).encode("latin-1")).pairs == [("¡No!", "No!")]

    @pytest.mark.parametrize("encoding", ["shift_jis", "klingon"])
    def test_an_encoding_that_cannot_be_read(self, encoding: str) -> None:
        head = f'<?xml version="1.0" encoding="{encoding}"?>'
        assert error("memory.tmx", tmx(YES, head=head)).startswith(
            "memory.tmx, line 1: expected UTF-8, UTF-16 or an encoding of one byte a character."
        )

    def test_a_parser_that_keeps_bytes_back(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Expat 2.6 waits with what may be an unfinished tag; here with all there is."""
        feed, kept = _Handler.feed, bytearray()

        def feed_at_the_end(handler: _Handler, data: bytes, is_final: bool) -> None:
            kept.extend(data)
            if is_final:
                feed(handler, bytes(kept), is_final)

        monkeypatch.setattr(_Handler, "feed", feed_at_the_end)
        assert read("memory.tmx", tmx(YES, NO)).counts.kept == 2

    def test_a_variant_of_the_language_stands_for_it(self) -> None:
        unit = tuv("ES-mx", "Hola") + tuv("en-GB", "Hello") + tuv("en-US", "Hi")
        assert read("memory.tmx", tmx(unit)).pairs == [("Hola", "Hello")]

    def test_the_language_itself_goes_before_its_variants(self) -> None:
        unit = tuv("es", "Hola") + tuv("en-GB", "Hello") + tuv("EN", "Hi")
        assert read("memory.tmx", tmx(unit)).pairs == [("Hola", "Hi")]

    def test_a_variant_that_was_asked_for(self) -> None:
        unit = tuv("es", "Hola") + tuv("en-GB", "Hello") + tuv("en-US", "Hi")
        assert read("memory.tmx", tmx(unit), languages=("es", "en-us")).pairs == [("Hola", "Hi")]

    def test_est_is_no_variant_of_es(self) -> None:
        unit = tuv("est", "Tere") + tuv("es", "Hola") + tuv("en", "Hello")
        assert read("memory.tmx", tmx(unit)).pairs == [("Hola", "Hello")]

    def test_the_attribute_of_tmx_1_1(self) -> None:
        unit = YES.replace("xml:lang", "lang")
        assert read("memory.tmx", tmx(unit)).pairs == [("Sí.", "Yes.")]

    def test_codes_are_left_out_and_the_text_around_them_kept(self) -> None:
        spanish = (
            'Pulse <bpt i="1">&lt;b&gt;</bpt>el <hi>botón</hi><ept i="1">&lt;/b&gt;</ept>'
            '<ph x="2">{0}<sub>nota</sub></ph> rojo<it pos="begin">&lt;i&gt;</it>.'
        )
        unit = tuv("es", spanish) + tuv("en", "Press the red <ut>x</ut>button.")
        assert read("memory.tmx", tmx(unit)).pairs == [
            ("Pulse el botón rojo.", "Press the red button.")
        ]

    def test_notes_and_properties_are_no_text(self) -> None:
        unit = "<note>es</note>" + YES.replace("<seg>", "<prop type='x'>y</prop><seg>")
        assert read("memory.tmx", tmx(unit)).pairs == [("Sí.", "Yes.")]

    def test_entities_and_cdata_of_xml(self) -> None:
        unit = tuv("es", "Q&amp;A &#233; &lt;") + tuv("en", "<![CDATA[Q&A]]> é &lt;")
        assert read("memory.tmx", tmx(unit)).pairs == [("Q&A é <", "Q&A é <")]

    def test_units_without_one_of_the_languages_are_counted(self) -> None:
        corpus = read("memory.tmx", tmx(YES, tuv("es", "Hola"), "", tuv("es", "") + tuv("en", "x")))
        assert corpus.counts == Counts(read=4, kept=1, empty=1, untranslated=2)
        assert str(corpus.counts).endswith("0 bad lines, 2 untranslated")

    def test_a_unit_forgets_the_one_before(self) -> None:
        corpus = read("memory.tmx", tmx(YES, tuv("es", "Hola"), tuv("en", "Bye")))
        assert corpus.pairs == [("Sí.", "Yes.")]

    def test_no_unit_in_these_languages(self) -> None:
        assert error("memory.tmx", tmx(YES), languages=("es", "fr")) == (
            "memory.tmx: expected units in es and fr. Received: units in en, es"
        )

    def test_no_unit_at_all(self) -> None:
        assert error("memory.tmx", tmx()).endswith("Received: an empty file")

    def test_the_usual_document_type(self) -> None:
        head = '<?xml version="1.0"?>\n<!DOCTYPE tmx SYSTEM "tmx14.dtd">'
        assert read("memory.tmx", tmx(YES, head=head)).counts.kept == 1

    def test_an_entity_bomb(self) -> None:
        levels = "".join(
            f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' if n else '<!ENTITY l0 "lol">'
            for n in range(20)
        )
        head = f'<?xml version="1.0"?>\n<!DOCTYPE tmx [{levels}]>'
        unit = tuv("es", "&l19;") + tuv("en", "x")
        assert error("memory.tmx", tmx(unit, head=head)) == (
            "memory.tmx, line 2: expected no entities beside those of XML. Received: &l0;"
        )

    def test_an_entity_that_is_a_file(self) -> None:
        Path("secret").write_text("secret")
        head = '<?xml version="1.0"?>\n<!DOCTYPE tmx [<!ENTITY x SYSTEM "secret">]>'
        assert "expected no entities" in error("memory.tmx", tmx(tuv("es", "&x;"), head=head))

    def test_an_entity_of_a_document_type_that_is_not_read(self) -> None:
        head = '<?xml version="1.0"?>\n<!DOCTYPE tmx SYSTEM "tmx14.dtd">'
        assert error("memory.tmx", tmx(tuv("es", "a&nbsp;b"), head=head)) == (
            "memory.tmx, line 6: expected no entities beside those of XML. Received: &nbsp;"
        )

    def test_cut_off(self) -> None:
        assert error("memory.tmx", tmx(YES, NO)[:-30]).startswith(
            "memory.tmx, line 6: expected well-formed XML. Received: "
        )

    def test_damaged(self) -> None:
        assert error("memory.tmx", tmx(YES, "<tuv>")) == (
            "memory.tmx, line 6: expected well-formed XML. Received: mismatched tag"
        )

    def test_bytes_that_are_not_utf8(self) -> None:
        assert error("memory.tmx", tmx(NO).encode("latin-1")).startswith(
            "memory.tmx, line 5: expected well-formed XML. Received: not well-formed"
        )

    def test_another_kind_of_xml(self) -> None:
        assert error("memory.tmx", "<html><body/></html>") == (
            "memory.tmx, line 1: expected a TMX file. Received: an element 'html' around all"
        )

    def test_truncated_gzip(self) -> None:
        whole = gzip.compress(tmx(*[YES] * 999).encode(), compresslevel=0)
        message = error("memory.tmx.gz", whole[:-2000])
        assert message.startswith("memory.tmx.gz, after line ")
        assert "expected an intact gzip file" in message

    def test_missing(self) -> None:
        with pytest.raises(CorpusError, match=r"^none\.tmx: expected a readable file\."):
            read_corpus(["none.tmx"], languages=("es", "en"))

    def test_is_streamed(self) -> None:
        unit = tuv("es", "a" * 500) + tuv("en", "b" * 500)
        data = gzip.compress(tmx(*[unit] * 10_000).encode(), compresslevel=1)  # 11 MB
        tracemalloc.start()
        counts = read("memory.tmx.gz", data).counts
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert counts == Counts(read=10_000, kept=1, duplicate=9_999)
        assert peak < 2_000_000

    def test_is_none_of_two_aligned_files(self) -> None:
        Path("one.tmx").write_text(tmx(YES))
        Path("two.en").write_text("Yes.\n")
        with pytest.raises(CorpusError, match=r"expected two line-aligned files\. Received: TMX"):
            read_corpus(["one.tmx,two.en"])


HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n'


def po(*messages: str, header: str = HEADER) -> str:
    return "\n".join([header, *messages])


def message(text: str, translation: str) -> str:
    return f'msgid "{text}"\nmsgstr "{translation}"\n'


class TestPo:
    def test_messages_and_their_translations(self) -> None:
        corpus = read("app.po", po(message("Sí.", "Yes."), message("No.", "No.")))
        assert corpus.pairs == [("Sí.", "Yes."), ("No.", "No.")]
        assert corpus.counts == Counts(read=2, kept=2)

    def test_gzip(self) -> None:
        data = gzip.compress(po(message("Sí.", "Yes.")).encode())
        assert read("app.po.gz", data).pairs == [("Sí.", "Yes.")]

    def test_a_message_over_several_lines(self) -> None:
        text = '#: a.c:3\nmsgctxt "menu"\nmsgid ""\n"Abrir "\n"\\"esto\\"\\n"\nmsgstr "Open this"\n'
        assert read("app.po", po(text)).pairs == [('Abrir "esto"', "Open this")]

    def test_what_is_not_translated_is_counted(self) -> None:
        corpus = read(
            "app.po",
            po(
                message("Sí.", "Yes."),
                "#, fuzzy\n" + message("Tal vez.", "Perhaps."),
                '#, c-format, fuzzy\n#| msgid "Nadie"\n' + message("Nada", "Nobody"),
                message("Nunca.", ""),
                "#, c-format\n" + message("%d", "%d"),
                '#~ msgid "Antes"\n#~ msgstr "Before"\n',
            ),
        )
        assert corpus.pairs == [("Sí.", "Yes."), ("%d", "%d")]
        assert corpus.counts == Counts(read=6, kept=2, untranslated=4)

    @pytest.mark.parametrize(
        ("forms", "pairs"),
        [
            (["ein Tag", "%d Tage"], [("one day", "ein Tag"), ("%d days", "%d Tage")]),
            (["a", "b", "c"], [("one day", "a"), ("%d days", "c")]),
            (["%d 日"], [("one day", "%d 日"), ("%d days", "%d 日")]),
            (["ein Tag", ""], [("one day", "ein Tag")]),
        ],
    )
    def test_plurals(self, forms: list[str], pairs: list[tuple[str, str]]) -> None:
        text = 'msgid "one day"\nmsgid_plural "%d days"\n' + "".join(
            f'msgstr[{n}] "{form}"\n' for n, form in enumerate(forms)
        )
        corpus = read("app.po", po(text))
        assert corpus.pairs == pairs
        assert corpus.counts == Counts(read=2, kept=len(pairs), untranslated=2 - len(pairs))

    @pytest.mark.parametrize(
        ("language", "swapped"),
        [
            ("en", False),
            ("en_GB", False),
            ("es", True),
            ("es_ES.UTF-8", True),
            ("LANGUAGE", False),
            ("", False),
        ],
    )
    def test_the_header_tells_which_side_is_translated(self, language: str, swapped: bool) -> None:
        header = HEADER + f'"Language: {language}\\n"\n'
        corpus = read("app.po", po(message("Uno", "Dos"), header=header))
        assert corpus.pairs == [("Dos", "Uno") if swapped else ("Uno", "Dos")]

    def test_a_third_language(self) -> None:
        header = HEADER + '"Language: fr\\n"\n'
        assert error("app.po", po(message("a", "b"), header=header)) == (
            "app.po: expected translations into en or es. Received: Language: fr"
        )

    def test_a_charset(self) -> None:
        header = HEADER.replace("UTF-8", "ISO-8859-1")
        data = po(message("mañana", "tomorrow"), header=header).encode("latin-1")
        assert read("app.po", data).pairs == [("mañana", "tomorrow")]

    def test_no_header(self) -> None:
        assert read("app.po", message("mañana", "tomorrow")).pairs == [("mañana", "tomorrow")]

    def test_byte_order_mark_and_crlf(self) -> None:
        data = po(message("a", "b")).replace("\n", "\r\n").encode("utf-8-sig")
        assert read("app.po", data).pairs == [("a", "b")]

    @pytest.mark.parametrize("separator", ["\u2028", "\x85", "\x0b", "\x1c"])
    def test_other_separators_are_white_space(self, separator: str) -> None:
        assert read("app.po", po(message(f"a{separator}b", "c"))).pairs == [("a b", "c")]

    @pytest.mark.parametrize(
        ("line", "received"),
        [
            ('msgstr "Yes.', "'msgstr \"Yes.'"),
            ("hello", "'hello'"),
            ('msgstr "a "b" c"', "unescaped double quote found"),
            ('msgfoo "a"', "'msgfoo \"a\"'"),
        ],
    )
    def test_damaged(self, line: str, received: str) -> None:
        assert error("app.po", po('msgid "a"\n' + line)) == (
            f"app.po, line 6: expected a PO file. Received: {received}"
        )

    def test_wrong_bytes(self) -> None:
        data = po(message("mañana", "tomorrow")).encode("latin-1")
        assert error("app.po", data) == ("app.po, line 5: expected UTF-8. Received: byte 0xf1")

    def test_an_unknown_charset(self) -> None:
        data = po(message("a", "b"), header=HEADER.replace("UTF-8", "klingon-1"))
        assert error("app.po", data) == ("app.po: expected a known charset. Received: klingon-1")

    def test_nothing_translated(self) -> None:
        assert error("app.po", po(message("a", ""))).endswith("0 bad lines, 1 untranslated")

    def test_only_a_header(self) -> None:
        assert error("app.po", HEADER).endswith("Received: an empty file")

    @pytest.mark.parametrize("name", ["app.pot", "app.POT.gz"])
    def test_templates_are_refused(self, name: str) -> None:
        assert error(name, po(message("a", ""))) == (
            f"{name}: expected a PO file with translations. Received: a template, which has none"
        )

    def test_truncated_gzip(self) -> None:
        whole = gzip.compress(po(*[message("a", "b")] * 99).encode())
        assert "expected an intact gzip file" in error("app.po.gz", whole[:-9])
