/** Other translations, what is different about each, and what the search thought of it. */

import { byId, copyText, iconButton, make, toast } from "./elements.js";
import { _, score } from "./messages.js";

const section = byId("alternatives");
const list = byId("alternative-list");

/** Words of the unchanged text that are shown around a change. */
const CONTEXT = 6;

/** Shows the alternatives of an answer. */
export function showAlternatives(answer, language) {
  const others = answer?.alternatives ?? [];
  section.hidden = others.length === 0;
  list.lang = language;
  list.replaceChildren(...others.map((other, n) => {
    const text = make("p", { dir: "auto" }, ...changed(answer.translatedText, other));
    const value = make("span", { className: "score" }, score(answer.scores[n + 1]));
    value.title = _("The best translation has {score}", { score: score(answer.scores[0]) });
    const label = make("span", { className: "unseen", lang: document.documentElement.lang }, _("Score"), " ");
    value.prepend(label);
    return make("li", {}, text, value, copyButton(other));
  }));
}

function copyButton(text) {
  const button = iconButton("copy", _("Copy this translation"), async () => {
    await copyText(text);
    toast(_("Copied"));
  });
  button.lang = document.documentElement.lang;
  return button;
}

/** The words around what is different, with that marked. */
function changed(best, other) {
  const before = split(best);
  const after = split(other);
  let start = 0;
  while (start < after.length && after[start] === before[start]) {
    start += 1;
  }
  let kept = 0;
  const most = Math.min(before.length, after.length) - start;
  while (kept < most && after.at(-1 - kept) === before.at(-1 - kept)) {
    kept += 1;
  }
  const stop = after.length - kept;
  const from = Math.max(0, start - CONTEXT);
  const to = Math.min(after.length, stop + CONTEXT);
  return [
    [...(from > 0 ? ["…"] : []), ...after.slice(from, start), ""].join(" "),
    make("mark", {}, after.slice(start, stop).join(" ")),
    ["", ...after.slice(stop, to), ...(to < after.length ? ["…"] : [])].join(" "),
  ];
}

const split = (text) => text.match(/\S+/g) ?? [];
