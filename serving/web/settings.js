/** The page's own settings: its language, its colours, the API key. */

import { byId, toast } from "./elements.js";
import { _ } from "./messages.js";
import { load, save, saveForServer } from "./storage.js";

const dialog = byId("settings");
const form = byId("key-form");
const key = byId("key");

/** `keyChanged()` is called when another API key is to be used. */
export function startSettings(keyChanged) {
  byId("open-settings").addEventListener("click", () => dialog.showModal());
  byId("interface").addEventListener("change", (event) => {
    // The server makes the page in the language that this names.
    saveForServer("language", event.target.value);
    location.reload();
  });
  for (const choice of document.getElementsByName("theme")) {
    choice.addEventListener("change", () => setTheme(choice.value));
  }
  key.value = load("key", "");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save("key", key.value.trim());
    dialog.close();
    toast(_("Saved"));
    keyChanged();
  });
  for (const button of document.querySelectorAll("[data-close]")) {
    button.addEventListener("click", () => button.closest("dialog").close());
  }
  for (const drawer of document.querySelectorAll("dialog")) {
    // The only thing of a dialog that its own box does not cover is what lies behind it.
    drawer.addEventListener("click", (event) => event.target === drawer && drawer.close());
  }
}

/** Offers the field for a key; asks for one where it is required and not there. */
export function offerKey({ apiKeys, keyRequired }) {
  form.hidden = !apiKeys && !keyRequired;
  if (keyRequired && !load("key", "")) {
    askForKey();
  }
}

/** Opens the settings at the field of the key. */
export function askForKey() {
  form.hidden = false;
  if (!dialog.open) {
    dialog.showModal();
  }
  key.focus();
}

function setTheme(theme) {
  saveForServer("theme", theme);
  if (theme) {
    document.documentElement.dataset.theme = theme;
  } else {
    delete document.documentElement.dataset.theme;
  }
}
