// The filters of the live view, kept in the browser for the next visit.

const KEY = "playcount.live";

/** What was chosen last; nothing where that can't be kept. */
export function keptChoices() {
  try {
    return JSON.parse(localStorage.getItem(KEY)) ?? {};
  } catch {
    return {}; // storage is off, or holds something else
  }
}

/** Keep what is chosen now. */
export function keepChoices(choices) {
  try {
    localStorage.setItem(KEY, JSON.stringify(choices));
  } catch {
    // storage is off or full: the address still has them
  }
}
