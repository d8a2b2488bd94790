/** The page: what is typed, chosen and answered comes together here. */

import { adviseOn, hideAdvice } from "./advice.js";
import { readSentences } from "./alignment.js";
import { showAlternatives } from "./alternatives.js";
import { ask } from "./api.js";
import { makeAsking } from "./asking.js";
import { showConfidence } from "./confidence.js";
import { byId, copyText, tell, toast } from "./elements.js";
import { offerFiles, startFiles } from "./files.js";
import { countTerms, showGlossaryProblem, startGlossary, terms } from "./glossary.js";
import { followWord, showAttention, startHeatMap } from "./heatmap.js";
import { remember, startHistory } from "./history.js";
import {
  AUTO, chosenPair, choosePair, glossaryPair, nameOf, offered, offerLanguages, readersLanguage,
  setDetected, startLanguages,
} from "./languages.js";
import { limitLength, tooLong } from "./length.js";
import { _ } from "./messages.js";
import { copyIntoMirror } from "./mirror.js";
import { hideNotice, showProblem, showWait, startNotice } from "./notice.js";
import { keepPair, makeLink, readLink } from "./permalink.js";
import { askForKey, offerKey, startSettings } from "./settings.js";
import { load, loadDraft, save, saveDraft } from "./storage.js";
import { allowSuggesting, offerSuggesting, startSuggesting } from "./suggest.js";
import { showTranslation, startTranslation } from "./translation.js";

/** How much the alternatives differ. */
const DIVERSITY = 1;

const ALTERNATIVES = Math.min(3, Number(document.body.dataset.alternatives));

/** Seconds after which a server without models is asked again. */
const MODEL_WAIT = 10;

const text = byId("text");
const progress = byId("progress");

/** What GET /frontend/settings tells; these hold where a server does not have it. */
let settings = {
  charLimit: -1,
  frontendTimeout: 400,
  suggestions: false,
  filesTranslation: false,
  supportedFilesFormat: [],
  apiKeys: false,
  keyRequired: false,
};

/** What is on the page: {text, translation, source, target}; null for nothing. */
let shown = null;
let ready = false;
let lost = false;

const asking = makeAsking({ request: requestNow, asked, answered, failed, waiting });

start();

function start() {
  startNotice(() => (ready ? asking.now() : connect()));
  startTranslation(followWord);
  startHeatMap();
  startLanguages(pairChanged, swapLanguages);
  startGlossary(glossaryPair, glossaryChanged);
  startHistory(open);
  startFiles(chosenPair);
  startSuggesting(() => shown, showProblem);
  startSettings(() => asking.now());
  text.addEventListener("input", textChanged);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      asking.now();
    }
  });
  byId("clear").addEventListener("click", () => {
    setText("");
    text.focus();
  });
  byId("copy").addEventListener("click", () => copy(shown.translation, _("Copied")));
  byId("link").addEventListener("click", () => {
    copy(makeLink(chosenPair(), text.value), _("Link copied"));
  });
  addEventListener("hashchange", () => open(readLink()));
  addEventListener("online", () => lost && asking.now());
  const { text: linked } = readLink();
  text.value = linked ?? loadDraft();
  textShown();
  connect();
}

/** Asks the server what it can do; again and again while it cannot be reached. */
async function connect(attempts = 0) {
  try {
    const [languages, told] = await Promise.all([ask("languages"), ask("frontend/settings").catch(ignoreMissing)]);
    settings = { ...settings, ...told };
    begin(languages);
  } catch (refusal) {
    const seconds = refusal.retryAfter ?? Math.min(30, 2 ** attempts);
    showWait(refusal, seconds, () => connect(attempts + 1));
  }
}

function ignoreMissing(refusal) {
  if (refusal.temporary) {
    throw refusal;
  }
  return {};
}

function begin(languages) {
  ready = offerLanguages(languages);
  if (!ready) {
    showWait(new Error(_("This server has no model to translate with yet.")), MODEL_WAIT, connect);
    return;
  }
  hideNotice();
  offerFiles(settings);
  offerSuggesting(settings.suggestions);
  offerKey(settings);
  choosePair({ source: AUTO, target: readersLanguage() ?? settings.language?.target.code });
  choosePair(load("pair", {}));
  choosePair(readLink());
  pairShown();
  textShown();
  asking.soon(0);
}

