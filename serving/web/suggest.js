/** Suggesting a better translation, where the server takes suggestions. */

import { ask } from "./api.js";
import { byId, toast } from "./elements.js";
import { _ } from "./messages.js";

const form = byId("suggesting");
const field = byId("suggestion");
const button = byId("suggest");

let enabled = false;

/** `shown()` gives {text, translation, source, target} of what is on the page; `failed(words)`. */
export function startSuggesting(shown, failed) {
  button.addEventListener("click", () => {
    const { translation, target } = shown();
    field.value = translation;
    field.lang = target;
    form.hidden = false;
    field.focus();
  });
  byId("suggest-cancel").addEventListener("click", close);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      close();
    }
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { text, source, target } = shown();
    try {
      await ask("suggest", { q: text, s: field.value, source, target });
      close();
      toast(_("Thank you for the suggestion"));
    } catch (refusal) {
      failed(refusal.message);
    }
  });
}

export function offerSuggesting(suggestions) {
  enabled = suggestions;
}

/** Offers it for a translation that is on the page, or not. */
export function allowSuggesting(allowed) {
  button.hidden = !enabled || !allowed;
  form.hidden = true;
}

function close() {
  form.hidden = true;
  button.focus();
}
