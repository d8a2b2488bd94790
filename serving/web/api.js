/** How the page asks the server. Every failure becomes a Refusal made of plain words. */

import { _ } from "./messages.js";
import { load } from "./storage.js";

const LOST = 0;
const TEMPORARY = [LOST, 429, 502, 503, 504];

export class Refusal extends Error {
  /** `status` is that of HTTP, 0 for no answer; `retryAfter` is in seconds, if it was told. */
  constructor(words, status, retryAfter = null) {
    super(words);
    this.status = status;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may succeed later. */
  get temporary() {
    return TEMPORARY.includes(this.status);
  }
}

/**
 * Sends a request and gives the answer.
 *
 * A path alone is a GET; fields are posted as JSON, a FormData as it is. Both get the API key.
 */
export async function ask(path, fields, signal) {
  let response;
  try {
    response = await fetch(path, { ...posted(fields), signal });
  } catch (error) {
    if (signal?.aborted) {
      throw error;
    }
    throw new Refusal(_("The server cannot be reached."), LOST);
  }
  const answer = await response.json().catch(() => null);
  if (!response.ok) {
    throw new Refusal(words(response.status, answer?.error), response.status, wait(response));
  }
  if (answer === null) {
    throw new Refusal(_("The server's answer makes no sense here."), response.status);
  }
  return answer;
}

function posted(fields) {
  if (fields === undefined) {
    return {};
  }
  const key = load("key", "");
  if (fields instanceof FormData) {
    if (key) {
      fields.set("api_key", key);
    }
    return { method: "POST", body: fields };
  }
  const body = JSON.stringify(key ? { ...fields, api_key: key } : fields);
  return { method: "POST", headers: { "Content-Type": "application/json" }, body };
}

function words(status, reason) {
  switch (status) {
    case 413:
      return _("This is larger than the server allows.");
    case 429:
      return _("Too many requests came from here.");
    case 500:
      return _("Something went wrong on the server.");
    case 502:
    case 503:
    case 504:
      return _("The server cannot translate at the moment.");
    default:
      return _("The server refused: {reason}", { reason: reason || `HTTP ${status}` });
  }
}

/** Reads Retry-After, which is a number of seconds or a date (RFC 9110, section 10.2.3). */
function wait(response) {
  const told = response.headers.get("Retry-After");
  if (told === null) {
    return null;
  }
  const seconds = /^\d+$/.test(told) ? Number(told) : (Date.parse(told) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, Math.ceil(seconds)) : null;
}
