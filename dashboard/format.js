// Numbers and dates as the browser's locale writes them.
import { bounds, kindOf, plusDays, day } from "./windows.js";

const HOUR_MS = 3_600_000;
const locale = globalThis.navigator?.language;

const whole = new Intl.NumberFormat(locale, { maximumFractionDigits: 0 });
const tenths = new Intl.NumberFormat(locale, { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const compact = new Intl.NumberFormat(locale, { notation: "compact", maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 1 });
const dates = (options) => {
  const format = new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options });
  return (date) => format.format(date);
};
const fullDay = dates({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
const plainDay = dates({ day: "numeric", month: "short", year: "numeric" });
const shortDay = dates({ day: "numeric", month: "short" });
const month = dates({ month: "long", year: "numeric" });
const shortMonth = dates({ month: "short" });

/** Measures: their unit, and how a sum becomes the number that is shown. */
export const MEASURES = {
  plays: { unit: "plays", one: "play", of: (sums) => sums.plays },
  ms_played: { unit: "hours", one: "hour", of: (sums) => sums.ms_played / HOUR_MS },
  skips: { unit: "skips", one: "skip", of: (sums) => sums.skips },
};

export const count = (number) => whole.format(number);
export const short = (number) => compact.format(number);
export const share = (part, all) => (all ? percent.format(part / all) : "–");
export const hours = (ms) => amount(ms / HOUR_MS, "ms_played");

/** A measure's number; a few hours have a decimal. */
export const amount = (number, by) => (by === "ms_played" && number < 100 ? tenths : whole).format(number);

/** `12 plays`. */
export function quantity(number, by) {
  return `${amount(number, by)} ${number === 1 ? MEASURES[by].one : MEASURES[by].unit}`;
}

/** A window's name for people. */
export function windowLabel(name) {
  switch (kindOf(name)) {
    case "all": return "All time";
    case "year": return name;
    case "month": return month(bounds(name)[0]);
    case "week": {
      const [first, end] = bounds(name);
      return `Week ${Number(name.slice(6))}, ${shortDay(first)} – ${plainDay(plusDays(end, -1))}`;
    }
    default: return fullDay(day(name));
  }
}

/** A range's name for people; either end may be open. */
export function rangeLabel(from, to) {
  if (from && to) return `${plainDay(day(from))} – ${plainDay(plusDays(day(to), -1))}`;
  if (from) return `Since ${plainDay(day(from))}`;
  return to ? `Before ${plainDay(day(to))}` : "All time";
}

/** A period's name for people. */
export function periodLabel(period) {
  if (!period.includes("T")) return windowLabel(period);
  return `${fullDay(day(period.slice(0, 10)))}, ${period.slice(11)}:00`;
}

/** A period's name below an axis; January gives the year, unless there is one year only. */
export function tickLabel(period, grain, { isOneYear }) {
  if (grain === "hour") return `${period.slice(11)}:00`;
  if (grain === "year") return period;
  const first = bounds(period)[0];
  if (grain === "month") return period.endsWith("-01") && !isOneYear ? period.slice(0, 4) : shortMonth(first);
  return shortDay(first);
}

/** A moment in the browser's zone: the time alone when it's today's. */
export function moment(text, now = new Date()) {
  const at = new Date(text);
  const time = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
  const isToday = at.toDateString() === now.toDateString();
  const options = isToday ? time : { ...time, day: "numeric", month: "short", year: "numeric" };
  return new Intl.DateTimeFormat(locale, options).format(at);
}

/** When a listen ended, in the browser's zone. */
export function listenMoment(text, now = new Date()) {
  const at = new Date(text);
  const isToday = at.toDateString() === now.toDateString();
  const options = { hour: "2-digit", minute: "2-digit" };
  if (!isToday) Object.assign(options, { day: "numeric", month: "short", year: "numeric" });
  return new Intl.DateTimeFormat(locale, options).format(at);
}
