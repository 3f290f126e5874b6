// What is shown, as the page's address holds it after `#`: a reload, the back button and a link
// that is shared bring it back. After `#`, since any static server can then serve the page.
import { RELATIVE, kindOf } from "./windows.js";

export const SLICES = ["listener", "country", "platform", "daypart", "personality", "genre", "mood"];
export const ENTITIES = ["songs", "artists", "albums", "genres", "listeners"];
const MEASURES = [
  "plays", "ms_played", "skips", "streams", "completed", "average_ms_played", "skip_rate", "completion_rate",
  "average_rating", "average_heard", "average_age",
];
const DATE = /^\d{4}-\d{2}-\d{2}$/;

/** View → the parameters that it alone has. */
const OWN = {
  overview: [],
  charts: ["order", "page", "mode", "q"],
  live: ["artist", "genre", "platform", "mood", "country", "rating", "skipped", "size", "entity"],
  item: [],
  compare: ["a", "b", "periods"],
  pipeline: [],
};
const UNSLICED = ["live", "item", "pipeline"]; // their parameters of these names mean something else

/** The state in the part of an address after `#`; what can't be used is as if it weren't there. */
export function parseAddress(hash) {
  const [path, search = ""] = hash.replace(/^#?\/?/, "").split(/\?(.*)/s);
  const { view, entity, key } = viewOf(path.split("/").map(decoded));
  const query = new URLSearchParams(search);
  const date = (name) => (DATE.test(query.get(name) ?? "") ? query.get(name) : "");
  const custom = query.has("from") || query.has("to");
  const slice = UNSLICED.includes(view) ? "" : (SLICES.find((name) => query.get(name)) ?? "");
  return {
    view, entity, key, custom,
    window: !custom && isWindow(query.get("window") ?? "") ? query.get("window") : "all",
    from: date("from"),
    to: date("to"),
    by: MEASURES.includes(query.get("by")) ? query.get("by") : "plays",
    slice,
    value: slice ? query.get(slice) : "",
    own: Object.fromEntries(OWN[view].filter((name) => query.get(name)).map((name) => [name, query.get(name)])),
  };
}

/** The address of a state, from `#` on; what is usual is left out. */
export function formatAddress(state) {
  const query = selection(state);
  if (query.get("window") === "all") query.delete("window");
  if (state.by !== "plays") query.set("by", state.by);
  for (const [name, value] of Object.entries(state.own)) if (value) query.set(name, value);
  const parts = { overview: [], charts: ["charts", state.entity], item: [state.entity, state.key] }[state.view] ?? [state.view];
  const search = query.toString();
  return `#/${parts.map(encodeURIComponent).join("/")}${search && `?${search}`}`;
}

/** The parameters of a request: span and slice. */
export function selection(state) {
  const query = span(state);
  if (state.slice && state.value) query.set(state.slice, state.value);
  return query;
}

/** The parameters of a request about no one in particular: the span alone. */
export function span(state) {
  const query = new URLSearchParams();
  if (state.custom && (state.from || state.to)) {
    if (state.from) query.set("from", state.from);
    if (state.to) query.set("to", state.to);
  } else {
    query.set("window", state.custom ? "all" : state.window);
  }
  return query;
}

/** The address of another view of what is selected. */
export function addressOf(state, view, members = {}) {
  const sliced = UNSLICED.includes(view) ? { slice: "", value: "" } : {};
  return formatAddress({ ...state, by: "plays", view, own: {}, ...sliced, ...members });
}

/** The address of a song, an artist, an album, a genre or a listener. */
export const itemAddress = (state, entity, key) => addressOf(state, "item", { entity, key });

const isWindow = (name) => Boolean(kindOf(name)) || name in RELATIVE;

function viewOf([first, ...rest]) {
  if (ENTITIES.includes(first) && rest.length) return { view: "item", entity: first, key: rest.join("/") };
  if (first === "charts") return { view: "charts", entity: ENTITIES.includes(rest[0]) ? rest[0] : "songs", key: "" };
  return { view: first in OWN && first !== "item" ? first : "overview", entity: "", key: "" };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a lone percent sign
  }
}
