// Listens as they arrive: all of them in a table with filters, how many a second, and what is
// played most in the last minutes.
import { figure } from "../charts/figure.js";
import { drawRanking } from "../charts/sums.js";
import { renderTable, tableBox } from "../charts/table.js";
import { itemAddress } from "../data/address.js";
import { keepChoices } from "../data/choices.js";
import { arrivalsBySecond, follow, isOpen } from "../data/live.js";
import { optionsOf } from "../controls.js";
import { dropDown, h, isNarrow, setOptions } from "../dom.js";
import { count, decimal, listenMoment, perSecond, rate, valueLabel } from "../format.js";

const SHOWN = 100;
const CALM_MS = 250; // an import brings thousands of listens a second
const DROPS = ["genre", "platform", "mood", "country"];
const FILTERS = ["artist", ...DROPS, "rating", "skipped"];
// Size of the window → its name, how far one begins after another, and how many make up its length:
// the first of so many is the one that ends with the newest listen.
const SIZES = {
  "5m": { name: "5 minutes", step: "1m", count: 5 },
  "15m": { name: "15 minutes", step: "1m", count: 15 },
  "1h": { name: "1 hour", step: "5m", count: 12 },
  "6h": { name: "6 hours", step: "30m", count: 12 },
};

let stop = () => {};
let ticking = 0;

export const controls = () => [];
export const heading = () => ({ title: "Live" });

export function mount(_, app) {
  const choose = (members) => {
    const own = Object.fromEntries(Object.entries({ ...app.state.own, ...members }).filter(([, value]) => value));
    keepChoices(own);
    app.go({ own });
  };
  const chosen = (name) => (event) => choose({ [name]: event.target.value.trim() });
  const drop = (name) => dropDown({ id: `filter-${name}`, onchange: chosen(name) }, [["", "any"]], "");
  const ratings = [["", "any"], ...[1, 2, 3, 4, 5].map((number) => [String(number), "★".repeat(number)])];
  const controlsOf = {
    artist: h("input", { type: "search", id: "filter-artist", onchange: chosen("artist") }),
    ...Object.fromEntries(DROPS.map((name) => [name, drop(name)])),
    rating: dropDown({ id: "filter-rating", onchange: chosen("rating") }, ratings, ""),
    skipped: dropDown({ id: "filter-skipped", onchange: chosen("skipped") }, [["", "any"], ["true", "skipped"], ["false", "not skipped"]], ""),
  };
  const fields = FILTERS.map((name) => h("label", {}, h("span", {}, name[0].toUpperCase() + name.slice(1)), controlsOf[name]));
  const clear = h("button", { type: "button", id: "clear", onclick: () => choose(Object.fromEntries(FILTERS.map((name) => [name, ""]))) }, "Clear");
  const size = dropDown({ id: "size", "aria-label": "How long", onchange: chosen("size") }, Object.entries(SIZES).map(([each, { name }]) => [each, name]), "15m");
  const entity = dropDown({ id: "entity", "aria-label": "What", onchange: chosen("entity") }, [["songs", "songs"], ["artists", "artists"], ["genres", "genres"]], "songs");
  return [
    h("div", { class: "columns" },
      h("section", { class: "card", "aria-labelledby": "rate-title" },
        h("div", { class: "head" }, h("h2", { id: "rate-title" }, "Listens a second"), h("span", { class: "hint", id: "stream-state" })),
        h("p", { class: "big", id: "rate" }, "0"),
        h("div", { class: "pulse", role: "img", "aria-label": "Listens in each of the last 60 seconds" }, Array.from({ length: 60 }, () => h("span", {}))),
        h("p", { class: "hint" }, "In each of the last 60 seconds.")),
      figure({ id: "sliding", kind: "ranking short", title: "Most played in the last", tools: [size, entity] })),
    h("section", { class: "card wide", id: "listens", "aria-labelledby": "listens-title" },
      h("div", { class: "head" }, h("h2", { id: "listens-title" }, "Listens"), h("p", { class: "hint", id: "kept" })),
      h("form", { class: "filters", id: "filters", "aria-label": "Which listens", onsubmit: (event) => event.preventDefault() }, fields, clear),
      tableBox("The newest listens"),
      h("p", { class: "message", id: "none", hidden: true }, "No listen that is kept fits all of this.")),
  ];
}

export async function load({ own }, { get }) {
  const filters = FILTERS.filter((name) => own[name]).map((name) => [name, own[name]]);
  const size = own.size in SIZES ? own.size : "15m";
  const { step, count: windowsShown } = SIZES[size];
  const [recent, windows] = await Promise.all([
    get("/api/recent", [...filters, ["limit", SHOWN]]),
    get("/api/windows", { entity: entityOf(own), size, step, count: windowsShown, limit: 8 }),
  ]);
  return { recent, window: windows.items[0] ?? null };
}

