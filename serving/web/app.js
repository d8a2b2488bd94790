"use strict";

const form = document.getElementById("form");
const source = document.getElementById("source");
const target = document.getElementById("target");
const swap = document.getElementById("swap");
const text = document.getElementById("text");
const translation = document.getElementById("translation");
const translate = document.getElementById("translate");
const message = document.getElementById("message");

/** Languages by code, as GET /languages tells them: {code, name, targets}. */
let languages = new Map();

start();

async function start() {
  source.addEventListener("change", () => sourceChanged(target.value));
  target.addEventListener("change", targetChanged);
  swap.addEventListener("click", swapLanguages);
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      form.requestSubmit();
    }
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    translateText();
  });
  try {
    const listed = await ask("languages");
    languages = new Map(listed.map((language) => [language.code, language]));
  } catch (error) {
    say(error.message, true);
    return;
  }
  fill(source, listedSources());
  if (source.options.length === 0) {
    say("No model is ready, so there is nothing to translate with.", true);
    return;
  }
  sourceChanged();
  source.disabled = target.disabled = translate.disabled = false;
}

function listedSources() {
  return [...languages.values()].filter((language) => language.targets.length > 0);
}

/** Offers the targets of the chosen source; keeps the wanted one where it is among them. */
function sourceChanged(wanted) {
  const targets = languages.get(source.value).targets;
  fill(target, targets.map((code) => languages.get(code)));
  if (targets.includes(wanted)) {
    target.value = wanted;
  }
  text.lang = source.value;
  targetChanged();
}

/** A translation on the page belongs to the pair it was made for, so a new pair clears it. */
function targetChanged() {
  translation.lang = target.value;
  translation.value = "";
  swap.disabled = !languages.get(target.value).targets.includes(source.value);
  say("");
}

function swapLanguages() {
  const written = translation.value;
  const wanted = source.value;
  source.value = target.value;
  sourceChanged(wanted);
  if (written !== "") {
    text.value = written;
  }
  text.focus();
}

async function translateText() {
  if (translate.disabled) {
    return;
  }
  if (text.value.trim() === "") {
    say("Write some text first.");
    text.focus();
    return;
  }
  const pair = [source.value, target.value];
  setBusy(true);
  try {
    const answer = await ask("translate", {
      q: text.value,
      source: source.value,
      target: target.value,
    });
    if (pair[0] === source.value && pair[1] === target.value) {
      translation.value = answer.translatedText;
      say(answer.truncated ? "The translation grew too long and was cut short." : "Translated.");
    }
  } catch (error) {
    say(error.message, true);
  } finally {
    setBusy(false);
  }
}

/** Sends a request and gives the answer; every failure becomes an Error made of plain words. */
async function ask(path, body) {
  let response;
  try {
    response = await fetch(path, body && {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
  } catch {
    throw new Error("The server cannot be reached. Is it running?");
  }
  let answer;
  try {
    answer = await response.json();
  } catch {
    throw new Error(`The server's answer makes no sense here (status ${response.status}).`);
  }
  if (!response.ok) {
    throw new Error(answer.error || `The server refused (status ${response.status}).`);
  }
  return answer;
}

function fill(select, options) {
  select.replaceChildren(...options.map((language) => {
    const option = document.createElement("option");
    option.value = language.code;
    option.textContent = language.name;
    return option;
  }));
}

function setBusy(busy) {
  translate.disabled = busy;
  swap.disabled = busy || !languages.get(target.value).targets.includes(source.value);
  translation.setAttribute("aria-busy", String(busy));
  if (busy) {
    say("Translating…");
  }
}

function say(words, isError = false) {
  message.textContent = words;
  message.classList.toggle("error", isError);
}
