// Wires the page: the address gives the state, the API the data, a view shows them.
import { ApiError, address, get, loginAddress, offered } from "./data/api.js";
import { formatAddress, itemAddress, parseAddress } from "./data/address.js";
import * as live from "./data/live.js";
import { RELATIVE } from "./data/windows.js";
import { listen, showControls, showNav, showUser, withValue } from "./controls.js";
import { h } from "./dom.js";
import { useZone } from "./format.js";
import { freshness, renderFreshness, renderNotice } from "./panels.js";
import { spanLabel } from "./sentences.js";

const BEAT_SECONDS = 120; // streaming reports every few seconds, also while nothing is heard
const FIRST_RETRY_SECONDS = 5;
const CALM_MS = 5_000; // listens come in many a second: what they change is fetched no more often

const root = document.getElementById("view");
const app = { config: null, features: null, status: null, slices: null, range: null, go, refresh: changed, get state() { return page.state; } };
const page = { state: null, view: null, mounted: "", data: null, shown: null, fetchedAt: 0, isLoading: false, isOld: false };
let request = new AbortController();
let timer = 0;
let retrySeconds = FIRST_RETRY_SECONDS;

/** Fetch all that the state shows, then draw it at once: the page never mixes two selections. */
async function refresh() {
  clearTimeout(timer);
  request.abort();
  request = new AbortController();
  const { signal } = request;
  Object.assign(page, { fetchedAt: Date.now(), isLoading: true, isOld: false });
  try {
    const [shared] = await Promise.all([common(signal), mount(page.state, signal)]);
    if (signal.aborted) return;
    Object.assign(app, shared);
    if (app.features.may("listens:read")) live.open();
    const chosen = withValue(page.state, app.slices);
    if (chosen !== page.state) return show(chosen);
    const wanted = allowed(chosen);
    if (wanted !== chosen) return show(wanted, { replace: true }); // or the back button would lead here again
    const state = await dated(wanted, signal);
    const data = await page.view.load(state, { ...app, get: (path, query) => get(path, query, signal) });
    if (signal.aborted) return;
    Object.assign(page, { data, shown: state });
    retrySeconds = FIRST_RETRY_SECONDS;
    renderNotice("");
    draw();
    page.isLoading = false;
    if (page.isOld) changed();
    else timer = setTimeout(refresh, app.config.poll_seconds * 1000);
  } catch (error) {
    if (error.name === "AbortError") return;
    page.isLoading = false;
    showError(error);
    if (!(error instanceof ApiError)) throw error;
  }
}

async function common(signal) {
  const [features, config, status, slices] = await Promise.all([
    app.features ?? offered(signal),
    app.config ?? get("/config.json", null, signal),
    get("/api/status", null, signal),
    get("/api/slices", null, signal),
  ]);
  const everything = await get("/api/summary", features.only ? { listener: features.only } : null, signal);
  useZone(config.time_zone);
  const range = everything.first_day && { first: everything.first_day, last: everything.last_day };
  return { config, features, status, slices, everything, range };
}

/** The state with the calendar days that a relative window has now; its address stays relative. */
async function dated(state, signal) {
  if (!(state.window in RELATIVE)) return state;
  if (!app.features.compare) return { ...state, window: "all" }; // a server that doesn't know them
  const only = app.features.only ? { listener: app.features.only } : {};
  const { period } = await get("/api/summary", { window: state.window, ...only }, signal);
  if (period.window) return { ...state, window: period.window };
  return { ...state, custom: true, window: "all", from: period.from ?? "", to: period.to ?? "" };
}

/** What can be shown in place of what the address says: to a shared link the page of its listener, and
 * periods are compared where no two listeners are known. */
function allowed(state) {
  const { only } = app.features;
  if (only) return state.entity === "listeners" && state.key === only ? state : parseAddress(itemAddress(state, "listeners", only));
  if (state.view === "compare" && !state.own.periods && !page.view.knowsTwo(app.slices)) return { ...state, own: { periods: "yes" } };
  return state;
}

/** Put an empty view up at once: it's as large as it will be. */
async function mount(state, signal) {
  const identity = [state.view, state.entity, state.key].join("/");
  if (page.mounted === identity) return;
  const module = state.view === "item" ? (state.entity === "listeners" ? "listener" : "work") : state.view;
  const view = await import(`./views/${module}.js`);
  if (signal.aborted) return;
  page.view?.unmount?.();
  const isFirst = !page.mounted;
  Object.assign(page, { view, mounted: identity, data: null, shown: null });
  root.replaceChildren(...view.mount(state, app));
  label(state, null);
  if (isFirst) return;
  scrollTo(0, 0);
  document.getElementById("content").focus({ preventScroll: true });
}

