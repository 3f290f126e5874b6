// Everything at a glance: totals, the first songs and artists, when and where music is heard.
import { figure } from "../charts/figure.js";
import { drawDayparts, drawRanking, drawTimeline, drawWeek } from "../charts/sums.js";
import { addressOf, selection } from "../data/address.js";
import { columnsOf, rankingRows } from "../data/entities.js";
import { completed, grainOf, spanBefore, spanOf } from "../data/spans.js";
import { kindOf } from "../data/windows.js";
import { h } from "../dom.js";
import { change, count, hours, MEASURES, quantity, share, windowLabel } from "../format.js";
import { renderTiles, tiles } from "../panels.js";
import { whereLabel } from "../sentences.js";

const LIMITS = { songs: 10, artists: 10, genres: 8, platforms: 8, countries: 250 };
const LISTED_COUNTRIES = 8;

export const controls = () => ["window", "by", "slice"];
export const heading = () => ({ title: "Overview" });

export function mount() {
  return [
    tiles(6),
    figure({ id: "timeline", kind: "timeline", title: "Over time" }),
    h("div", { class: "columns" },
      figure({ id: "songs", kind: "ranking", title: "Top songs" }),
      figure({ id: "artists", kind: "ranking", title: "Top artists" })),
    h("div", { class: "columns" },
      figure({ id: "week", kind: "week", title: "Hours of the week" }),
      figure({ id: "dayparts", kind: "ranking short", title: "Parts of the day" })),
    h("div", { class: "columns" },
      figure({ id: "genres", kind: "ranking short", title: "Genres" }),
      figure({ id: "platforms", kind: "ranking short", title: "Platforms" })),
    h("div", { class: "columns left" },
      figure({ id: "map", kind: "map", title: "World" }),
      figure({ id: "countries", kind: "ranking short", title: "Countries" })),
  ];
}

/** All answers; a chart that isn't counted by the slice is null. */
export async function load(state, { get, config, features }) {
  const query = selection(state);
  const before = spanBefore(state);
  const compared = before && features.compare ? [["compare", "previous"]] : [];
  const chart = (entity) => {
    if (state.slice && !config.slices_of[entity].includes(state.slice)) return null;
    return get(`/api/top-${entity}`, [...query, ["by", state.by], ["limit", LIMITS[entity]], ...compared]);
  };
  const [summary, earlier, rhythm, ...charts] = await Promise.all([
    get("/api/summary", [...query, ...compared]),
    before && !compared.length ? get("/api/summary", withSlice(before, state)) : null,
    get("/api/rhythm", query),
    ...Object.keys(LIMITS).map(chart),
  ]);
  const grain = grainOf(state, summary);
  const timeline = await get("/api/timeline", [...query, ["grain", grain]]);
  return { summary, earlier: summary.before ?? earlier, rhythm, grain, timeline, ...Object.fromEntries(Object.keys(LIMITS).map((entity, place) => [entity, charts[place]])) };
}

export function draw(root, data, state, app) {
  const { by } = state;
  const where = whereLabel(state);
  const find = (id) => root.querySelector(`#${id}`);
  renderTiles(root.querySelector(".tiles"), tileItems(data, state));
  drawTimeline(find("timeline"), completed(data.timeline.items, state, data.grain), {
    by, where, grain: data.grain, isOneYear: kindOf(state.window) === "year",
    open: data.grain === "hour" ? undefined : (period) => app.go(spanOf(period, period)),
    choose: (first, last) => app.go(spanOf(first, last)),
  });
  for (const entity of ["songs", "artists", "genres", "platforms"]) drawPart(find(entity), data[entity], { entity, by, where, state });
  drawWeek(find("week"), data.rhythm.hours, { by, where });
  const hrefOf = (daypart) => addressOf(state, "overview", { by, slice: "daypart", value: daypart });
  drawDayparts(find("dayparts"), data.rhythm.dayparts, { by, where, state, hrefOf: state.slice ? undefined : hrefOf });
  drawPart(find("countries"), data.countries && { ...data.countries, items: data.countries.items.slice(0, LISTED_COUNTRIES) }, { entity: "countries", by, where, state });
  drawMap(find("map"), data.countries, { by, where, state });
}

function tileItems({ summary, earlier }, state) {
  const before = state.custom ? "before" : earlier && windowLabel(spanBefore(state).get("window"));
  const than = (of) => earlier && change(of(summary), of(earlier)) && `${change(of(summary), of(earlier))} vs. ${before}`;
  const sums = [
    ["plays", "Plays", count(summary.plays), (each) => each.plays],
    ["hours", "Hours", hours(summary.ms_played), (each) => each.ms_played],
    ["songs", "Songs", known(summary.songs), (each) => each.songs],
    ["artists", "Artists", known(summary.artists), (each) => each.artists],
    ["albums", "Albums", known(summary.albums), (each) => each.albums],
  ].map(([name, title, text, of]) => ({ name, title, text, more: than(of) }));
  const skips = { name: "skip_rate", title: "Skip rate", text: summary.skip_rate === null ? "–" : share(summary.skip_rate, 1) };
  const more = earlier?.skip_rate ? `vs. ${share(earlier.skip_rate, 1)} ${state.custom ? before : `in ${before}`}` : null;
  return [...sums, { ...skips, more }];
}

const known = (number) => (number === null ? "–" : count(number));

function drawPart(figure, answer, options) {
  figure.hidden = !answer;
  if (answer) drawRanking(figure, answer, options);
}

async function drawMap(figure, answer, { by, where, state }) {
  figure.hidden = !answer;
  if (!answer) return;
  const map = await import("../charts/map.js");
  const countries = await map.outlines().catch(() => []);
  const rows = rankingRows(answer.items, "countries", { by, state });
  const [first] = rows;
  const caption = first && `${where}: heard in ${count(answer.total)} ${answer.total === 1 ? "country" : "countries"}, most in ${first.name} with ${quantity(first.value, by)}.`;
  map.render(figure, countries.length ? rows : [], countries, {
    title: `${MEASURES[by].unit} by country`,
    description: caption,
    caption,
    empty: countries.length ? `No country is known: ${where}.` : "The map can't be had now.",
    columns: columnsOf("countries"),
  });
}

function withSlice(query, state) {
  if (state.slice) query.set(state.slice, state.value);
  return query;
}
