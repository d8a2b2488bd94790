/** Languages and text in the part of the address that browsers do not send to the server. */

/** Reads {source, target, text} from the address; what is missing is undefined. */
export function readLink() {
  const fields = new URLSearchParams(location.hash.slice(1));
  const read = (name) => fields.get(name) ?? undefined;
  return { source: read("source"), target: read("target"), text: read("text") };
}

/** Keeps the languages in the address, but not the text: that would be a history. */
export function keepPair({ source, target }) {
  history.replaceState(null, "", `#${new URLSearchParams({ source, target })}`);
}

/** Makes an address that opens the page with these languages and this text. */
export function makeLink({ source, target }, text) {
  const address = new URL(location.href);
  address.hash = new URLSearchParams({ source, target, text });
  return address.href;
}