function draw() {
  if (!page.data) return;
  document.body.classList.remove("busy");
  root.ariaBusy = "false";
  label(page.shown, page.data);
  document.getElementById("zone").textContent = app.config.time_zone;
  document.getElementById("account-link").hidden = !app.features.user;
  renderFreshness(freshness(app.status, BEAT_SECONDS));
  page.view.draw(root, page.data, page.shown, app);
}

function label(state, data) {
  const { title, sub } = page.view.heading(state, data);
  document.getElementById("heading").textContent = title;
  document.getElementById("sub").textContent = sub ?? "";
  document.getElementById("sub").hidden = !sub;
  const span = page.view.controls(state).includes("window") ? `${spanLabel(state)} – ` : "";
  document.title = `${title} – ${span}Playcount`;
  showNav(state, app.features);
  showUser(state, app.features?.user);
  control(state);
}

function control(state) {
  const relative = page.state.window in RELATIVE ? page.state.window : "";
  showControls(state, { ...app, relative, controls: page.view.controls(state) });
}

/** Change members of the state, as a step of the back button. */
function go(members) {
  show({ ...page.state, ...members });
}

function show(state, { replace = false } = {}) {
  page.state = state;
  const hash = formatAddress(state);
  const isComplete = state.value || !state.slice;
  if (isComplete && hash !== location.hash) history[replace ? "replaceState" : "pushState"](null, "", hash);
  document.body.classList.add("busy");
  root.ariaBusy = "true";
  if (page.view) control(state);
  refresh();
}

function showError(error) {
  const isMistake = error.status >= 400 && error.status < 500;
  const after = isMistake || !(error instanceof ApiError) ? "" : ` Trying again in ${retrySeconds} s.`;
  const kept = page.data ? ` What you see is still ${spanLabel(page.shown)}, as last known.` : "";
  const isUnknown = error.status === 401;
  if (isUnknown) live.close();
  const message = isUnknown && app.features ? gone(app.features) : error.message;
  renderNotice(`${message}${after}${kept}`, isUnknown ? loginAddress() : null);
  document.body.classList.remove("busy");
  if (!page.data) root.querySelectorAll(".loading").forEach((each) => each.classList.add("failed"));
  if (error.status === 404 && page.state.view === "item") {
    root.replaceChildren(h("p", { class: "card message" }, "There's no such page here."));
    page.mounted = "";
  }
  if (isMistake) return;
  renderFreshness({ state: "offline", text: app.status ? `offline · ${freshness(app.status, Infinity).text}` : "offline" });
  timer = setTimeout(refresh, retrySeconds * 1000);
  retrySeconds = Math.min(retrySeconds * 2, 300, Math.max(app.config?.poll_seconds ?? 0, FIRST_RETRY_SECONDS));
}

/** What it means that one who was known no longer is. */
const gone = ({ only }) => (only ? "This link opens nothing any more." : "You aren't signed in any more.");

/** Something was counted: show it at once, but not more often than every few seconds. */
function changed() {
  page.isOld = true;
  if (page.isLoading) return; // what it fetches is shown first
  clearTimeout(timer);
  timer = setTimeout(refresh, Math.max(0, page.fetchedAt + CALM_MS - Date.now()));
}

function watch() {
  if (document.hidden) live.close();
  else refresh();
}

/** Addresses of former versions had what is selected before the `#`. */
function moveFormer() {
  const query = new URLSearchParams(location.search);
  const api = query.get("api");
  query.delete("api");
  if (!query.size || location.hash) return;
  const own = api ? `?${new URLSearchParams({ api })}` : "";
  history.replaceState(null, "", `${location.pathname}${own}#/?${query}`);
}

function start() {
  moveFormer();
  document.getElementById("api-link").href = address("/openapi.json");
  document.getElementById("account-link").href = address("/login");
  document.getElementById("account").action = address("/logout");
  document.getElementById("skip").addEventListener("click", (event) => {
    event.preventDefault();
    document.getElementById("content").focus();
  });
  listen(() => (page.state.window in RELATIVE ? page.shown : null) ?? page.state, go, () => app.range);
  document.getElementById("retry").addEventListener("click", refresh);
  addEventListener("popstate", () => show(parseAddress(location.hash), { replace: true }));
  addEventListener("online", refresh);
  document.addEventListener("visibilitychange", watch);
  live.follow(changed);
  let width = 0;
  new ResizeObserver(([entry]) => {
    if (entry.contentRect.width === width) return; // a taller page isn't drawn anew
    width = entry.contentRect.width;
    draw();
  }).observe(root);
  show(parseAddress(location.hash), { replace: true });
}

start();
