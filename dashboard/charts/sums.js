// The charts of sums that several views have, from what the API answers: a timeline, the hours of
// the week, the parts of the day, and ranks by month.
import * as bump from "./bump.js";
import * as heatmap from "./heatmap.js";
import * as ranking from "./ranking.js";
import * as timeline from "./timeline.js";
import { columnsOf, rankingRows } from "../data/entities.js";
import { amount, count, hours, MEASURES, named, periodLabel, quantity, short, tickLabel, valueLabel, weekday } from "../format.js";
import { rankingCaption, rhythmCaption, timelineCaption } from "../sentences.js";

export const NOTHING_YET = "Nothing was heard yet. Import a history: ./playcount import";

const HEARD = ["songs", "artists", "listeners"]; // all else may not be told by an export
const SUMS = [
  { title: "Plays", isNumber: true, text: (row) => count(row.plays) },
  { title: "Hours", isNumber: true, text: (row) => hours(row.ms_played) },
  { title: "Skips", isNumber: true, text: (row) => count(row.skips) },
];
const PERIOD_COLUMNS = [{ title: "Period", text: (row) => periodLabel(row.period) }, ...SUMS];

/** A timeline of sums by period; `open` and `choose` as `charts/timeline.js` has them. */
export function drawTimeline(figure, items, { by, grain, where, isOneYear = false, ...rest }) {
  const rows = items.map((item) => ({ ...item, value: MEASURES[by].of(item) }));
  const caption = timelineCaption(rows, { by, where });
  timeline.render(figure, rows, {
    title: `${MEASURES[by].unit} by ${grain}`,
    description: caption,
    caption,
    empty: `Nothing was heard: ${where}.`,
    columns: PERIOD_COLUMNS,
    tick: (period) => tickLabel(period, grain, { isOneYear }),
    number: short,
    label: (bar) => `${periodLabel(bar.period)}: ${quantity(bar.value, by)}`,
    ...rest,
  });
}

/** A ranking of one entity; shares instead of sums where `total` is given. */
export function drawRanking(figure, answer, { entity, by, where, state, total }) {
  const rows = rankingRows(answer.items, entity, { by, state, total });
  ranking.render(figure, rows, {
    caption: rankingCaption(rows, answer.total, { entity, by, where }),
    empty: HEARD.includes(entity) ? `No ${entity} were heard: ${where}.` : `No ${entity} are known: ${where}.`,
    columns: columnsOf(entity),
  });
}

/** The hours of the week. */
export function drawWeek(figure, cells, { by, where }) {
  const rows = cells.map((cell) => ({ ...cell, value: MEASURES[by].of(cell) }));
  const hourLabel = (cell) => `${weekday(cell.weekday)} ${cell.hour}:00–${cell.hour + 1}:00`;
  const caption = rhythmCaption(cells, { by, hourLabel });
  heatmap.render(figure, caption ? rows : [], {
    title: `${MEASURES[by].unit} by hour of the week`,
    description: caption,
    caption,
    empty: `Nothing was heard: ${where}.`,
    columns: [{ title: "Hour", text: hourLabel }, ...SUMS],
    dayName: weekday,
    label: (cell) => `${hourLabel(cell)}: ${quantity(cell.value, by)}`,
  });
}

/** The parts of the day, in their order. */
export function drawDayparts(figure, dayparts, { by, where, state, hrefOf }) {
  const rows = Object.entries(dayparts).map(([name, sums]) => {
    const value = MEASURES[by].of(sums);
    return { ...sums, id: name, rank: "", name: valueLabel("daypart", name), href: hrefOf?.(name, state), value, text: amount(value, by), hint: quantity(value, by) };
  });
  const most = rows.reduce((best, row) => (row.value > best.value ? row : best));
  ranking.render(figure, most.value ? rows : [], {
    caption: `Most is heard in the ${most.id}: ${quantity(most.value, by)}.`,
    empty: `Nothing was heard: ${where}.`,
    columns: [{ title: "Part of the day", text: (row) => row.name }, ...SUMS],
  });
}

/** Ranks by month: `series` are `{ id, name, ranks }`, a rank or null for each month. */
export function drawRanks(figure, series, months, { entity, most }) {
  const rows = months.map((period, place) => ({ period, ranks: series.map(({ ranks }) => ranks[place]) }));
  const known = series[0].ranks.filter((rank) => rank !== null);
  const caption = known.length
    ? `${named(series[0].name)}: best rank ${count(Math.min(...known))} of all ${entity}, rank ${count(known.at(-1))} the last time ${entity === "listeners" ? "anything" : "it"} was heard.${most ? ` Ranks beyond ${count(most)} aren't shown.` : ""}`
    : "";
  bump.render(figure, series, {
    title: "Rank by month",
    description: caption,
    caption,
    empty: "It has no rank in these months.",
    periods: months,
    rows: known.length ? rows : [],
    columns: [
      { title: "Month", text: (row) => periodLabel(row.period) },
      ...series.map(({ name }, place) => ({ title: name, isNumber: true, text: ({ ranks }) => (ranks[place] === null ? "–" : count(ranks[place])) })),
    ],
    tick: (period) => tickLabel(period, "month", { isOneYear: false }),
    label: (place) => [periodLabel(months[place]), ...series.filter(({ ranks }) => ranks[place] !== null).map(({ name, ranks }) => `${ranks[place]}. ${name}`)].slice(0, 4).join(" · "),
  });
}

