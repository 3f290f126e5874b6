// Spans of days: the one before, the grain of a timeline, and the periods without a listen.
import { bounds, day, daysBetween, grainFor, iso, kindOf, periodsOf, plusDays, step } from "./windows.js";

/** The parameters of the span before: the calendar window before, or as many days; null without one. */
export function spanBefore(state) {
  if (!state.custom) return kindOf(state.window) === "all" ? null : new URLSearchParams({ window: step(state.window, -1) });
  if (!state.from || !state.to) return null;
  const [first, end] = [day(state.from), day(state.to)];
  return new URLSearchParams({ from: iso(plusDays(first, -daysBetween(first, end))), to: state.from });
}

/** The grain for the days that are shown: those of the window, or those with data. */
export function grainOf(state, { first_day: first, last_day: last }) {
  const shown = state.custom ? null : bounds(state.window);
  if (shown) return grainFor(daysBetween(...shown));
  return first ? grainFor(daysBetween(day(first), plusDays(day(last), 1))) : "day";
}

/** The timeline with the silent periods before the first and after the last listen of a window. */
export function completed(items, state, grain) {
  if (!items.length || state.custom || kindOf(state.window) === "all" || grain === "week") return items;
  const known = new Map(items.map((item) => [item.period, item]));
  const silence = { streams: 0, plays: 0, skips: 0, completed: 0, ms_played: 0 };
  return periodsOf(state.window, grain).map((period) => known.get(period) ?? { period, ...silence });
}

/** The members of a state that shows from the first to the last of some periods. */
export function spanOf(first, last) {
  if (first === last && kindOf(first)) return { custom: false, from: "", to: "", window: first };
  const [from] = bounds(first.slice(0, kindOf(first) ? undefined : 10)); // an hour stands for its day
  const [, to] = bounds(last.slice(0, kindOf(last) ? undefined : 10));
  return { custom: true, window: "all", from: iso(from), to: iso(to) };
}

/** All months from the first to the last; none where there's no first. */
export function monthsBetween(first, last) {
  const months = first ? [first] : [];
  while (months.length && months.at(-1) < last) months.push(step(months.at(-1), 1));
  return months;
}

/** The last months up to a span's end that may have data, at most `number` of them. */
export function lastMonths(state, range, number) {
  if (!range) return [];
  const newest = plusDays(day(range.last), 1);
  const end = (state.custom ? state.to && day(state.to) : bounds(state.window)?.[1]) || newest;
  const months = [iso(plusDays(end < newest ? end : newest, -1)).slice(0, 7)];
  while (months.length < number && months[0] > range.first.slice(0, 7)) months.unshift(step(months[0], -1));
  return months;
}
