// The stream of listens: who wants to know of each one, and how many came in lately.
import { address } from "./api.js";

const RATE_SECONDS = 60;
const CLOSED_RETRY_MS = 60_000; // all streams that the server allows were taken

const listeners = new Set();
let source = null;
const arrivals = new Map(); // second → listens; an import brings thousands in one
let retry = 0;

/** Call `told(listen)` for each listen that is counted from now on, `told(null)` where some may have
 * been missed; returns what ends that. */
export function follow(told) {
  listeners.add(told);
  return () => listeners.delete(told);
}

/** Open the stream, unless it is. */
export function open() {
  if (source || retry) return;
  source = new EventSource(address("/api/stream"));
  source.addEventListener("listen", (event) => heard(JSON.parse(event.data)));
  source.addEventListener("gap", () => listeners.forEach((told) => told(null)));
  source.addEventListener("error", () => {
    if (source?.readyState !== EventSource.CLOSED) return; // it comes back by itself
    source = null;
    listeners.forEach((told) => told(null)); // asking shows what was missed, or why nothing is told
    retry = setTimeout(() => {
      retry = 0;
      open();
    }, CLOSED_RETRY_MS);
  });
}

/** Close it: a page that nobody sees takes no stream from others. */
export function close() {
  clearTimeout(retry);
  retry = 0;
  source?.close();
  source = null;
}

/** Whether listens would be told of now. */
export const isOpen = () => source?.readyState === EventSource.OPEN;

/** Listens of each of the last 60 seconds, the oldest first. */
export function arrivalsBySecond(now = Date.now()) {
  const last = Math.floor(now / 1000);
  return Array.from({ length: RATE_SECONDS }, (_, place) => arrivals.get(last - RATE_SECONDS + 1 + place) ?? 0);
}

function heard(listen) {
  const second = Math.floor(Date.now() / 1000);
  if (!arrivals.has(second)) {
    for (const old of arrivals.keys()) if (old <= second - RATE_SECONDS) arrivals.delete(old);
  }
  arrivals.set(second, (arrivals.get(second) ?? 0) + 1);
  listeners.forEach((told) => told(listen));
}
