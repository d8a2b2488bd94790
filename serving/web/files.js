/** Files: chosen or dropped, translated one after the other, and given back as downloads. */

import { ask } from "./api.js";
import { byId, make, tell } from "./elements.js";
import { _ } from "./messages.js";

const input = byId("file");
const list = byId("file-list");
const drop = byId("drop");

/** What may follow the ending of every format. */
const PACKED = ".gz";

let formats = [];
let enabled = false;
let line = Promise.resolve();

/** `pairNow()` gives the languages to translate between. */
export function startFiles(pairNow) {
  byId("choose-file").addEventListener("click", () => input.click());
  input.addEventListener("change", () => {
    take(input.files, pairNow());
    input.value = "";
  });
  addEventListener("dragover", (event) => {
    if (event.dataTransfer.types.includes("Files")) {
      event.preventDefault();
      drop.hidden = !enabled;
    }
  });
  addEventListener("dragleave", (event) => {
    drop.hidden ||= event.relatedTarget === null;
  });
  addEventListener("drop", (event) => {
    drop.hidden = true;
    // A file that is not taken must not be opened in place of the page either.
    if (event.dataTransfer.files.length > 0) {
      event.preventDefault();
      take(event.dataTransfer.files, pairNow());
    }
  });
}

/** Takes what the server says of files. */
export function offerFiles({ filesTranslation, supportedFilesFormat }) {
  enabled = filesTranslation;
  formats = supportedFilesFormat;
  input.accept = [...formats, PACKED].join(",");
  byId("choose-file").hidden = !enabled;
}

function take(files, pair) {
  byId("files").hidden = false;
  for (const file of files) {
    const card = makeCard(file.name);
    list.prepend(card.element);
    line = line.then(() => translate(file, pair, card));
  }
}

async function translate(file, pair, card) {
  const problem = refusalOf(file);
  if (problem) {
    card.failed(problem);
    return;
  }
  card.working();
  const fields = new FormData();
  fields.append("file", file);
  fields.append("source", pair.source);
  fields.append("target", pair.target);
  try {
    card.done(await ask("translate_file", fields));
  } catch (refusal) {
    card.failed(refusal.message, refusal.temporary && (() => translate(file, pair, card)));
  }
}

function refusalOf({ name }) {
  if (!enabled) {
    return _("This server does not translate files.");
  }
  const unpacked = name.toLowerCase().replace(/\.gz$/, "");
  if (!formats.some((ending) => unpacked.endsWith(ending))) {
    return _("Files of this kind cannot be translated; these can: {formats}", { formats: formats.join(", ") });
  }
  return "";
}

function makeCard(name) {
  const state = make("span", { className: "quiet" }, _("Waiting"));
  const actions = make("span", { className: "row" });
  const element = make("li", { className: "file" },
    make("span", { className: "name", dir: "auto" }, name), state, actions);
  const say = (words, kind) => {
    state.textContent = words;
    element.dataset.state = kind;
    tell(`${name}: ${words}`);
  };
  return {
    element,
    working: () => {
      actions.replaceChildren();
      say(_("Translating…"), "working");
    },
    done: ({ translatedFileUrl, untranslated = [] }) => {
      const link = make("a", { href: beside(translatedFileUrl), download: "", className: "button" }, _("Download"));
      actions.replaceChildren(link);
      if (untranslated.length > 0) {
        element.append(remarks(untranslated));
      }
      say(_("Translated"), "done");
      link.click();
    },
    failed: (words, again) => {
      const retry = make("button", { type: "button", className: "plain", onclick: again || null }, _("Try again"));
      actions.replaceChildren(...(again ? [retry] : []));
      say(words, "failed");
    },
  };
}

/** What the server says of single places in a file. */
function remarks(places) {
  const list = make("ul", {}, ...places.map((place) => make("li", {}, place)));
  return make("div", { className: "remarks" }, make("p", {}, _("Worth checking")), list);
}

/** Behind a proxy the server may not know the name and the path that it is reached by; the page does. */
function beside(address) {
  return `download_file/${address.split("/").pop()}`;
}
