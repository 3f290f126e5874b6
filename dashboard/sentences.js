// Captions: what a chart says in words.
import { MEASURES, amount, count, named, periodLabel, quantity, rangeLabel, valueLabel, windowLabel } from "./format.js";
import { ENTITIES, plural } from "./data/entities.js";

/** The name of the span that a state selects. */
export const spanLabel = (state) => (state.custom ? rangeLabel(state.from, state.to) : windowLabel(state.window));

/** What a state selects: `All time, everyone`. */
export const whereLabel = (state) =>
  [spanLabel(state), state.value ? named(valueLabel(state.slice, state.value)) : "everyone"].join(", ");

/** All time, everyone: “Jóga” by Björk leads 12 songs with 56 plays. */
export function rankingCaption(rows, total, { entity, by, where }) {
  if (!rows.length) return "";
  const [first] = rows;
  const field = total === 1 ? `is the only ${ENTITIES[entity].noun}` : `leads ${count(total)} ${plural(entity, total)}`;
  const author = first.detail ? ` by ${named(first.detail)}` : "";
  const leader = first.detail === undefined || !ENTITIES[entity].detail ? named(first.name) : `“${named(first.name)}”${author}`;
  return `${where}: ${leader} ${field} with ${quantity(first.value, by)}.`;
}

/** All time, everyone: 1,021 plays; the most, 134, in January 2026. */
export function timelineCaption(rows, { by, where }) {
  if (!rows.length) return "";
  const sum = rows.reduce((total, row) => total + row.value, 0);
  const highest = rows.reduce((best, row) => (row.value > best.value ? row : best));
  return `${where}: ${quantity(sum, by)}; the most, ${amount(highest.value, by)}, in ${periodLabel(highest.period)}.`;
}

/** Friday at 20:00 is the busiest hour of the week, Monday at 4:00 the quietest. */
export function rhythmCaption(cells, { by, hourLabel }) {
  if (!cells.some((cell) => MEASURES[by].of(cell))) return "";
  const busiest = cells.reduce((best, cell) => (MEASURES[by].of(cell) > MEASURES[by].of(best) ? cell : best));
  return `${hourLabel(busiest)} is the busiest hour of the week, with ${quantity(MEASURES[by].of(busiest), by)}.`;
}
