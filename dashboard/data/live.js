// The stream of listens: who wants to know of each one, and how many came in lately.
import { address } from "./api.js";

const RATE_SECONDS = 60;
const CLOSED_RETRY_MS = 60_000; // all streams that the server allows were taken

const listeners = new Set();
let source = null;
let arrivals = [];
let retry = 0;

/** Call `told(listen)` for each listen that is counted from now on; returns what ends that. */
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
  const counts = Array(RATE_SECONDS).fill(0);
  for (const at of arrivals) {
    const age = Math.floor((now - at) / 1000);
    if (age < RATE_SECONDS) counts[RATE_SECONDS - 1 - age] += 1;
  }
  return counts;
}

function heard(listen) {
  const now = Date.now();
  arrivals = arrivals.filter((at) => now - at < RATE_SECONDS * 1000);
  arrivals.push(now);
  listeners.forEach((told) => told(listen));
}
