from __future__ import annotations

import pytest
from fake_search import FakeSearch, backwards

from translator.texts.hypertext import read_hypertext
from translator.texts.translating import translate_texts


def translated(document: str, search: FakeSearch | None = None) -> str:
    (result,) = translate_texts(
        [document], "es", "en", search or FakeSearch(backwards), text_format="html"
    )
    return result.candidates[0]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ("uno dos", "DOS UNO"),
        ("<p>uno dos</p><p>tres cuatro</p>", "<p>DOS UNO</p><p>CUATRO TRES</p>"),
        ("<p>uno\n   dos</p>\n", "<p>DOS UNO</p>\n"),
        ("<li>uno dos<li>tres cuatro", "<li>DOS UNO<li>CUATRO TRES"),
        ("uno dos<br>tres cuatro<BR/>cinco", "DOS UNO<br>CUATRO TRES<BR/>CINCO"),
        ("<td>uno dos</td> <td>5</td>", "<td>DOS UNO</td> <td>5</td>"),
        ("<P CLASS = 'a' >uno dos</P >", "<P CLASS = 'a' >DOS UNO</P >"),
        ("uno <b>dos tres</b> cuatro", "CUATRO <b>TRES DOS</b> UNO"),
        ("<b>uno <i>dos</i></b> tres", "TRES <b><i>DOS</i> UNO</b>"),
        ("<a href='?a=1&b=2'>uno dos</a>", "<a href='?a=1&b=2'>DOS UNO</a>"),
        ("uno <img src=x> dos", "<img src=x> DOS UNO"),
        ("uno &amp; dos &lt; tres", "TRES &lt; DOS &amp; UNO"),
        ("caf&eacute; d&iacute;a", "DÍA CAFÉ"),
        ("uno &lt;b&gt; dos", "DOS &lt;b&gt; UNO"),
        ("son 5&nbsp;kg hoy", "HOY 5&nbsp;kg SON"),
        ("<p>&nbspuno dos</p>", "<p>&nbspDOS UNO</p>"),
        ("<p>&nbspuno; dos</p>", "<p>&nbspDOS UNO;</p>"),
        ("uno &lthola dos", "DOS &lt;HOLA UNO"),
        ("uno &lthola&gt dos", "DOS &lthola&gt UNO"),
        ("tres&frac12uno dos", "DOS TRES&frac12UNO"),
        ("uno &#1; dos", "DOS &#1; UNO"),
        ("uno &# <b>dos</b>", "<b>DOS</b> &amp;# UNO"),
        ("1 < 2 y uno", "UNO Y 2 &lt; 1"),
        ("<p>uno <b>dos</p>", "<p><b>DOS UNO</p>"),
        ("", ""),
    ],
)
def test_a_document_is_translated(document: str, expected: str) -> None:
    assert translated(document) == expected


@pytest.mark.parametrize(
    "kept",
    [
        "<!DOCTYPE html>",
        "<?xml version='1.0'?>",
        "<!-- uno dos -->",
        "<script>var uno = '<p>dos</p>';</script>",
        "<style>uno { color: dos }</style>",
        "<pre>uno <b>dos</b></pre>",
        "<textarea>uno dos</textarea>",
        "<div translate='no'>uno <div>dos</div> tres</div>",
        '<p class="big notranslate">uno dos</p>',
        "<p translate=NO>uno dos",
        "<input value='uno dos'>",
        "&nbsp;&#160;&bogus;&",
        "<b></b><i> </i>",
    ],
)
def test_what_is_no_text_is_kept(kept: str) -> None:
    search = FakeSearch(backwards)
    assert translated(f"{kept}<p>uno dos</p>{kept}", search) == f"{kept}<p>DOS UNO</p>{kept}"
    assert search.calls == [["uno dos"]]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (
            "<table><tr><td translate=no>uno<th>dos<tr><td>tres</table>",
            "<table><tr><td translate=no>uno<th>DOS<tr><td>TRES</table>",
        ),
        (
            "<table><tr translate=no><td>uno<td>uno<tr><td>dos</table>",
            "<table><tr translate=no><td>uno<td>uno<tr><td>DOS</table>",
        ),
        (
            "<table><thead translate=no><tr><td>uno<tbody><tr><td>dos</table>",
            "<table><thead translate=no><tr><td>uno<tbody><tr><td>DOS</table>",
        ),
        (
            "<table><td translate=no><table><tr><td>uno<td>uno</table>uno<td>dos</table>",
            "<table><td translate=no><table><tr><td>uno<td>uno</table>uno<td>DOS</table>",
        ),
        ("<dl><dt translate=no>uno<dd>dos</dl>", "<dl><dt translate=no>uno<dd>DOS</dl>"),
        ("<dl><dd translate=no>uno</dl>dos", "<dl><dd translate=no>uno</dl>DOS"),
        (
            "<ul><li translate=no><p>uno<ul><li>uno</ul>uno<li>dos</ul>",
            "<ul><li translate=no><p>uno<ul><li>uno</ul>uno<li>DOS</ul>",
        ),
        ("<p translate=no><b>uno<h2>dos</h2>", "<p translate=no><b>uno<h2>DOS</h2>"),
        ("<p translate=no>uno</b> uno<hr>dos", "<p translate=no>uno</b> uno<hr>DOS"),
        ("<li><p translate=no>uno</li>dos", "<li><p translate=no>uno</li>DOS"),
        ("<div translate=no><p>uno<p>uno</div>dos", "<div translate=no><p>uno<p>uno</div>DOS"),
        (
            "<select><option translate=no>uno<optgroup><option>dos</select>",
            "<select><option translate=no>uno<optgroup><option>DOS</select>",
        ),
        ("<rt translate=no>uno<rp>dos", "<rt translate=no>uno<rp>DOS"),
    ],
)
def test_what_is_kept_ends_where_its_end_tag_is_left_out(document: str, expected: str) -> None:
    assert translated(document) == expected


