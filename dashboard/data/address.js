// What is shown, as the page's address holds it: a reload and the back button bring it back.
import { kindOf } from "./windows.js";

export const SLICES = ["listener", "country", "platform", "daypart"];
const MEASURES = ["plays", "ms_played", "skips"];
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** The state in a query string; what can't be used is as if it weren't there. */
export function parseState(search) {
  const query = new URLSearchParams(search);
  const known = (name, values, otherwise) => (values.includes(query.get(name)) ? query.get(name) : otherwise);
  const date = (name) => (DATE.test(query.get(name) ?? "") ? query.get(name) : "");
  const by = SLICES.find((name) => query.get(name));
  const [from, to] = [date("from"), date("to")];
  return {
    window: kindOf(query.get("window") ?? "") ? query.get("window") : "all",
    custom: Boolean(from || to),
    from,
    to,
    by: known("by", MEASURES, "plays"),
    slice: by ?? "",
    value: by ? query.get(by) : "",
    tab: known("tab", ["artists", "albums"], "artists"),
    rows: query.get("rows") === "50" ? 50 : 10,
  };
}

/** The query string of a state; defaults are left out. */
export function formatState(state) {
  const query = selection(state);
  if (query.get("window") === "all") query.delete("window");
  if (state.by !== "plays") query.set("by", state.by);
  if (state.tab !== "artists") query.set("tab", state.tab);
  if (state.rows !== 10) query.set("rows", state.rows);
  const text = query.toString();
  return text && `?${text}`;
}

/** The parameters of a request: span and slice. */
export function selection(state) {
  const query = new URLSearchParams();
  if (state.custom && (state.from || state.to)) {
    if (state.from) query.set("from", state.from);
    if (state.to) query.set("to", state.to);
  } else {
    query.set("window", state.custom ? "all" : state.window);
  }
  if (state.slice && state.value) query.set(state.slice, state.value);
  return query;
}
