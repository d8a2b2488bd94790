"""Makes the README's pictures.

python docs/pictures.py curves runs/es-en docs/training.png
python docs/pictures.py attention saved_models/es-en "No sé dónde están." docs/attention.png
python docs/pictures.py page http://127.0.0.1:5000 "Hola, Ana." Ana docs/page.png docs/page-dark.png
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from urllib.parse import urlencode

import click

sys.path.insert(0, str(Path(__file__).parent.parent))

from training.log import read_log
from training.report import drawing, figures
from translator.quiet import import_tensorflow


@click.group()
def main() -> None:
    """Make the pictures of the README."""


@main.command()
@click.argument("run", type=click.Path(exists=True, path_type=Path))
@click.argument("picture", type=click.Path(path_type=Path))
def curves(run: Path, picture: Path) -> None:
    """Draw loss, BLEU and chrF, ε and learning rate of a run over its updates."""
    rows = read_log(run / "log.csv")
    with drawing.style():
        figure = drawing.figure(680, 420)
        places = ((0.06, 0.6), (0.56, 0.6), (0.06, 0.1), (0.56, 0.1))
        draws = (
            *(figures.draw_loss, figures.draw_quality),
            *(figures.draw_teacher_forcing, figures.draw_learning_rate),
        )
        for (left, bottom), draw in zip(places, draws, strict=True):
            draw(figure.add_axes((left, bottom, 0.3, 0.34)), rows)
        figure.savefig(picture, dpi=100, facecolor=drawing.SURFACE)


@main.command()
@click.argument("model", type=click.Path(exists=True, path_type=Path))
@click.argument("text")
@click.argument("picture", type=click.Path(path_type=Path))
def attention(model: Path, text: str, picture: Path) -> None:
    """Draw where the model looked while it wrote the translation of a text."""
    import_tensorflow()
    from translator.translator import Translator

    translation = Translator.load(model).translate([text])[0]
    best = translation.hypotheses[0]
    with drawing.style():
        figure = figures.attention_figure(translation.source_tokens, best.tokens, best.alignment)
        figure.savefig(picture, dpi=130, facecolor=drawing.SURFACE)


@main.command()
@click.argument("url")
@click.argument("text")
@click.argument("word")
@click.argument("light", type=click.Path(path_type=Path))
@click.argument("dark", type=click.Path(path_type=Path))
def page(url: str, text: str, word: str, light: Path, dark: Path) -> None:
    """Photograph the page of a running server, light and dark, pointing at a word.

    TEXT is Spanish, WORD a word of its English translation. The letters are those that this
    machine has for `system-ui`.
    """
    from PIL import Image
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        for scheme, picture in (("light", light), ("dark", dark)):
            view = browser.new_page(
                viewport={"width": 1200, "height": 400},
                device_scale_factor=1.5,
                color_scheme=scheme,
                locale="en",
            )
            view.goto(url + "#" + urlencode({"source": "auto", "target": "en", "text": text}))
            view.get_by_text("Where the model looked").click()
            view.locator(".word", has_text=word).first.hover()
            view.locator("tr.looking").wait_for()
            view.screenshot(path=picture, full_page=True, animations="disabled")
            # The page has few colours: with a palette of them the file is a third as large.
            colours = (
                Image.open(picture)
                .convert("RGB")
                .quantize(
                    256, method=Image.Quantize.MAXCOVERAGE, kmeans=1, dither=Image.Dither.NONE
                )
            )
            colours.save(picture, optimize=True)
        browser.close()


if __name__ == "__main__":
    main()
