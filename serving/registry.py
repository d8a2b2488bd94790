"""The models that are served: found on disk, loaded, looked up by their pair of languages."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from serving.batcher import Batcher
from serving.cache import Cache
from serving.garbage import settle
from serving.languages import Language, english_name
from serving.model_folders import ModelFolders, find_versions
from serving.observer import Observer, Silent
from serving.schemas import AUTO
from serving.served_model import Engine, MakeServed, ServedModel
from serving.slot import Loader, ModelStatus, Slot
from serving.waiting import NotReady
from translator.detection import Detected, detect
from translator.errors import InputError
from translator.languages import match_code

log = logging.getLogger(__name__)


class Registry:
    """Models by (source, target), as a folder has them. It may be empty: then nothing is ready.

    Args:
        engines: Translators that come from no folder; of two for a pair the later one is served.
        folder: The folder that `find_versions` reads; it is not looked into before `reload`.
        serve: Puts a translator to work; alone and without a cache by default.
        loader: Reads version folders; that of real models by default.
        observer: Is told what happens.
        memory_bytes: About what all models may take; those that were used last stay. 0 is no
            bound.
        idle_seconds: A model that nobody asked for during this time is let go; 0 is never.
        searches: How many run side by side; each takes memory for a model.
    """

    def __init__(
        self,
        engines: Iterable[Engine] = (),
        *,
        folder: Path | None = None,
        serve: MakeServed | None = None,
        loader: Loader | None = None,
        observer: Observer | None = None,
        memory_bytes: int = 0,
        idle_seconds: float = 0.0,
        searches: int = 1,
    ) -> None:
        self._folder = folder
        self._observer = observer or Silent()
        self._serve = serve or _serve_alone(self._observer)
        self._loader = loader or ModelFolders()
        self._memory_bytes = memory_bytes
        self._idle_seconds = idle_seconds
        self._searches = searches
        self._slots: dict[str, Slot] = {}
        self._unreadable: Mapping[str, str] = {}
        self._reloading = threading.Lock()
        self._settled: frozenset[int | None] = frozenset()
        for engine in engines:
            slot = self._new_slot(f"{engine.source_language}-{engine.target_language}")
            slot.hold(engine)
            self._slots[slot.name] = slot

    def reload(self) -> None:
        """Looks into the folder, takes up what is new, and lets go of pairs that are gone.

        A version that cannot be served is reported in the log and passed over, so that one damaged
        folder stops neither what is served nor the other pairs. Nor does a pair's folder that
        cannot be read: what is served of it stays.

        Raises:
            ModelFolderError: There is no folder, or nothing in it looks like a model; what is
                served stays.
        """
        if self._folder is None:
            return
        with self._reloading:
            found, unreadable = find_versions(self._folder)
            self._tell_unreadable(unreadable)
            slots = {name: self._slots.get(name) or self._new_slot(name) for name in found}
            kept = {name: slot for name, slot in self._slots.items() if name in unreadable}
            gone = [slot for name, slot in self._slots.items() if name not in slots | kept]
            # A pair can be asked for as soon as its own model is there.
            for name, versions in found.items():
                slots[name].update(versions)
                self._slots = {**self._slots, name: slots[name]}
            self._slots = slots | kept
            for slot in gone:
                slot.release()

    def release_idle(self) -> None:
        """Lets go of models that nobody has asked for of late."""
        if self._idle_seconds:
            before = time.monotonic() - self._idle_seconds
            for slot in self._slots.values():
                if slot.last_used < before:
                    slot.release()

    def settle(self) -> None:
        """Sees to the garbage, if models have come or gone since it did."""
        serials = frozenset(slot.serial for slot in self._slots.values())
        if serials != self._settled:
            self._settled = serials
            settle()

    @property
    def ready(self) -> bool:
        """Whether there is a model to translate with."""
        return bool(self.pairs)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The pairs that are served, sorted."""
        return sorted(self._by_pair())

    def status(self) -> list[ModelStatus]:
        """What is told of each pair, sorted."""
        found = [status for slot in self._slots.values() if (status := slot.status)]
        return sorted(found, key=lambda one: (one.source, one.target))

    def problems(self) -> dict[str, tuple[str, ...]]:
        """Versions that cannot be served, by the name of their pair's folder."""
        return {name: slot.problems for name, slot in self._slots.items() if slot.problems}

    def sources(self, target: str) -> list[str]:
        """Codes of the languages that are translated to this one, sorted.

        Raises:
            InputError: There are none.
            NotReady: No model is ready.
        """
        self._require_ready()
        sources = [source for source, code in self.pairs if code == target]
        if not sources:
            self._require_known(target)
            targets = sorted({code for _, code in self.pairs})
            raise InputError(
                f"{english_name(target)} ({target}) is not available as a target language: "
                f"expected one of {', '.join(targets)}"
            )
        return sources

    def source_of(self, text: str, target: str) -> Detected:
        """Tells from which of its languages a text would be translated to this one.

        Args:
            text: The text, without markup.
            target: Code of the language wanted.

        Returns:
            The likeliest; the first, and no confidence, where there is nothing to tell by.

        Raises:
            InputError: No language is translated to it.
            NotReady: No model is ready.
        """
        sources = self.sources(target)
        words = {source: self._slot(source, target).source_words for source in sources}
        # What one language's words say is worth nothing where those of another are not known.
        found = detect(text, sources, words if all(words.values()) else None)
        return found[0] if found else Detected(sources[0], 0.0)

    def languages(self) -> list[Language]:
        """Lists every language that is a source or a target, sorted by name.

        One that is only a target has no targets of its own. It is listed all the same: clients
        take a code that is not in the list for one that the server does not speak.
        """
        pairs = self.pairs
        languages = [
            Language(code, english_name(code), [t for s, t in pairs if s == code])
            for code in {code for pair in pairs for code in pair}
        ]
        return sorted(languages, key=lambda language: (language.name, language.code))

    def resolve(self, source: str, target: str, *, auto: bool = False) -> tuple[str, str]:
        """Gives the codes of a pair as they are served; all that is done is done with those.

        Args:
            source: Code of the language to translate from, as somebody wrote it.
            target: Code of the one to translate to, likewise.
            auto: Whether the source may be `auto`, which stays.

        Raises:
            InputError: A language is unknown, or both are known but not as this pair.
            NotReady: No model is ready.
        """
        self._require_ready()
        if auto and source.lower() == AUTO:
            target = self._code(target)
            self.sources(target)
            return AUTO, target
        source, target = self._code(source), self._code(target)
        self._slot(source, target)
        return source, target

    def find(self, source: str, target: str) -> ServedModel:
        """Gives the model of a pair; loads it if it is not in memory.

        Raises:
            InputError: A language is unknown, or both are known but not as this pair.
            NotReady: The model cannot be loaded.
        """
        slot = self._slot(source, target)
        was_in_memory = slot.in_memory
        model = slot.model()
        if not was_in_memory:
            self._make_room(slot)
        return model

    def _tell_unreadable(self, unreadable: Mapping[str, str]) -> None:
        for name, why in unreadable.items():
            if name not in self._unreadable:
                log.error("The folder %s is passed over: %s", name, why)
        self._unreadable = unreadable

    def _new_slot(self, name: str) -> Slot:
        on_demand = bool(self._memory_bytes or self._idle_seconds)
        return Slot(
            name, self._loader, self._serve, self._observer, on_demand, searches=self._searches
        )

    def _by_pair(self) -> dict[tuple[str, str], Slot]:
        slots = [(slot.pair, slot) for slot in self._slots.values()]
        return {pair: slot for pair, slot in slots if pair is not None}

    def _require_ready(self) -> None:
        if not self.ready:
            raise NotReady("No model is ready")

    def _slot(self, source: str, target: str) -> Slot:
        self._require_ready()
        self._require_known(source, target)
        slot = self._by_pair().get((source, target))
        if slot is None:
            targets = ", ".join(code for known, code in self.pairs if known == source)
            raise InputError(
                f"{english_name(target)} ({target}) is not available as a target language "
                f"from {english_name(source)} ({source}): "
                + (f"expected one of {targets}" if targets else "that is only a target")
            )
        return slot

    def _code(self, written: str) -> str:
        code = match_code(written, self._known())
        if code is None:
            raise _unsupported(written)
        return code

    def _require_known(self, *codes: str) -> None:
        known = self._known()
        for code in codes:
            if code not in known:
                raise _unsupported(code)

    def _known(self) -> list[str]:
        """Codes of all languages that are a source or a target, sorted."""
        return sorted({code for pair in self.pairs for code in pair})

    def _make_room(self, newest: Slot) -> None:
        others = sorted(
            (slot for slot in self._slots.values() if slot is not newest),
            key=lambda slot: slot.last_used,
        )
        for slot in others:
            if sum(one.memory for one in self._slots.values()) <= (self._memory_bytes or 2**63):
                return
            slot.release()


def _unsupported(code: str) -> InputError:
    # In these very words, which clients look for; what is supported stands in /languages.
    return InputError(f"{code} is not supported")


def _serve_alone(observer: Observer) -> MakeServed:
    batcher, cache = Batcher(threads=1, observer=observer), Cache(0, observer)
    return lambda engine: ServedModel(engine, batcher, cache)
