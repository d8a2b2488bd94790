/** What the page says, in the reader's language. The messages come with the page, from gettext. */

const messages = JSON.parse(document.getElementById("messages").textContent);

export const language = document.documentElement.lang;

/** Says a message; `{name}` in it becomes the value of that name. */
export function _(message, values = {}) {
  const said = messages[message] ?? message;
  return said.replace(/\{(\w+)\}/g, (hole, name) => values[name] ?? hole);
}

const percents = new Intl.NumberFormat(language, { style: "percent" });
const numbers = new Intl.NumberFormat(language);
const scores = new Intl.NumberFormat(language, {
  minimumFractionDigits: 2, maximumFractionDigits: 2,
});
const times = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });

export const percent = (share) => percents.format(share);
export const number = (value) => numbers.format(value);
export const score = (value) => scores.format(value).replace("-", "−");
export const time = (milliseconds) => times.format(milliseconds);

const names = new Intl.DisplayNames([language], { type: "language" });

/** The name of a language; the one that the server told where the browser knows none. */
export function languageName(code, told = code) {
  try {
    const name = names.of(code);
    return name === code ? told : name;
  } catch {
    return told;
  }
}

/** Writes a name as it begins a line. */
export const capital = (name) => name.charAt(0).toLocaleUpperCase(language) + name.slice(1);
