/** What the page keeps in this browser. Where it may keep nothing, it works without. */

const PREFIX = "translate.";

/** Gives what was saved under a name, or else a fallback. */
export function load(name, fallback) {
  try {
    return JSON.parse(localStorage.getItem(PREFIX + name)) ?? fallback;
  } catch {
    return fallback;
  }
}

/** Saves a value; tells whether there was room for it. */
export function save(name, value) {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
    return true;
  } catch {
    return false;
  }
}

/** The text, kept until the tab is closed, so that loading the page again does not lose it. */
export function loadDraft() {
  try {
    return sessionStorage.getItem(PREFIX + "draft") ?? "";
  } catch {
    return "";
  }
}

export function saveDraft(text) {
  try {
    sessionStorage.setItem(PREFIX + "draft", text);
  } catch {
    // There is no room, or none is given: then it is lost as on any page.
  }
}

/** Sets a cookie that the server reads when it makes the page; "" removes it. */
export function saveForServer(name, value) {
  const age = value === "" ? 0 : 365 * 24 * 3600;
  document.cookie = `${name}=${value}; max-age=${age}; path=${location.pathname}; samesite=lax`;
}