export function draw(root, data, state, app) {
  const { own } = state;
  drawFilters(root, state, app);
  drawListens(root, data.recent.items, data.recent, state);
  const entity = entityOf(own);
  const where = data.window ? `${clock(data.window.from)}–${clock(data.window.to)}` : "nothing heard yet";
  drawRanking(root.querySelector("#sliding"), data.window ?? { items: [], total: 0 }, { entity, by: "plays", where, state });
  unmount();
  stop = following(data.recent.items, own, (shown) => drawListens(root, shown, data.recent, state));
  ticking = setInterval(() => drawPulse(root), 1000);
  drawPulse(root);
}

export function unmount() {
  stop();
  clearInterval(ticking);
}

/** Hand what comes in to `show`, with what is shown already, a few times a second; returns what ends it. */
function following(items, own, show) {
  let shown = items;
  let fresh = [];
  let due = 0;
  const add = () => {
    due = 0;
    const known = new Set(shown.map((listen) => listen.event_id));
    const all = [...fresh.filter((listen) => !known.has(listen.event_id)), ...shown];
    shown = all.sort((one, other) => (one.ended_at < other.ended_at ? 1 : -1)).slice(0, SHOWN);
    fresh = [];
    show(shown);
  };
  const end = follow((listen) => {
    if (!listen || !fits(listen, own)) return;
    fresh.push(listen);
    due ||= setTimeout(add, CALM_MS);
  });
  return () => {
    clearTimeout(due);
    end();
  };
}

/** Whether a listen that has just come in is one of those that are shown, by the API's rules. */
export function fits(listen, own) {
  const folded = (text) => (text ?? "").normalize("NFKC").toLowerCase().trim().replace(/\s+/g, " ");
  return FILTERS.filter((name) => own[name]).every((name) => {
    if (["artist", "genre", "mood"].includes(name)) return folded(listen[name]) === folded(own[name]);
    return String(listen[name]) === own[name];
  });
}

function drawFilters(root, { own }, { slices }) {
  for (const name of DROPS) {
    setOptions(root.querySelector(`#filter-${name}`), [["", "any"], ...optionsOf(slices, name, own[name])], own[name] ?? "");
  }
  for (const name of ["artist", "rating", "skipped"]) {
    const input = root.querySelector(`#filter-${name}`);
    if (input !== document.activeElement) input.value = own[name] ?? "";
  }
  root.querySelector("#clear").disabled = !FILTERS.some((name) => own[name]);
  root.querySelector("#size").value = own.size in SIZES ? own.size : "15m";
  root.querySelector("#entity").value = entityOf(own);
}

function drawListens(root, items, { total, kept }, state) {
  renderTable(root.querySelector(".table-box"), columnsOf(state), items, { key: (listen) => listen.event_id, label: "The newest listens" });
  root.querySelector("#none").hidden = items.length > 0;
  root.querySelector("#kept").textContent = `${count(total)} of the newest ${count(kept)} fit`;
}

function columnsOf(state) {
  const text = (title, name) => ({ title, text: (listen) => listen[name] ?? "–" });
  const heard = { title: "Heard", text: ({ ended_at: at }) => listenMoment(at) };
  return [
    ...(isNarrow() ? [] : [heard]),
    { title: "Title", kind: "main", text: ({ title }) => title ?? "Unknown title", href: ({ kind, song_id: id }) => (kind === "music" ? itemAddress(state, "songs", id) : null) },
    text("Artist", "artist"),
    ...(isNarrow() ? [heard] : []),
    text("Genre", "genre"),
    { title: "Listener", text: ({ listener_id: listener }) => listener, href: ({ listener_id: listener }) => itemAddress(state, "listeners", listener) },
    text("Platform", "platform"),
    { title: "Country", text: ({ country }) => (country ? valueLabel("country", country) : "–") },
    text("Mood", "mood"),
    { title: "Seconds", isNumber: true, text: ({ seconds_played: seconds }) => count(seconds) },
    { title: "Of the track", isNumber: true, text: ({ percent_played: percent }) => (percent === null ? "–" : rate(percent / 100)) },
    { title: "Rating", isNumber: true, text: ({ rating }) => decimal(rating) },
    { title: "Ended", text: ({ skipped, completed }) => (skipped ? "skipped" : completed ? "completed" : "–") },
  ];
}

function drawPulse(root) {
  const counts = arrivalsBySecond();
  const most = Math.max(1, ...counts);
  const bars = root.querySelectorAll(".pulse span");
  counts.forEach((number, place) => (bars[place].style.height = `${(number / most) * 100}%`));
  root.querySelector("#rate").textContent = perSecond(counts.reduce((sum, number) => sum + number, 0) / counts.length);
  root.querySelector("#stream-state").textContent = isOpen() ? "connected" : "connecting; the table is kept up to date by asking";
}

const entityOf = ({ entity }) => (["artists", "genres"].includes(entity) ? entity : "songs");
const clock = (moment) => moment.slice(11, 16);
