// Wires the page: the address gives the state, the API the data, the charts show them.
import { ApiError, get } from "./api.js";
import { listen, pushAddress, showControls, spanLabel, withValue } from "./controls.js";
import { MEASURES, periodLabel, quantity, short, tickLabel } from "./format.js";
import { render as renderRanking } from "./charts/ranking.js";
import { render as renderTimeline } from "./charts/timeline.js";
import { freshness, renderFreshness, renderNotice, renderRecent, renderTiles } from "./panels.js";
import { PERIOD_COLUMNS, VIEWS, rankingCaption, rankingRows, timelineCaption } from "./sentences.js";
import { parseState, selection } from "./state.js";
import { bounds, day, daysBetween, grainFor, kindOf, periodsOf, plusDays } from "./windows.js";

const RECENT = 12;
const BEAT_SECONDS = 120; // streaming reports every few seconds, also while nothing is heard
const FIRST_RETRY_SECONDS = 5;
const NOTHING_YET = "Nothing was heard yet. Import a history: ./playcount import";

const figures = ["timeline", "songs", "second"].map((id) => document.getElementById(id));
const page = { state: parseState(location.search), config: { poll_seconds: 60 }, data: null, range: null, slices: null };
let request = new AbortController();
let timer = 0;
let retrySeconds = FIRST_RETRY_SECONDS;

/** Fetch all that the state shows, then draw it at once: the page never mixes two selections. */
async function refresh() {
  clearTimeout(timer);
  request.abort();
  request = new AbortController();
  const { signal } = request;
  try {
    const data = await load(page.state, signal);
    if (signal.aborted) return;
    Object.assign(page, { data, range: data.range, slices: data.slices });
    retrySeconds = FIRST_RETRY_SECONDS;
    renderNotice("");
    draw();
    timer = setTimeout(refresh, page.config.poll_seconds * 1000);
  } catch (error) {
    if (error.name === "AbortError") return;
    if (!(error instanceof ApiError)) throw error;
    showError(error);
  }
}

async function load(wanted, signal) {
  const [config, status, everything, slices] = await Promise.all([
    get("/config.json", null, signal),
    get("/api/status", null, signal),
    get("/api/summary", null, signal),
    get("/api/slices", null, signal),
  ]);
  page.config = config;
  const state = withValue(wanted, slices);
  if (state !== wanted) change(state, { push: true, load: false });
  const query = selection(state);
  const chart = (view) => get(VIEWS[view].path, new URLSearchParams([...query, ["by", state.by], ["limit", state.rows]]), signal);
  const [summary, songs, second, recent] = await Promise.all([
    get("/api/summary", query, signal),
    chart("songs"),
    chart(state.tab),
    get("/api/recent", new URLSearchParams({ limit: RECENT }), signal),
  ]);
  const grain = grainOf(state, summary);
  const timeline = await get("/api/timeline", new URLSearchParams([...query, ["grain", grain]]), signal);
  const range = everything.first_day && { first: everything.first_day, last: everything.last_day };
  return { state, status, slices, summary, songs, second, recent, grain, timeline, range };
}

/** The grain for the days that are shown: those of the window, or those with data. */
function grainOf(state, { first_day: first, last_day: last }) {
  const shown = state.custom ? null : bounds(state.window);
  if (shown) return grainFor(daysBetween(...shown));
  return first ? grainFor(daysBetween(day(first), plusDays(day(last), 1))) : "day";
}

function draw() {
  const { state, status, summary, songs, second, recent } = page.data;
  document.body.classList.remove("busy");
  const where = [spanLabel(state), state.value || "everyone"].join(", ");
  showControls(page.state, page);
  document.getElementById("zone").textContent = page.config.time_zone;
  renderFreshness(freshness(status, BEAT_SECONDS));
  renderTiles(summary);
  renderRecent(recent.items);
  drawTimeline(where);
  drawRanking(figures[1], "songs", songs, where);
  drawRanking(figures[2], state.tab, second, where);
}

