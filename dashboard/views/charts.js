// Whole charts: sorted by any measure or by listeners, in pages, searched, what rises, ranks by month, and as CSV.
import { drawRanks } from "../charts/sums.js";
import { figure } from "../charts/figure.js";
import { moved } from "../charts/ranking.js";
import { renderTable, tableBox } from "../charts/table.js";
import { formatAddress, selection } from "../data/address.js";
import { address } from "../data/api.js";
import { ENTITIES, SORTED, hrefOf, nameOf, plural } from "../data/entities.js";
import { lastMonths, spanBefore } from "../data/spans.js";
import { check, h, isNarrow, segments } from "../dom.js";
import { count, rate } from "../format.js";
import { whereLabel } from "../sentences.js";

const PAGE = 50;
const MOST = 1000; // items of one answer
const TABS = ["songs", "artists", "albums", "genres", "listeners"];
const MODES = [["", "Chart"], ["skipped", "Most skipped"], ["listeners", "Most listeners"], ["trending", "Trending"]];
const LINES = 5;
const MONTHS = 12;
const DEEPEST = 100; // rank that is looked for in each month

export const controls = () => ["window", "slice"];
export const heading = ({ entity, own }) => ({
  title: { trending: `Rising ${entity}`, skipped: `Most skipped ${entity}`, listeners: `${titled(entity)} with the most listeners` }[own.mode] ?? `Top ${entity}`,
});

const titled = (entity) => entity[0].toUpperCase() + entity.slice(1);

/** The parameter `by` of what is shown. How many listeners one has can't be asked for elsewhere, and so it's a mode. */
const rankedBy = ({ by, own: { mode } }) => (mode === "listeners" ? "listeners" : by);

export function mount(state, app) {
  const search = h("input", { type: "search", id: "search", placeholder: `Search ${state.entity}`, "aria-label": `Search ${state.entity}`, value: state.own.q ?? "" });
  const find = (event) => {
    event.preventDefault();
    app.go({ own: { q: search.value.trim() } });
  };
  return [
    h("nav", { class: "tabs", "aria-label": "Charts" }),
    h("div", { class: "card wide" },
      h("div", { class: "tools" },
        segments({ name: "mode", legend: "Kind of chart", small: true }, MODES, (mode) => app.go({ by: mode === "skipped" ? "skips" : "plays", own: mode ? { mode } : {} })),
        h("form", { class: "search", role: "search", onsubmit: find }, search, h("button", { type: "submit" }, "Search")),
        h("a", { class: "button", id: "csv", hidden: true, download: "" }, "CSV")),
      tableBox("Chart"),
      h("p", { class: "message", id: "none", hidden: true }),
      h("nav", { class: "pager", "aria-label": "Pages" },
        h("button", { type: "button", id: "before" }, "‹ Before"),
        h("span", { id: "range-shown", role: "status" }),
        h("button", { type: "button", id: "after" }, "After ›"))),
    figure({ id: "ranks", kind: "bump", title: `The first ${LINES} by month` }),
  ];
}

export async function load(state, { get, range, config, features }) {
  const { entity, own: { mode, q } } = state;
  if (state.slice && !config.slices_of[entity].includes(state.slice)) return { items: [], total: 0, uncounted: true, months: [] };
  if (mode === "listeners" && (state.slice || entity === "listeners")) return { items: [], total: 0, months: [] };
  if (mode === "trending" && !spanBefore(state)) return { items: [], total: 0, months: [] };
  const months = state.slice || mode ? [] : lastMonths(state, range, MONTHS);
  const [page, ...tops] = await Promise.all([
    q ? found(state, { get, features }) : get(...request(state, features)),
    ...months.map((window) => get(ENTITIES[entity].path, [["window", window], ["by", "plays"], ["limit", DEEPEST]])),
  ]);
  return { ...page, months, tops };
}