/** Takes languages and a text, if there is one, from a link or the history. */
function open({ source, target, text: opened }) {
  choosePair({ source, target });
  if (opened !== undefined) {
    pairShown();
    setText(opened);
  } else if (ready) {
    pairChanged();
  }
}

function setText(value) {
  text.value = value;
  textChanged();
}

function textChanged() {
  saveDraft(text.value);
  textShown();
  if (ready && readLink().text !== undefined) {
    keepPair(chosenPair());
  }
  if (text.value.trim() === "" || tooLong()) {
    asking.stop();
    clearResult();
    return;
  }
  asking.soon(settings.frontendTimeout);
}

function textShown() {
  copyIntoMirror();
  limitLength(text, settings.charLimit);
  byId("clear").hidden = text.value === "";
}

function pairChanged() {
  const { source, target } = chosenPair();
  save("pair", { source, target });
  keepPair({ source, target });
  pairShown();
  clearResult();
  asking.soon(0);
}

function pairShown() {
  const { source, target, read } = chosenPair();
  text.lang = read ?? "";
  byId("translation").lang = target;
  countTerms(read ?? source, target);
}

/** The translation becomes the text, if it is of that, and the languages change places. */
function swapLanguages() {
  const { target, read } = chosenPair();
  const swapped = shown?.text === text.value ? shown.translation : text.value;
  choosePair({ source: target, target: read });
  pairChanged();
  setText(swapped);
  asking.now();
}

function glossaryChanged() {
  pairShown();
  showGlossaryProblem("");
  asking.soon(settings.frontendTimeout);
}

function requestNow() {
  if (!ready || text.value.trim() === "" || tooLong()) {
    return null;
  }
  const { source, target, read } = chosenPair();
  return {
    q: text.value,
    source,
    target,
    alternatives: ALTERNATIVES,
    diversity: DIVERSITY,
    scores: true,
    confidence: true,
    alignment: true,
    check_source: true,
    glossary: read === null ? {} : terms(read, target),
  };
}

function asked() {
  progress.hidden = false;
  byId("translation").ariaBusy = "true";
}

function settled() {
  progress.hidden = true;
  byId("translation").ariaBusy = "false";
}

function answered(answer, fields) {
  settled();
  hideNotice();
  showGlossaryProblem("");
  if (lost) {
    lost = false;
    toast(_("The server is back"));
  }
  const detected = answer.detectedLanguage?.language ?? null;
  if (fields.source === AUTO) {
    const before = chosenPair().read;
    setDetected(offered(detected, fields.target) || detected === fields.target ? detected : null);
    if (before !== detected && hasOtherTerms(detected, fields)) {
      asking.now();
      return;
    }
  }
  showAnswer(answer, fields, detected);
}

/** A text has the glossary of its language, which is known only now. */
function hasOtherTerms(detected, { target, glossary }) {
  return JSON.stringify(terms(detected, target)) !== JSON.stringify(glossary);
}

function showAnswer(answer, fields, detected) {
  const source = fields.source === AUTO ? detected : fields.source;
  const translation = answer.translatedText;
  shown = { text: fields.q, translation, source, target: fields.target };
  const sentences = readSentences(fields.q, answer);
  showTranslation(translation, sentences, fields.q);
  showAttention(translation, sentences);
  showAlternatives(answer, fields.target);
  showConfidence(sentences.length > 0 ? answer.confidence : null);
  adviseOn(answer, fields, nameOf, (pair) => {
    choosePair(pair);
    pairChanged();
    text.focus();
  });
  byId("copy").disabled = byId("link").disabled = false;
  byId("hints").hidden = true;
  allowSuggesting(true);
  pairShown();
  remember(shown);
  tell(translation.length <= 200 ? translation : _("Translated"));
}

function clearResult() {
  shown = null;
  settled();
  hideNotice();
  hideAdvice();
  showTranslation("", []);
  showAttention("", []);
  showAlternatives(null, "");
  showConfidence(null);
  byId("hints").hidden = false;
  allowSuggesting(false);
  byId("copy").disabled = byId("link").disabled = true;
}

function failed(refusal) {
  settled();
  if (/\bglossary\b/i.test(refusal.message)) {
    showGlossaryProblem(refusal.message);
  }
  showProblem(refusal.message);
  if (refusal.status === 403) {
    askForKey();
  }
}

/** What was translated stays on the page meanwhile. */
function waiting(refusal, seconds) {
  settled();
  lost = true;
  showWait(refusal, seconds);
}

async function copy(words, said) {
  await copyText(words);
  toast(said);
}
