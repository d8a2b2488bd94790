/** How long the text is, and what the server allows. */

import { byId, tell } from "./elements.js";
import { _, number } from "./messages.js";

const count = byId("count");

let over = false;

/** Shows the length of the text; a limit of -1 is none. */
export function limitLength(text, limit) {
  // The server counts characters, JavaScript the units that they are made of.
  const length = [...text.value].length;
  const before = over;
  over = limit >= 0 && length > limit;
  text.ariaInvalid = String(over);
  count.classList.toggle("over", over);
  count.textContent = words(length, limit);
  if (over && !before) {
    tell(count.textContent);
  }
}

export const tooLong = () => over;

function words(length, limit) {
  const values = { length: number(length), limit: number(limit), excess: number(length - limit) };
  if (limit < 0) {
    return length > 0 ? number(length) : "";
  }
  return over ? _("Too long by {excess} characters", values) : _("{length} / {limit}", values);
}
