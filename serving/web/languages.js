/** The two languages: what is offered, what is chosen, what was detected. */

import { byId, make } from "./elements.js";
import { _, capital, language, languageName } from "./messages.js";

export const AUTO = "auto";

const source = byId("source");
const target = byId("target");
const swap = byId("swap");

/** Languages by code, as GET /languages tells them: {code, name, targets}. */
let known = new Map();
let detected = null;

/** Calls `changed()` when a reader chose another language, `swapped()` when one swaps them. */
export function startLanguages(changed, swapped) {
  source.addEventListener("change", () => {
    setDetected(null);
    offerTargets(target.value);
    changed();
  });
  target.addEventListener("change", () => {
    enableSwap();
    changed();
  });
  swap.addEventListener("click", swapped);
}

/** Takes the languages of the server; false where nothing can be translated. */
export function offerLanguages(listed) {
  known = new Map(listed.map((one) => [one.code, one]));
  const sources = sorted(listed.filter(({ targets }) => targets.length > 0));
  source.replaceChildren(make("option", { value: AUTO }, _("Detect language")), ...sources.map(option));
  offerTargets(target.value);
  source.disabled = target.disabled = sources.length === 0;
  return sources.length > 0;
}

/** Chooses languages where they are offered; the rest stays. */
export function choosePair(pair) {
  if (pair.source === AUTO || known.get(pair.source)?.targets.length > 0) {
    source.value = pair.source;
    setDetected(null);
  }
  offerTargets(pair.target ?? target.value);
}

/** What is chosen; `read` is the language that the text is in, as far as that is known. */
export function chosenPair() {
  const read = source.value === AUTO ? detected : source.value;
  return { source: source.value, target: target.value, read };
}

/** The pair whose glossary is edited: while the source is unknown, the first that is offered. */
export function glossaryPair() {
  const { read, target: wanted } = chosenPair();
  const first = [...known.values()].find(({ targets }) => targets.includes(wanted));
  return { source: read ?? first?.code ?? "", target: wanted };
}

/** Takes what a text was detected to be in; null where that is not known. */
export function setDetected(code) {
  detected = code;
  const words = code === null
    ? _("Detect language")
    : _("{language} – detected", { language: capital(nameOf(code)) });
  source.options[0].textContent = words;
  enableSwap();
}

/** The first language that the reader understands and that something can be translated to. */
export function readersLanguage() {
  const targets = new Set([...known.values()].flatMap((one) => one.targets));
  return navigator.languages
    .flatMap((code) => [code, code.split("-")[0]])
    .find((code) => targets.has(code));
}

export const offered = (from, to) => known.get(from)?.targets.includes(to) ?? false;
export const nameOf = (code) => languageName(code, known.get(code)?.name);

function offerTargets(wanted) {
  const all = [...known.values()].flatMap(({ targets }) => targets);
  const codes = source.value === AUTO ? [...new Set(all)] : known.get(source.value)?.targets ?? [];
  target.replaceChildren(...sorted(codes.map((code) => known.get(code))).map(option));
  if (codes.includes(wanted)) {
    target.value = wanted;
  }
  enableSwap();
}

function enableSwap() {
  const { target: to, read } = chosenPair();
  swap.disabled = read === null || read === to || !offered(to, read);
}

const option = ({ code }) => make("option", { value: code }, capital(nameOf(code)));
const sorted = (languages) =>
  languages.toSorted((a, b) => nameOf(a.code).localeCompare(nameOf(b.code), language));
