/** Small helpers for elements. User text gets into the page by `textContent` alone. */

const SVG = "http://www.w3.org/2000/svg";

export const byId = (id) => document.getElementById(id);

/** Makes an element with some properties and children (elements or texts). */
export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

/** Makes one of the icons that stand in the page. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** Makes a button that shows an icon and has a name. */
export function iconButton(name, label, onclick) {
  const properties = { type: "button", className: "tool", ariaLabel: label, title: label, onclick };
  return make("button", properties, icon(name));
}

/** Shows words in an element, or hides it where there are none. */
export function show(element, words) {
  element.textContent = words;
  element.hidden = words === "";
}

/** Tells a screen reader something that others see for themselves. */
export function tell(words) {
  byId("told").textContent = words;
}

let fading;

/** Says for a moment what became of a click, to everybody. */
export function toast(words) {
  clearTimeout(fading);
  show(byId("toast"), words);
  tell(words);
  fading = setTimeout(() => show(byId("toast"), ""), 2500);
}

/** Puts a text on the clipboard; browsers give the newer way to secure origins alone. */
export async function copyText(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const focused = document.activeElement;
  const field = make("textarea", { value: text, className: "unseen", ariaHidden: "true" });
  document.body.append(field);
  field.select();
  document.execCommand("copy");
  field.remove();
  focused?.focus();
}