@pytest.mark.parametrize(
    "kept",
    ["{}", "<a name='{}'></a>", "<img alt='{}'>", "<p translate='{}'>5</p>"],
)
def test_a_reference_to_no_character_at_all_is_kept(kept: str) -> None:
    kept = kept.format(f"&#{'1' * 5000};")
    assert translated(f"{kept}<p>uno dos</p>") == f"{kept}<p>DOS UNO</p>"


@pytest.mark.parametrize(
    "kept",
    ["<code>x = y</code>", "<span translate='no'>Foo <span>Bar</span></span>", "<kbd>Ctrl</kbd>"],
)
def test_what_is_kept_within_a_sentence_goes_where_the_model_puts_it(kept: str) -> None:
    assert translated(f"<p>uno {kept} dos</p>") == f"<p>DOS {kept} UNO</p>"


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ('<img alt="uno dos" src=a>', '<img alt="DOS UNO" src=a>'),
        (
            "<input placeholder='uno &quot;dos' data-title='tres'>",
            "<input placeholder='\"DOS UNO' data-title='tres'>",
        ),
        ("<p title=uno>dos</p>", '<p title="UNO">DOS</p>'),
        ("uno <a href=# title='tres cuatro'>dos</a>", "<a href=# title='CUATRO TRES'>DOS</a> UNO"),
        ("<i aria-label='uno &amp; dos'></i>", "<i aria-label='DOS &amp; UNO'></i>"),
        ("<img alt=\"l'uno 'dos'\">", "<img alt=\"'DOS' L'UNO\">"),
        ("<div translate=no title=uno>dos</div>", "<div translate=no title=uno>dos</div>"),
        ("<p title=5>5</p>", "<p title=5>5</p>"),
    ],
)
def test_attributes_that_readers_see_are_translated(document: str, expected: str) -> None:
    assert translated(document) == expected


def test_everything_goes_in_one_call() -> None:
    search = FakeSearch()
    translated("<p title='uno'>Dos. Tres.</p><p>cuatro</p>", search)
    assert search.calls == [["uno", "Dos.", "Tres.", "cuatro"]]


@pytest.mark.parametrize(
    "document",
    [
        "<p>a<b>b</b></p>",
        "<<a>>b</",
        "<a href='x",
        "<!-- open",
        "a & b &amp c &#x41; &#0; &bogus;",
        "<p a=b c='d>e' f>x</p\n>",
        "\r\n<b\r\n>x</b>\r\n",
        "<script>if (a<b) {</script>x",
        "</b>x</p><b>",
        "<![CDATA[x]]>y",
        "<![CDATA[x",
        "<![if x]>y<![endif]>",
        "<![x[y]]>z<![ >",
        "&nbspx &notit; &CounterClockwiseContourIntegral;x",
        "\U0010ff00<b>\U000f0000</b>",
    ],
)
def test_a_passage_holds_the_document_byte_for_byte(document: str) -> None:
    assert "".join(read_hypertext(document).body.raw) == document


def test_sentences_tell_where_they_stand() -> None:
    document = "<p title='uno'>dos &amp; <b>tres</b></p>"
    (result,) = translate_texts([document], "es", "en", FakeSearch(), text_format="html")
    assert [sentence.source for sentence in result.sentences] == ["uno", "dos &amp; <b>tres</b>"]
    assert all(document[s.start : s.end] == s.source for s in result.sentences)
