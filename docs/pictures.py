"""Makes the README's pictures.

python docs/pictures.py curves runs/es-en docs/training.png
python docs/pictures.py attention saved_models/es-en "No sé dónde están." docs/attention.png
python docs/pictures.py page http://127.0.0.1:5000 "No sé dónde están." docs/page.png
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import matplotlib as mpl

sys.path.insert(0, str(Path(__file__).parent.parent))
mpl.use("Agg")

import click
from matplotlib import pyplot as plt

from training.log import read_log
from translator.quiet import import_tensorflow

plt.rcParams.update({"font.size": 10, "axes.spines.top": False, "axes.spines.right": False})


@click.group()
def main() -> None:
    """Make the pictures of the README."""


@main.command()
@click.argument("run", type=click.Path(exists=True, path_type=Path))
@click.argument("picture", type=click.Path(path_type=Path))
def curves(run: Path, picture: Path) -> None:
    """Draw loss, BLEU and chrF, learning rate and ε of a run over its updates."""
    rows = read_log(run / "log.csv")

    def series(name: str) -> tuple[list[int], list[float]]:
        points = [(int(row["update"]), float(row[name])) for row in rows if row.get(name)]
        return [x for x, _ in points], [y for _, y in points]

    figure, (loss, quality, rate) = plt.subplots(1, 3, figsize=(11, 3.2), layout="constrained")
    loss.plot(*series("loss"), color="0.65", label="training, label smoothing and dropout on")
    loss.plot(*series("valid_loss"), color="tab:blue", marker=".", label="validation")
    loss.set(ylabel="loss per token (nats)", ylim=(1, 5))
    quality.plot(*series("valid_bleu"), color="tab:blue", marker=".", label="BLEU")
    quality.plot(*series("valid_chrf"), color="tab:orange", marker=".", label="chrF")
    quality.set(ylabel="validation, greedy search", ylim=(0, 75))
    rate.plot(*series("teacher_forcing"), color="tab:green", label="teacher forcing ε")
    updates, rates = series("learning_rate")
    peak = max(rates)
    rate.plot(
        updates, [x / peak for x in rates], color="tab:red", label=f"learning rate / {peak:.2g}"
    )
    rate.set(ylim=(0, 1.05))
    for axes in (loss, quality, rate):
        axes.set_xlabel("updates")
        axes.legend(frameon=False, fontsize=8)
        axes.grid(alpha=0.25)
    figure.savefig(picture, dpi=130)


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
    size = (1.5 + 0.5 * len(translation.source_tokens), 1.2 + 0.42 * len(best.tokens))
    figure, axes = plt.subplots(figsize=size, layout="constrained")
    axes.imshow(best.alignment, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(translation.source_tokens)), translation.source_tokens, rotation=45)
    axes.set_yticks(range(len(best.tokens)), best.tokens)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    figure.savefig(picture, dpi=130)


@main.command()
@click.argument("url")
@click.argument("text")
@click.argument("picture", type=click.Path(path_type=Path))
def page(url: str, text: str, picture: Path) -> None:
    """Photograph the page of a running server after it translated a Spanish text."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        view = browser.new_page(viewport={"width": 1000, "height": 560}, device_scale_factor=1.5)
        view.goto(url)
        view.get_by_label("From").select_option("es")
        view.get_by_label("Text to translate").fill(text.replace("\\n", "\n"))
        view.get_by_role("button", name="Translate").click()
        view.locator("#translation:not(:placeholder-shown)").wait_for()
        view.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    main()
