// What the pages of songs, artists, albums, genres and listeners share.
import { drawDayparts, drawRanks, drawTimeline } from "../charts/sums.js";
import { span } from "../data/address.js";
import { lastMonths } from "../data/spans.js";
import { kindOf } from "../data/windows.js";
import { count, decimal, hours, named, rate, windowLabel } from "../format.js";
import { renderTiles } from "../panels.js";
import { spanLabel } from "../sentences.js";

const MONTHS = 12;

/** The answer about an item, and its rank in each of the last months. */
export async function loadPage(state, { get, range }) {
  const path = `/api/${state.entity}/${encodeURIComponent(state.key)}`;
  const months = lastMonths(state, range, MONTHS);
  const item = await get(path, span(state)); // first alone: where there's none, there's none in any month
  const byMonth = await Promise.all(months.map((window) => get(path, { window })));
  return { item, months, ranks: byMonth.map(({ rank }) => rank) };
}

/** Totals, history, rank by month, and the parts of the day. */
export function drawPage(root, { item, months, ranks }, state, app, { name, more = [] }) {
  const where = `${spanLabel(state)}, ${named(name)}`;
  const find = (id) => root.querySelector(`#${id}`);
  renderTiles(root.querySelector(".tiles"), [...tileItems(item, state), ...more]);
  drawTimeline(find("history"), item.history, {
    by: "plays", grain: "month", where, isOneYear: kindOf(state.window) === "year",
    open: (period) => app.go({ custom: false, from: "", to: "", window: period }),
  });
  drawDayparts(find("dayparts"), item.dayparts, { by: "plays", where, state });
  find("rank").hidden = months.length < 2;
  if (months.length >= 2) drawRanks(find("rank"), [{ id: state.key, name, ranks }], months, { entity: state.entity });
}

function tileItems(item, { entity }) {
  const days = item.first_day ? `${windowLabel(item.first_day)} – ${windowLabel(item.last_day)}` : null;
  return [
    { name: "rank", title: `Rank of all ${entity}`, text: item.rank === null ? "–" : count(item.rank) },
    { name: "plays", title: "Plays", text: count(item.plays), more: days },
    { name: "hours", title: "Hours", text: hours(item.ms_played) },
    { name: "skip_rate", title: "Skip rate", text: rate(item.skip_rate) },
    ...(item.average_heard === null ? [] : [{ name: "average_heard", title: "Heard of the track", text: rate(item.average_heard) }]),
    ...(item.average_rating === null ? [] : [{ name: "average_rating", title: "Rating", text: decimal(item.average_rating), more: `${count(item.ratings)} ratings` }]),
  ];
}

