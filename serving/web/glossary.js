/** Terms that are to be translated in one way: edited here, kept in this browser, sent along. */

import { byId, iconButton, make, show } from "./elements.js";
import { _, capital, languageName, number } from "./messages.js";
import { load, save } from "./storage.js";

const dialog = byId("glossary");
const rows = byId("glossary-rows");
const count = byId("glossary-count");

const MOST_TERMS = Number(document.body.dataset.terms);

let pair = null;
let refusal = "";

/** `pairNow()` gives the pair that is edited, {source, target}; `changed()` is called after edits. */
export function startGlossary(pairNow, changed) {
  byId("open-glossary").addEventListener("click", () => {
    pair = pairNow();
    open(changed);
  });
  byId("glossary-add").addEventListener("click", () => addRow("", "", changed).focus());
  dialog.addEventListener("close", () => store(changed));
}

/** The terms of a pair, as the API wants them, and no more than it takes. */
export function terms(source, target) {
  return Object.fromEntries(stored(source, target).slice(0, MOST_TERMS));
}

/** Shows how many terms the pair that is translated has. */
export function countTerms(source, target) {
  const size = Object.keys(terms(source, target)).length;
  show(count, size ? number(size) : "");
}

/** Says in the glossary what is wrong with it; "" for nothing. */
export function showGlossaryProblem(words) {
  refusal = words;
  tellProblem();
}

function tellProblem() {
  const limit = number(MOST_TERMS);
  const excess = complete().length > MOST_TERMS;
  show(byId("glossary-problem"), excess
    ? _("The most that this server takes is {limit}; the terms after that are left out.", { limit })
    : refusal);
}

function open(changed) {
  const [from, to] = [pair.source, pair.target].map((code) => languageName(code));
  byId("glossary-pair").textContent = `${capital(from)} → ${to}`;
  const entries = stored(pair.source, pair.target);
  rows.replaceChildren();
  for (const [source, target] of entries.length > 0 ? entries : [["", ""]]) {
    addRow(source, target, changed);
  }
  tellProblem();
  dialog.showModal();
}

function addRow(source, target, changed) {
  const edited = () => store(changed);
  const from = field(_("Term in {language}"), source, pair.source, edited);
  const to = field(_("Its translation into {language}"), target, pair.target, edited);
  const remove = iconButton("close", _("Remove this term"), () => {
    row.remove();
    edited();
    byId("glossary-add").focus();
  });
  to.addEventListener("keydown", (event) => {
    if (event.key === "Enter") {
      addRow("", "", changed).focus();
    }
  });
  const arrow = make("span", { ariaHidden: "true" }, "→");
  const row = make("li", {}, from, arrow, to, remove);
  rows.append(row);
  return from;
}

function field(label, value, language, edited) {
  const name = label.replace("{language}", languageName(language));
  const input = make("input", { value, lang: language, dir: "auto", ariaLabel: name, placeholder: capital(languageName(language)) });
  input.addEventListener("change", edited);
  return input;
}

/** Saves what is complete; calls back if that is not what was saved before. */
function store(changed) {
  const entries = complete();
  tellProblem();
  if (JSON.stringify(entries) !== JSON.stringify(stored(pair.source, pair.target))) {
    save("glossary", { ...load("glossary", {}), [pairName(pair.source, pair.target)]: entries });
    changed();
  }
}

/** All terms of a pair that are kept, [source, target] each. */
function stored(source, target) {
  return load("glossary", {})[pairName(source, target)] ?? [];
}

const pairName = (source, target) => `${source}-${target}`;

/** The terms that have both their sides. */
function complete() {
  return [...rows.children]
    .map((row) => [...row.querySelectorAll("input")].map((input) => input.value.trim()))
    .filter(([source, target]) => source && target);
}