function drawRanking(figure, view, answer, where) {
  const { by } = page.data.state;
  const rows = rankingRows(answer.items, view, by);
  renderRanking(figure, rows, {
    title: `Top ${view} by ${MEASURES[by].unit}`,
    description: rows.slice(0, 5).map((row) => `${row.rank}. ${row.name}: ${quantity(row.value, by)}`).join("; "),
    caption: rankingCaption(rows, answer.total, { view, by, where }),
    empty: page.range ? `No ${VIEWS[view].noun}s were heard: ${where}.` : NOTHING_YET,
    columns: VIEWS[view].columns,
  });
}

function drawTimeline(where) {
  const { state, grain, timeline } = page.data;
  const { by } = state;
  const rows = completed(timeline.items, state, grain).map((item) => ({ ...item, value: MEASURES[by].of(item) }));
  const caption = timelineCaption(rows, { by, where });
  renderTimeline(figures[0], rows, {
    title: `${MEASURES[by].unit} by ${grain}`,
    description: caption,
    caption,
    empty: page.range ? `Nothing was heard: ${where}.` : NOTHING_YET,
    columns: PERIOD_COLUMNS,
    tick: (period) => tickLabel(period, grain, { isOneYear: kindOf(state.window) === "year" }),
    number: short,
    label: (bar) => `${periodLabel(bar.period)}: ${quantity(bar.value, by)}`,
    opens: grain !== "hour",
    open: (period) => change({ ...page.state, custom: false, from: "", to: "", window: period }),
  });
}

/** The timeline with the silent periods before the first and after the last listen of a window. */
function completed(items, state, grain) {
  if (!items.length || state.custom || kindOf(state.window) === "all" || grain === "week") return items;
  const known = new Map(items.map((item) => [item.period, item]));
  const silence = { streams: 0, plays: 0, skips: 0, completed: 0, ms_played: 0 };
  return periodsOf(state.window, grain).map((period) => known.get(period) ?? { period, ...silence });
}

function change(state, { push = true, load: mustLoad = true } = {}) {
  page.state = state;
  if (push && (state.value || !state.slice)) pushAddress(state);
  showControls(state, page);
  if (!mustLoad) return;
  document.body.classList.add("busy");
  refresh();
}

function showError(error) {
  const isMistake = error.status >= 400 && error.status < 500;
  const after = isMistake ? "" : ` Trying again in ${retrySeconds} s.`;
  const kept = page.data ? ` What you see is still ${spanLabel(page.data.state)}, as last known.` : "";
  renderNotice(`${error.message}${after}${kept}`);
  if (page.data) document.getElementById("period").textContent = spanLabel(page.data.state);
  if (isMistake) {
    for (const figure of figures) figure.classList.remove("loading");
    return;
  }
  const seen = page.data ? `offline · ${freshness(page.data.status, Infinity).text}` : "offline";
  renderFreshness({ state: "offline", text: seen });
  timer = setTimeout(refresh, retrySeconds * 1000);
  retrySeconds = Math.min(retrySeconds * 2, 300, Math.max(page.config.poll_seconds, FIRST_RETRY_SECONDS));
}

function start() {
  for (const figure of figures) figure.classList.add("loading");
  listen(() => page.state, change, () => page.range);
  showControls(page.state, page);
  document.getElementById("retry").addEventListener("click", refresh);
  addEventListener("popstate", () => change(parseState(location.search), { push: false }));
  addEventListener("online", refresh);
  document.addEventListener("visibilitychange", () => document.hidden || refresh());
  let width = 0;
  new ResizeObserver(([entry]) => {
    if (entry.contentRect.width === width) return; // a taller page isn't drawn anew
    width = entry.contentRect.width;
    if (page.data) draw();
  }).observe(document.getElementById("content"));
  refresh();
}

start();
