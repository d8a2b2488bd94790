/** What went wrong with the translation, in words, and how long it takes until the next try. */

import { byId, show } from "./elements.js";
import { _, number } from "./messages.js";

const notice = byId("notice");
const wait = byId("wait");
const again = byId("again");

let counting;
let next = null;

/** `retry()` is called where the reader does not want to wait. */
export function startNotice(retry) {
  again.addEventListener("click", () => {
    const action = next ?? retry;
    hideNotice();
    action();
  });
}

export function hideNotice() {
  clearInterval(counting);
  next = null;
  notice.hidden = true;
  byId("problem").textContent = "";
}

export function showProblem(words) {
  hideNotice();
  notice.hidden = false;
  notice.classList.add("problem");
  byId("problem").textContent = words;
  show(wait, "");
  again.hidden = true;
}

/** Counts down to the next try; `then()`, if given, is that try. */
export function showWait(refusal, seconds, then = null) {
  const until = Date.now() + 1000 * seconds;
  // An alert that says the same again is not to be announced again.
  const repeated = !notice.hidden && byId("problem").textContent === refusal.message;
  if (!repeated) {
    showProblem(refusal.message);
  }
  clearInterval(counting);
  notice.classList.remove("problem");
  again.hidden = false;
  next = then;
  const count = () => {
    const left = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    show(wait, left > 0 ? _("Next try in {seconds} s", { seconds: number(left) }) : _("Trying again…"));
    if (left === 0 && then) {
      clearInterval(counting);
      then();
    }
  };
  count();
  counting = setInterval(count, 1000);
}
