/** What was translated before. It is kept in this browser, and only if the reader wants it. */

import { byId, make } from "./elements.js";
import { _, capital, languageName, time } from "./messages.js";
import { load, save } from "./storage.js";

const MOST = 50;

const dialog = byId("history");
const list = byId("history-list");
const keep = byId("history-on");

/** Calls back with the entry that is chosen: {source, target, text, translation, at}. */
export function startHistory(choose) {
  keep.checked = load("keepHistory", true);
  keep.addEventListener("change", () => save("keepHistory", keep.checked));
  byId("open-history").addEventListener("click", () => {
    draw(choose);
    dialog.showModal();
  });
  byId("history-clear").addEventListener("click", () => {
    save("history", []);
    draw(choose);
    keep.focus();
  });
}

/** Adds a translation; it replaces the one before it where the same text was typed further. */
export function remember(entry) {
  if (!keep.checked) {
    return;
  }
  const entries = load("history", []).filter((other) => !same(other, entry));
  if (entries.length > 0 && continues(entries[0], entry)) {
    entries.shift();
  }
  entries.unshift({ ...entry, at: Date.now() });
  entries.length = Math.min(entries.length, MOST);
  // The oldest give way where the browser has no room.
  while (entries.length > 0 && !save("history", entries)) {
    entries.pop();
  }
}

const samePair = (a, b) => a.source === b.source && a.target === b.target;
const same = (a, b) => samePair(a, b) && a.text === b.text;

function continues(last, entry) {
  return samePair(last, entry) && entry.text.startsWith(last.text.trimEnd());
}

function draw(choose) {
  const entries = load("history", []);
  byId("history-empty").hidden = entries.length > 0;
  byId("history-clear").hidden = entries.length === 0;
  list.replaceChildren(...entries.map((entry) => {
    const pair = `${capital(languageName(entry.source))} → ${languageName(entry.target)}`;
    const button = make("button", { type: "button", className: "entry" },
      make("small", {}, `${pair} · ${time(entry.at)}`),
      make("span", { lang: entry.source, dir: "auto" }, short(entry.text)),
      make("span", { lang: entry.target, dir: "auto", className: "quiet" }, short(entry.translation)));
    button.addEventListener("click", () => {
      dialog.close();
      choose(entry);
    });
    return make("li", {}, button);
  }));
}

const short = (text) => (text.length > 120 ? `${text.slice(0, 120)}…` : text);
