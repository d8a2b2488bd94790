/** Marks in the source text: a copy of it lies under the text area, which is transparent. */

import { byId, make } from "./elements.js";

const text = byId("text");
const mirror = byId("mirror");

// Below the last line break a line of the text area has height too.
const END = "\u200b";

/** Copies the text without marks; the copy also gives the text area its height. */
export function copyIntoMirror() {
  mirror.replaceChildren(text.value + END);
}

/**
 * Marks ranges of a text, {start, end, share}; the share, from 0 to 1, is the strength. Nothing is
 * marked where that is not the text any more.
 */
export function mark(translated, ranges) {
  if (translated !== text.value) {
    return;
  }
  const parts = [];
  let from = 0;
  for (const { start, end, share } of ranges) {
    const marked = make("mark", {}, text.value.slice(start, end));
    marked.style.setProperty("--share", share.toFixed(3));
    marked.classList.toggle("strong", share >= 0.3);
    parts.push(text.value.slice(from, start), marked);
    from = end;
  }
  mirror.replaceChildren(...parts, text.value.slice(from) + END);
}
