// The controls: what they show of the state, and the states they ask for.
import { RELATIVE, bounds, day, iso, kindOf, plusDays, step, windowAt } from "./data/windows.js";
import { addressOf, itemAddress } from "./data/address.js";
import { keptChoices } from "./data/choices.js";
import { check, h, linked, setOptions } from "./dom.js";
import { valueLabel } from "./format.js";
import { spanLabel } from "./sentences.js";

const find = (selector) => document.querySelector(selector);
const NAV = [["overview", "Overview"], ["charts", "Charts"], ["live", "Live"], ["compare", "Compare"], ["pipeline", "Pipeline"]];

/** Links to all views, each with the selection that they share. */
export function showNav(state, features) {
  const mayOpen = ([view]) => !features || (!features.only && (view !== "live" || features.may("listens:read")));
  const links = NAV.filter(mayOpen).map(([view, title]) => {
    const href = addressOf(state, view, { entity: "songs", own: view === "live" ? keptChoices() : {} });
    return h("a", { href, "aria-current": state.view === view ? "page" : undefined }, title);
  });
  const nav = find("#nav");
  const focused = Array.from(nav.children).indexOf(document.activeElement);
  nav.replaceChildren(...links);
  links[focused]?.focus();
}

/** Who signed in, with a link to their own page if they have one, and the way out; nothing for others. */
export function showUser(state, user) {
  find("#account").hidden = !user;
  if (!user) return;
  const own = user.listener ? itemAddress(state, "listeners", user.listener) : null;
  find("#account-name").replaceChildren(linked(own, user.name));
}

/**
 * Show a state; `range` is `{ first, last }`, the days with data, or null; `relative` names the
 * relative window that its days are those of.
 */
export function showControls(state, { range, slices, controls, features, relative }) {
  const kind = state.custom ? "custom" : kindOf(state.window);
  const shown = { "#kinds": ["window", "kind"], "#stepper": ["window"], "#measures": ["by"], "#choice": ["slice"] };
  for (const [id, names] of Object.entries(shown)) find(id).hidden = !names.some((name) => controls.includes(name));
  find("#controls").hidden = !controls.length;
  find("#relative").hidden = !features?.compare || !controls.includes("window");
  setOptions(find("#relative"), [["", "Relative"], ...Object.entries(RELATIVE)], relative);
  check(find("#kinds"), kind);
  check(find("#measures"), state.by);
  find("#period").textContent = spanLabel(state);
  showSteps(state, kind, range);
  find("#range").hidden = !state.custom;
  find("#from").value = state.from;
  find("#to").value = state.to;
  showSlice(state, slices);
}

/** Call `change(members)` with what is asked for of the `current()` state. */
export function listen(current, change, range) {
  find("#controls").addEventListener("submit", (event) => event.preventDefault());
  find("#kinds").addEventListener("change", (event) => change(windowOf(event.target.value, current(), range())));
  find("#relative").addEventListener("change", (event) => change({ custom: false, from: "", to: "", window: event.target.value || "all" }));
  find("#measures").addEventListener("change", (event) => change({ by: event.target.value }));
  find("#slice").addEventListener("change", (event) => change({ slice: event.target.value, value: "" }));
  find("#slice-value").addEventListener("change", (event) => change({ value: event.target.value }));
  find("#previous").addEventListener("click", () => change({ window: step(current().window, -1) }));
  find("#next").addEventListener("click", () => change({ window: step(current().window, 1) }));
  for (const name of ["from", "to"]) {
    find(`#${name}`).addEventListener("change", (event) => {
      const { from, to } = current();
      change({ custom: true, window: "all", from, to, [name]: event.target.value });
    });
  }
}

/** The first value of a slice that has just been chosen, so that the page never waits for one. */
export function withValue(state, slices) {
  if (!state.slice || state.value) return state;
  const [first] = slices[state.slice].items;
  return first ? { ...state, value: first } : { ...state, slice: "" };
}

/** The values of a slice as a drop-down's options; one that isn't known any more comes first. */
export function optionsOf(slices, slice, value) {
  const known = slices?.[slice].items ?? [];
  const items = known.includes(value) || !value ? known : [value, ...known];
  return items.map((item) => [item, valueLabel(slice, item)]);
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
  const steps = !state.custom && Boolean(kind) && kind !== "all";
  find("#previous").hidden = !steps;
  find("#next").hidden = !steps;
  if (!steps) return;
  const [first, end] = bounds(state.window);
  find("#previous").disabled = Boolean(range) && first <= day(range.first);
  find("#next").disabled = Boolean(range) && end > day(range.last);
}

function showSlice(state, slices) {
  const value = find("#slice-value");
  for (const option of find("#slice").options) {
    const isEmpty = option.value && option.value !== state.slice && slices?.[option.value].items.length === 0;
    option.hidden = option.disabled = Boolean(isEmpty); // nothing to choose, or nothing that this reader may
  }
  find("#slice").value = state.slice;
  value.hidden = !state.slice;
  if (state.slice) setOptions(value, optionsOf(slices, state.slice, state.value), state.value);
}
