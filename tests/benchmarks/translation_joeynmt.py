"""JoeyNMT 2.3 as a system of `translation_process`: its own prediction loop, as its CLI calls it.

VENV/bin/python tests/benchmarks/translation_joeynmt.py MODEL_FOLDER
"""

from __future__ import annotations

import sys
from pathlib import Path

from joeynmt.config import load_config, parse_global_args
from joeynmt.prediction import predict, prepare
from translation_process import BATCH_SIZE, Translate, serve


def joeynmt(folder: Path) -> Translate:
    """Follows `joeynmt.prediction.translate`, which reads standard input once only."""
    config = parse_global_args(load_config(folder / "config.yaml"), rank=0, mode="translate")
    model, _, _, data = prepare(config, rank=0, mode="translate")

    def translate(texts: list[str], beam_size: int) -> tuple[list[str], list[int]]:
        for text in texts:
            data.set_item(text)
        settings = config.test._replace(batch_size=BATCH_SIZE, beam_size=beam_size)
        _, _, outputs, tokens, _, _ = predict(
            model=model,
            data=data,
            compute_loss=False,
            device=config.device,
            rank=0,
            n_gpu=config.n_gpu,
            normalization="none",
            num_workers=config.num_workers,
            args=settings,
            autocast=config.autocast,
        )
        data.reset_cache()
        return outputs, [len(pieces) for pieces in tokens]

    return translate


if __name__ == "__main__":
    serve(joeynmt(Path(sys.argv[1])))