/** The route and parameters of what is shown. */
function request(state, features, { limit = PAGE } = {}) {
  const { entity, own: { mode, order, page } } = state;
  const window = [["limit", limit], ["offset", PAGE * (Number(page || 1) - 1)]];
  if (mode === "trending") return ["/api/trending", [...selection(state), ["entity", entity], ["by", "plays"], ...window]];
  const more = features.compare && spanBefore(state) && mode !== "listeners" ? [["compare", "previous"]] : [];
  return [ENTITIES[entity].path, [...selection(state), ["by", rankedBy(state)], ["order", order || "desc"], ...window, ...more]];
}

/** What is found by name: by the server, or among the first thousand where it can't. */
async function found(state, { get, features }) {
  const { entity, own: { q } } = state;
  if (features.search) {
    const { [entity]: hits } = await get("/api/search", { q, entity, limit: PAGE });
    return { ...(hits ?? { items: [], total: 0 }), isFound: true }; // no hits of what isn't named
  }
  const { items } = await get(...request({ ...state, own: { ...state.own, page: "" } }, features, { limit: MOST }));
  const { name, detail } = ENTITIES[entity];
  const folded = (text) => (text ?? "").normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  const words = folded(q).split(/\s+/);
  const fits = (item) => words.every((word) => folded(`${item[name]} ${item[detail] ?? ""}`).includes(word));
  return { items: items.filter(fits), total: items.length, isAmong: true };
}

export function draw(root, data, state, app) {
  const { entity, own: { mode } } = state;
  const find = (id) => root.querySelector(`#${id}`);
  const isRising = mode === "trending";
  drawTabs(root.querySelector(".tabs"), state);
  check(root.querySelector(".tools fieldset"), mode ?? "");
  const label = `${heading(state).title}: ${whereLabel(state)}`;
  renderTable(root.querySelector(".table-box"), isRising ? rising(state) : columns(state, data), data.items, {
    key: (row) => row[ENTITIES[entity].id] ?? `rank ${row.rank}`, label, sorted: rankedBy(state), ascending: state.own.order === "asc",
    sort: isRising || data.isFound ? undefined : (by) => sort(state, app, by),
  });
  drawPages(root, data, state, app);
  root.querySelector(".search").hidden = entity === "listeners" && !app.features.namesEveryone;
  const csv = find("csv");
  csv.hidden = !app.features.csv || isRising || !data.items.length;
  if (!csv.hidden) csv.href = csvAddress(state, app.features);
  drawMonths(find("ranks"), data, state);
}

function drawTabs(nav, state) {
  const links = TABS.map((entity) => {
    const href = formatAddress({ ...state, entity, own: state.own.mode ? { mode: state.own.mode } : {} });
    return h("a", { href, "aria-current": entity === state.entity ? "page" : undefined }, titled(entity));
  });
  nav.replaceChildren(...links);
}

function columns(state, { items, listeners_are: listenersAre }) {
  const { entity } = state;
  const [first, ...rest] = ENTITIES[entity].columns;
  const isCompared = items.some((item) => item.rank_before !== undefined);
  const known = SORTED.filter(({ by }) => items.length === 0 || items.some((item) => item[by] !== undefined && item[by] !== null));
  const sums = [...(listenersAre ? audience(listenersAre) : []), ...known];
  const move = isCompared ? [{ title: "Move", isNumber: true, text: (row) => moved(row)?.text ?? "" }] : [];
  const rank = { title: "Rank", isNumber: true, text: (row) => count(row.rank) };
  const name = { ...first, kind: "main", href: (row) => hrefOf(state, entity, row) };
  if (!isNarrow()) return [rank, ...move, name, ...rest, ...sums];
  const isRanking = ({ by }) => by === rankedBy(state); // seen without scrolling
  return [rank, name, ...sums.filter(isRanking), ...move, ...rest, ...sums.filter((column) => !isRanking(column))];
}

