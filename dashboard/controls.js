// The controls: what they show of the state, and the states they ask for.
import { formatState } from "./state.js";
import { bounds, iso, kindOf, plusDays, step, windowAt, day } from "./windows.js";
import { rangeLabel, windowLabel } from "./format.js";

const find = (selector) => document.querySelector(selector);
const PARTS_OF_DAY = { night: "Night (22–6)", morning: "Morning (6–12)", afternoon: "Afternoon (12–18)", evening: "Evening (18–22)" };

/** The name of the span that a state selects. */
export const spanLabel = (state) =>
  state.custom ? rangeLabel(state.from, state.to) : windowLabel(state.window);

/** Show a state; `range` is `{ first, last }`, the days with data, or null. */
export function showControls(state, { range, slices }) {
  const kind = state.custom ? "custom" : kindOf(state.window);
  find(`[name="kind"][value="${kind}"]`).checked = true;
  find(`[name="by"][value="${state.by}"]`).checked = true;
  find(`[name="tab"][value="${state.tab}"]`).checked = true;
  find("#second-title").textContent = state.tab === "albums" ? "Top albums" : "Top artists";
  find("#more").textContent = state.rows === 10 ? "Show 50" : "Show 10";
  find("#period").textContent = spanLabel(state);
  document.title = `${spanLabel(state)} – Playcount`;
  showSteps(state, kind, range);
  find("#range").hidden = !state.custom;
  find("#from").value = state.from;
  find("#to").value = state.to;
  showSlice(state, slices);
}

/** Call `change(state)` with each state that is asked for, and `current()` for the present one. */
export function listen(current, change, range) {
  const set = (members) => change({ ...current(), ...members });
  find("#controls").addEventListener("submit", (event) => event.preventDefault());
  find("#kinds").addEventListener("change", (event) => set(windowOf(event.target.value, current(), range())));
  find("#measures").addEventListener("change", (event) => set({ by: event.target.value }));
  find("#tabs").addEventListener("change", (event) => set({ tab: event.target.value }));
  find("#slice").addEventListener("change", (event) => set({ slice: event.target.value, value: "" }));
  find("#slice-value").addEventListener("change", (event) => set({ value: event.target.value }));
  find("#previous").addEventListener("click", () => set({ window: step(current().window, -1) }));
  find("#next").addEventListener("click", () => set({ window: step(current().window, 1) }));
  find("#more").addEventListener("click", () => set({ rows: current().rows === 10 ? 50 : 10 }));
  for (const name of ["from", "to"]) {
    find(`#${name}`).addEventListener("change", (event) => set({ [name]: event.target.value }));
  }
}

/** The first value of a slice that has just been chosen, so that the page never waits for one. */
export function withValue(state, slices) {
  if (!state.slice || state.value || !slices) return state;
  const [first] = slices[state.slice].items;
  return first ? { ...state, value: first } : { ...state, slice: "" };
}

/** Keep the address in step; a change by the user is a step of the back button. */
export function pushAddress(state) {
  const address = `${location.pathname}${formatState(state)}`;
  if (address !== `${location.pathname}${location.search}`) history.pushState(null, "", address);
}

/** The window of another kind near what is shown, and within what has data. */
function windowOf(kind, state, range) {
  if (kind === "custom") {
    const shown = state.custom ? null : bounds(state.window);
    const [first, end] = shown ?? (range ? [day(range.first), plusDays(day(range.last), 1)] : []);
    return { custom: true, from: first ? iso(first) : "", to: end ? iso(end) : "" };
  }
  return { custom: false, from: "", to: "", window: windowAt(kind, anchor(state, range)) };
}

/** The last day of what is shown that has data. */
function anchor(state, range) {
  const newest = range ? day(range.last) : new Date();
  const shown = state.custom ? state.to && plusDays(day(state.to), -1) : bounds(state.window)?.[1];
  if (!shown) return newest;
  const last = state.custom ? shown : plusDays(shown, -1);
  return last < newest ? last : newest;
}

function showSteps(state, kind, range) {
  const steps = !state.custom && kind !== "all";
  find("#previous").hidden = !steps;
  find("#next").hidden = !steps;
  if (!steps) return;
  const [first, end] = bounds(state.window);
  find("#previous").disabled = Boolean(range) && first <= day(range.first);
  find("#next").disabled = Boolean(range) && end > day(range.last);
}

function showSlice(state, slices) {
  const value = find("#slice-value");
  find("#slice").value = state.slice;
  value.hidden = !state.slice;
  if (!state.slice) return;
  const known = slices?.[state.slice].items ?? [];
  const items = known.includes(state.value) || !state.value ? known : [state.value, ...known];
  value.replaceChildren(...items.map((item) => new Option(label(state.slice, item), item)));
  value.value = state.value;
}

function label(slice, value) {
  if (slice === "daypart") return PARTS_OF_DAY[value] ?? value;
  if (slice !== "country") return value;
  try {
    return new Intl.DisplayNames(navigator.language, { type: "region" }).of(value) ?? value;
  } catch {
    return value; // not a region code
  }
}
