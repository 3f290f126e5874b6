// Two listeners in one span, or two windows of the same selection, side by side.
import { figure } from "../charts/figure.js";
import { drawDayparts, drawRanking } from "../charts/sums.js";
import { renderTable, tableBox } from "../charts/table.js";
import { selection, span } from "../data/address.js";
import { kindOf, step, windowAt, day } from "../data/windows.js";
import { optionsOf } from "../controls.js";
import { check, dropDown, h, segments, setOptions } from "../dom.js";
import { change, count, hours, rate, windowLabel } from "../format.js";
import { spanLabel } from "../sentences.js";

const MOST = 1000;
const SIDES = ["a", "b"];

export const controls = ({ own }) => (own.periods ? ["kind", "slice"] : ["window"]);
export const heading = () => ({ title: "Compare" });

export function mount(_, app) {
  const choose = (name) => (event) => app.go({ own: { ...app.state.own, [name]: event.target.value } });
  const side = (name) => h("label", {}, h("span", {}, name === "a" ? "First" : "Second"), dropDown({ id: `side-${name}`, onchange: choose(name) }, [], ""));
  return [
    h("form", { class: "filters", onsubmit: (event) => event.preventDefault() },
      segments({ name: "what", legend: "What is compared" }, [["", "Listeners"], ["yes", "Periods"]], (periods) => app.go({ own: periods ? { periods } : {}, slice: "", value: "" })),
      SIDES.map(side)),
    h("section", { class: "card wide", "aria-labelledby": "sums-title" },
      h("div", { class: "head" }, h("h2", { id: "sums-title" }, "Totals"), h("p", { class: "hint", id: "shared" })),
      tableBox("Totals: table")),
    ...["songs", "artists", "dayparts"].map((entity) =>
      h("div", { class: "columns even" }, SIDES.map((name) => figure({ id: `${entity}-${name}`, kind: entity === "dayparts" ? "ranking short" : "ranking", title: entity })))),
  ];
}

/** Whether this reader knows two listeners; if not, there are only periods to compare. */
export const knowsTwo = (slices) => slices.listener.items.length > 1;

export async function load(state, { get, slices, range }) {
  const sides = sidesOf(state, slices, range);
  if (sides.some(({ value }) => !value)) return { sides, answers: [] };
  const answers = await Promise.all(sides.map(async ({ query }) => {
    const chart = (entity) => get(`/api/top-${entity}`, [...query, ["by", "plays"], ["limit", MOST]]);
    const [summary, songs, artists, rhythm] = await Promise.all([get("/api/summary", query), chart("songs"), chart("artists"), get("/api/rhythm", query)]);
    return { summary, songs, artists, rhythm };
  }));
  return { sides, answers };
}

/** Both sides: `{ value, label, query }`, as chosen, or the first two that there are. */
function sidesOf(state, slices, range) {
  const { own } = state;
  if (!own.periods) {
    const first = own.a || slices.listener.items[0] || "";
    const second = own.b || slices.listener.items.find((each) => each !== first) || first;
    return [first, second].map((value) => ({ value, label: value, query: [...span(state), ["listener", value]] }));
  }
  const isCalendar = !state.custom && kindOf(state.window) !== "all";
  const kind = isCalendar ? kindOf(state.window) : "month";
  const chosen = (name) => (kindOf(own[name] ?? "") === kind ? own[name] : ""); // those of another kind were chosen before
  const second = chosen("b") || (isCalendar ? state.window : range ? windowAt(kind, day(range.last)) : "");
  const first = chosen("a") || (second && step(second, -1));
  const sliced = [...selection(state)].filter(([name]) => name === state.slice);
  return [first, second].map((value) => ({ value, label: value && windowLabel(value), query: [["window", value], ...sliced] }));
}

export function draw(root, { sides, answers }, state, app) {
  const what = root.querySelector(".filters fieldset");
  what.hidden = !knowsTwo(app.slices);
  check(what, state.own.periods ?? "");
  drawChoices(root, sides, state, app);
  root.querySelectorAll("figure, section").forEach((each) => (each.hidden = !answers.length));
  if (!answers.length) return;
  drawTotals(root, sides, answers, state);
  root.querySelector("#shared").textContent = sharedSentence(answers);
  SIDES.forEach((name, place) => {
    const { label, value } = sides[place];
    const where = state.own.periods ? label : `${spanLabel(state)}, ${label}`;
    const own = { ...state, ...(state.own.periods && { custom: false, window: value }) };
    for (const entity of ["songs", "artists"]) {
      const element = root.querySelector(`#${entity}-${name}`);
      element.querySelector("h2").textContent = `${label}: ${entity}`;
      const answer = answers[place][entity];
      drawRanking(element, { ...answer, items: answer.items.slice(0, 10) }, { entity, by: "plays", where, state: own });
    }
    const parts = root.querySelector(`#dayparts-${name}`);
    parts.querySelector("h2").textContent = `${label}: parts of the day`;
    drawDayparts(parts, answers[place].rhythm.dayparts, { by: "plays", where, state: own });
  });
}

function drawChoices(root, sides, state, { slices, range }) {
  SIDES.forEach((name, place) => {
    const { value } = sides[place];
    const options = state.own.periods ? windowsNear(value, range) : optionsOf(slices, "listener", value);
    setOptions(root.querySelector(`#side-${name}`), options, value);
  });
}

/** All windows of a window's kind that have data may be many: the newest of them, and itself. */
function windowsNear(value, range) {
  if (!value || !range) return [];
  const names = [windowAt(kindOf(value), day(range.last))];
  while (names.length < 120 && names.at(-1) > windowAt(kindOf(value), day(range.first))) names.push(step(names.at(-1), -1));
  return (names.includes(value) ? names : [value, ...names]).map((name) => [name, windowLabel(name)]);
}

function drawTotals(root, sides, [first, second], state) {
  const sums = [
    ["Plays", (each) => each.plays, count],
    ["Hours", (each) => each.ms_played, hours],
    ["Songs", (each) => each.songs, (number) => (number === null ? "–" : count(number))],
    ["Artists", (each) => each.artists, (number) => (number === null ? "–" : count(number))],
    ["Skip rate", (each) => each.skip_rate, rate],
    ["Completed", (each) => each.completion_rate, rate],
  ];
  const rows = sums.map(([title, of, write]) => ({ title, a: write(of(first.summary)), b: write(of(second.summary)), more: change(of(second.summary), of(first.summary)) ?? "–" }));
  const column = (name, place) => ({ title: sides[place].label, isNumber: true, text: (row) => row[name] });
  renderTable(root.querySelector(".table-box"), [
    { title: "Total", text: (row) => row.title }, column("a", 0), column("b", 1),
    { title: "Difference", isNumber: true, text: (row) => row.more },
  ], rows, { key: (row) => row.title, label: `Totals of ${sides[0].label} and ${sides[1].label}, ${spanLabel(state)}` });
}

/** How much both have in common, of what both charts show. */
function sharedSentence([first, second]) {
  const both = (entity, id) => {
    const known = new Set(first[entity].items.map((item) => item[id]));
    return second[entity].items.filter((item) => known.has(item[id])).length;
  };
  const most = Math.max(...[first, second].flatMap(({ songs, artists }) => [songs.total, artists.total]));
  const among = most > MOST ? ` among the first ${count(MOST)} of each` : "";
  return `In common: ${count(both("songs", "song_id"))} songs, ${count(both("artists", "artist_id"))} artists${among}.`;
}