/** How many have heard it; and where that is estimated, by which part it may be off. */
function audience(are) {
  const about = are === "estimated" ? "≈ " : "";
  const listeners = { by: "listeners", title: "Listeners", isNumber: true, text: (row) => (row.listeners === null ? "–" : `${about}${count(row.listeners)}`) };
  return about ? [listeners, { title: "Give or take", isNumber: true, text: (row) => rate(row.listeners_error) }] : [listeners];
}

function rising(state) {
  const [first, ...rest] = ENTITIES[state.entity].columns;
  const number = (title, member) => ({ title, isNumber: true, text: (row) => (row[member] === null ? "–" : count(row[member])) });
  return [
    number("Rank", "rank"), { ...first, kind: "main", href: (row) => hrefOf(state, state.entity, row) }, ...rest,
    number("Rise", "rise"), number("Plays", "now"), number("Before", "before"), number("Chart rank", "chart_rank"), number("Rank before", "chart_rank_before"),
  ];
}

function sort(state, app, by) {
  const order = by === rankedBy(state) && state.own.order !== "asc" ? "asc" : "";
  const asked = by === "listeners" ? { by: "plays", mode: "listeners" } : { by, mode: "" };
  app.go({ by: asked.by, own: { ...state.own, mode: asked.mode, order, page: "" } });
}

function drawPages(root, data, state, app) {
  const find = (id) => root.querySelector(`#${id}`);
  const page = Number(state.own.page || 1);
  const [first, last] = [PAGE * (page - 1) + 1, PAGE * (page - 1) + data.items.length];
  const isPaged = !data.isFound && !data.isAmong;
  find("before").hidden = find("after").hidden = !isPaged || data.total <= PAGE;
  find("before").disabled = page <= 1;
  find("after").disabled = last >= data.total;
  find("before").onclick = () => app.go({ own: { ...state.own, page: page > 2 ? String(page - 1) : "" } });
  find("after").onclick = () => app.go({ own: { ...state.own, page: String(page + 1) } });
  find("range-shown").textContent = isPaged
    ? data.items.length ? `${count(first)}–${count(last)} of ${count(data.total)}` : ""
    : `${count(data.isAmong ? data.items.length : data.total)} found${data.isAmong ? ` among the first ${count(data.total)}` : ""}`;
  find("none").hidden = data.items.length > 0;
  find("none").textContent = noneSentence(data, state);
}

function noneSentence(data, { entity, slice, own: { mode, q }, window, custom }) {
  if (data.uncounted) return `${entity} aren't counted by ${slice}: choose another selection.`;
  if (q) return `No ${plural(entity, 1)} is called “${q}”.`;
  if (mode === "listeners" && entity === "listeners") return "Listeners are ranked by what they heard: choose another chart.";
  if (mode === "listeners" && slice) return "Listeners are counted among everyone's listens: choose no selection.";
  if (mode === "trending" && !custom && window === "all") return "What rises needs a period before: choose a year, a month, a week or a day.";
  return `No ${entity} were heard in this selection.`;
}

function csvAddress(state, features) {
  const [path, parameters] = request({ ...state, own: { ...state.own, page: "" } }, features, { limit: MOST });
  return address(path, [...parameters, ["format", "csv"]]);
}

function drawMonths(element, { items, months, tops }, state) {
  const { id } = ENTITIES[state.entity];
  const first = items.slice(0, LINES).filter((item) => item[id] !== null); // who has no name can't be followed
  element.hidden = months.length < 2 || !first.length || Boolean(state.own.q) || state.by !== "plays" || Number(state.own.page || 1) > 1;
  if (element.hidden) return;
  const series = first.map((item) => ({
    id: item[id],
    name: nameOf(state.entity, item),
    ranks: tops.map((top) => top.items.find((each) => each[id] === item[id])?.rank ?? null),
  }));
  drawRanks(element, series, months, { entity: state.entity, most: DEEPEST });
}
