/** The translation on the page: words to point at, or to walk through with the arrow keys. */

import { mostLooked } from "./alignment.js";
import { doubt, levelOf } from "./confidence.js";
import { byId, make, tell } from "./elements.js";
import { _, percent } from "./messages.js";
import { copyIntoMirror, mark } from "./mirror.js";

const view = byId("translation");
const inspector = byId("inspector");

/** The least share of the attention that is marked in the source. */
const FAINTEST = 0.08;

/** The text that the translation is of. */
let read = "";

/** Elements of words, in order, and what each stands for: {word, sentence}. */
let elements = [];
let meanings = new Map();
let hovered = null;
let focused = null;

/** Called with the sentence of the word that is looked at. */
let onSentence = () => {};

export function startTranslation(sentenceLooked) {
  onSentence = sentenceLooked;
  view.addEventListener("mouseover", (event) => look("hovered", wordAt(event)));
  view.addEventListener("mouseleave", () => look("hovered", null));
  view.addEventListener("focusin", (event) => look("focused", wordAt(event)));
  view.addEventListener("focusout", () => look("focused", null));
  view.addEventListener("keydown", walk);
  showTranslation("", []);
}

/** Shows a text; `sentences` are those of `readSentences` in its source, and may be none. */
export function showTranslation(text, sentences, source = "") {
  read = source;
  elements = [];
  meanings = new Map();
  hovered = focused = null;
  const parts = [];
  let from = 0;
  for (const sentence of sentences) {
    parts.push(text.slice(from, sentence.target.start), sentenceElement(text, sentence));
    from = sentence.target.end;
  }
  parts.push(text.slice(from));
  if (elements.length > 0) {
    elements[0].tabIndex = 0;
  }
  view.replaceChildren(...(text === "" ? [emptyState()] : parts));
  explainMarks();
}

function emptyState() {
  return make("span", { className: "empty" }, _("The translation appears as you type"));
}

function sentenceElement(text, sentence) {
  const element = make("span", { className: "sentence" });
  element.dataset.level = levelOf(sentence.confidence);
  let from = sentence.target.start;
  for (const word of sentence.targetWords) {
    if (word.start !== null) {
      element.append(text.slice(from, word.start), wordElement(word, sentence));
      from = word.end;
    }
  }
  element.append(text.slice(from, sentence.target.end));
  return element;
}

function wordElement(word, sentence) {
  const element = make("span", { className: "word", tabIndex: -1 }, word.text);
  const mark = doubt(word.probability);
  if (mark) {
    element.classList.add(mark);
  }
  elements.push(element);
  meanings.set(element, { word, sentence });
  return element;
}

const wordAt = (event) => event.target.closest(".word");

/** A word that is pointed at stands before one that has the focus. */
function look(how, element) {
  if (how === "hovered") {
    hovered = element;
  } else {
    focused = element;
    if (element) {
      view.querySelector('[tabindex="0"]')?.setAttribute("tabindex", "-1");
      element.tabIndex = 0;
    }
  }
  view.querySelector(".looking")?.classList.remove("looking");
  const chosen = hovered ?? focused;
  if (!chosen) {
    copyIntoMirror();
    explainMarks();
    return;
  }
  chosen.classList.add("looking");
  const { word, sentence } = meanings.get(chosen);
  mark(read, marksOf(word, sentence));
  explain(word, sentence);
  onSentence(sentence, word);
  if (how === "focused") {
    tell(inspector.textContent);
  }
}

function marksOf(word, sentence) {
  return sentence.sourceWords
    .map(({ start, end }, n) => ({ start, end, share: word.looks[n] }))
    .filter(({ start, share }) => start !== null && share >= FAINTEST);
}

function explain(word, sentence) {
  const parts = [make("b", {}, word.text), " ", make("span", { className: "from" }, _("from")), " "];
  for (const { word: source, share } of mostLooked(word, sentence)) {
    const name = source ? source.text : _("the end of the sentence");
    parts.push(make("span", { className: "look" }, name, " ", make("small", {}, percent(share))), " ");
  }
  if (word.probability !== null) {
    const mark = doubt(word.probability);
    const said = mark === "" ? "" : ` · ${mark === "unsure" ? _("unsure") : _("doubtful")}`;
    const sure = _("probability {percent}", { percent: percent(word.probability) });
    parts.push(make("span", { className: "sure" }, sure + said));
  }
  inspector.replaceChildren(...parts);
}

/** What the underlines mean, where there are any. */
function explainMarks() {
  const hint = elements.length > 0 ? _("Point at a word to see where it came from.") : "";
  const has = (name) => elements.some((element) => element.classList.contains(name));
  const sample = (name, label) => (has(name) ? [" ", make("span", { className: name }, label)] : []);
  inspector.replaceChildren(
    make("span", {}, hint),
    ...sample("unsure", _("unsure")),
    ...sample("doubtful", _("doubtful")),
  );
}

/** Arrow keys go from word to word, in the direction that the text is written in. */
function walk(event) {
  const place = elements.indexOf(document.activeElement);
  const forward = getComputedStyle(view).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
  const backward = forward === "ArrowRight" ? "ArrowLeft" : "ArrowRight";
  const next = {
    [forward]: place + 1, [backward]: place - 1, Home: 0, End: elements.length - 1,
  }[event.key];
  if (place >= 0 && elements[next] && !event.ctrlKey && !event.altKey && !event.metaKey) {
    event.preventDefault();
    elements[next].focus();
  }
}
