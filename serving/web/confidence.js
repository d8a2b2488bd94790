/** How sure the model was, in words and marks beside the number. */

import { byId, make } from "./elements.js";
import { _, percent } from "./messages.js";

const chip = byId("confidence");

/** The level of a sentence or text by its confidence, which estimates chrF. */
export function levelOf(confidence) {
  return confidence >= 0.7 ? "good" : confidence >= 0.5 ? "fair" : "poor";
}

/** How a word is underlined: "unsure", "doubtful" or not at all (""). */
export function doubt(probability) {
  if (probability === null || probability >= 0.5) {
    return "";
  }
  return probability >= 0.25 ? "unsure" : "doubtful";
}

/** Shows how sure the model was of the whole; null hides it. */
export function showConfidence(confidence) {
  chip.hidden = confidence === null;
  if (confidence === null) {
    return;
  }
  const level = levelOf(confidence);
  const said = { good: _("Probably good"), fair: _("Worth checking"), poor: _("Doubtful") }[level];
  const meter = make("span", { className: "meter", ariaHidden: "true" });
  meter.append(make("i"), make("i"), make("i"));
  chip.dataset.level = level;
  chip.title = _("An estimate of the quality, from the model itself");
  chip.replaceChildren(meter, make("span", {}, said), make("b", {}, percent(confidence)));
}
