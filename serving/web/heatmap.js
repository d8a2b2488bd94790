/** The attention of one sentence as a table: a row for each word written, a column for each read. */

import { byId, icon, make } from "./elements.js";
import { _, percent } from "./messages.js";

const details = byId("attention");
const body = byId("attention-body");

let text = "";
let sentences = [];
let shown = 0;

export function startHeatMap() {
  details.addEventListener("toggle", draw);
}

/** Takes the sentences of `readSentences` and the text that they stand in. */
export function showAttention(translated, read) {
  text = translated;
  sentences = read;
  shown = 0;
  details.hidden = read.length === 0;
  draw();
}

/** Shows the sentence of a word that is looked at, with its row marked. */
export function followWord(sentence, word) {
  if (!details.open) {
    return;
  }
  const place = sentences.indexOf(sentence);
  if (place !== shown) {
    shown = place;
    draw();
  }
  body.querySelector("tr.looking")?.classList.remove("looking");
  const row = body.querySelectorAll("tbody tr")[sentence.targetWords.indexOf(word)];
  row.classList.add("looking");
}

/** A long text has a large table, so one is made only while it is looked at. */
function draw() {
  if (!details.open || sentences.length === 0) {
    body.replaceChildren();
    return;
  }
  const region = make("div", { className: "scroll", tabIndex: 0 }, table(sentences[shown]));
  region.setAttribute("role", "region");
  region.ariaLabel = _("Table of the attention");
  body.replaceChildren(...(sentences.length > 1 ? [chooser()] : []), explanation(), region);
}

function chooser() {
  const select = make("select", { ariaLabel: _("Sentence") });
  select.append(...sentences.map(({ target }, n) => {
    const start = text.slice(target.start, target.end);
    return make("option", { value: n, selected: n === shown }, `${n + 1}. ${start}`);
  }));
  select.addEventListener("change", () => {
    shown = Number(select.value);
    draw();
    body.querySelector("select").focus();
  });
  return make("div", { className: "choice boxed" }, select, icon("down"));
}

function table({ sourceWords, targetWords }) {
  const columns = [...sourceWords.map(({ text: word }) => word), _("end")];
  const head = make("tr", {}, make("td"));
  head.append(...columns.map((word) => {
    return make("th", { scope: "col" }, make("span", {}, word));
  }));
  const rows = targetWords.map((word) => {
    const row = make("tr", {}, make("th", { scope: "row" }, word.text));
    row.append(...[...word.looks, word.atEnd].map(cell));
    return row;
  });
  return make("table", { className: "heat" },
    make("thead", {}, head), make("tbody", {}, ...rows));
}

function explanation() {
  return make("p", { className: "fine" }, _("How much of its attention the model gave each word that it read (columns) while it wrote each word (rows)"));
}

function cell(share) {
  const element = make("td", {}, percent(share));
  element.style.setProperty("--share", share.toFixed(3));
  element.classList.toggle("weak", share < 0.05);
  return element;
}
