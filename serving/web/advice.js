/** What a reader may want to know of the source text, and do about it with one click. */

import { byId, make } from "./elements.js";
import { AUTO, offered } from "./languages.js";
import { _ } from "./messages.js";

const advice = byId("advice");

export function hideAdvice() {
  advice.hidden = true;
  advice.replaceChildren();
}

/** Says what an answer tells of the source; `choose(pair)` changes the languages. */
export function adviseOn(answer, { source, target }, nameOf, choose) {
  hideAdvice();
  const read = answer.detectedLanguage?.language;
  if (source === AUTO && read === target) {
    say(_("This text is in {language} already.", { language: nameOf(read) }));
  } else if (answer.sourceMismatch) {
    const action = offered(read, target) && make("button", {
      type: "button", className: "plain", onclick: () => choose({ source: read, target }),
    }, _("Translate from {language}", { language: nameOf(read) }));
    say(_("This looks like {language}.", { language: nameOf(read) }), action);
  } else if (answer.truncated) {
    say(_("The translation grew too long and was cut short."));
  }
}

function say(words, action) {
  advice.hidden = false;
  advice.append(make("span", {}, words), ...(action ? [action] : []));
}
