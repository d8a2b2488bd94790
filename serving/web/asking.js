/** When to ask for a translation: after a pause, once at a time, and again when that may help. */

import { ask } from "./api.js";

const LONGEST_WAIT = 30;

/**
 * Makes what keeps the translation up to date. An answer to an out-of-date request is dropped.
 *
 * `steps.request()` gives the fields to send, or null for nothing to translate; `steps.asked()`,
 * `steps.answered(answer, fields)`, `steps.failed(refusal)` and `steps.waiting(refusal, seconds)`
 * tell what happens.
 */
export function makeAsking(steps) {
  let timer;
  let controller = null;
  let attempts = 0;
  let closedUntil = 0;
  let lastRefusal = null;

  function stop() {
    clearTimeout(timer);
    controller?.abort();
    controller = null;
  }

  /** Asks after a pause in milliseconds, or later where the server wants to be left alone. */
  function soon(pause) {
    stop();
    const closed = closedUntil - Date.now();
    if (closed > pause && steps.request() !== null) {
      steps.waiting(lastRefusal, closed / 1000);
    }
    timer = setTimeout(now, Math.max(pause, closed));
  }

  async function now() {
    stop();
    const fields = steps.request();
    if (fields === null) {
      return;
    }
    const mine = (controller = new AbortController());
    steps.asked();
    try {
      const answer = await ask("translate", fields, mine.signal);
      if (!mine.signal.aborted) {
        attempts = 0;
        closedUntil = 0;
        steps.answered(answer, fields);
      }
    } catch (refusal) {
      if (!mine.signal.aborted) {
        refused(refusal);
      }
    }
  }

  function refused(refusal) {
    if (!refusal.temporary) {
      attempts = 0;
      steps.failed(refusal);
      return;
    }
    const seconds = refusal.retryAfter ?? Math.min(LONGEST_WAIT, 2 ** attempts);
    attempts += 1;
    lastRefusal = refusal;
    closedUntil = refusal.retryAfter === null ? 0 : Date.now() + 1000 * seconds;
    steps.waiting(refusal, seconds);
    timer = setTimeout(now, 1000 * seconds);
  }

  return { soon, now, stop };
}
