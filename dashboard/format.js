// Numbers and dates as the browser's locale writes them.
import { RELATIVE, bounds, day, kindOf, plusDays } from "./data/windows.js";

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

/** Measures that add up: their unit, and how a sum becomes the number that is shown. */
export const MEASURES = {
  plays: { unit: "plays", one: "play", of: (sums) => sums.plays },
  ms_played: { unit: "hours", one: "hour", of: (sums) => sums.ms_played / HOUR_MS },
  skips: { unit: "skips", one: "skip", of: (sums) => sums.skips },
  streams: { unit: "streams", one: "stream", of: (sums) => sums.streams },
  completed: { unit: "completed listens", one: "completed listen", of: (sums) => sums.completed },
};

export const count = (number) => whole.format(number);
export const short = (number) => compact.format(number);
export const share = (part, all) => (all ? percent.format(part / all) : "–");
export const rate = (fraction) => (fraction === null ? "–" : percent.format(fraction));
const figures = new Intl.NumberFormat(locale, { maximumSignificantDigits: 2 });

/** How many a second: few are told apart from none. */
export const perSecond = (number) => (number < 1 ? figures : tenths).format(number);
export const decimal = (number) => (number === null ? "–" : tenths.format(number));
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
    case "day": return fullDay(day(name));
    default: return RELATIVE[name];
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

let zone = "UTC";

/** Write moments in this time zone from now on: the one that charts have their days of. */
export function useZone(name) {
  zone = name;
}

/** A moment in the reporting zone: the time alone when it's today's. */
export const moment = (text, now = new Date()) => momentWith({ second: "2-digit" }, text, now);

/** When a listen ended, in the reporting zone, to the minute. */
export const listenMoment = (text, now = new Date()) => momentWith({}, text, now);

function momentWith(more, text, now) {
  const at = new Date(text);
  const options = { hour: "2-digit", minute: "2-digit", timeZone: zone, ...more };
  const onDay = new Intl.DateTimeFormat("en-CA", { timeZone: zone });
  if (onDay.format(at) !== onDay.format(now)) Object.assign(options, { day: "numeric", month: "short", year: "numeric" });
  return new Intl.DateTimeFormat(locale, options).format(at);
}

const unit = (name) => {
  const format = new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "short", maximumFractionDigits: 0 });
  return (number) => format.format(number);
};
const UNITS = [[86_400, unit("day")], [3_600, unit("hour")], [60, unit("minute")], [1, unit("second")]];

/** A length of time by its two largest units: `3 hr 20 min`. */
export function lasting(seconds) {
  const whole = Math.round(seconds);
  const first = UNITS.findIndex(([size]) => whole >= size);
  if (first < 0) return UNITS.at(-1)[1](whole);
  const [size, format] = UNITS[first];
  const rest = Math.floor((whole % size) / (UNITS[first + 1]?.[0] ?? 1));
  const more = first < UNITS.length - 1 && rest ? ` ${UNITS[first + 1][1](rest)}` : "";
  return `${format(Math.floor(whole / size))}${more}`;
}

const signed = new Intl.NumberFormat(locale, { style: "percent", signDisplay: "exceptZero", maximumFractionDigits: 0 });

/** How much more than before: `+12%`; null where there was nothing before. */
export const change = (now, before) => (before ? signed.format(now / before - 1) : null);

/** The day of the week, Monday is 1. */
export const weekday = (number) =>
  new Intl.DateTimeFormat(locale, { weekday: "short", timeZone: "UTC" }).format(new Date(Date.UTC(2024, 0, number)));

const PARTS_OF_DAY = { night: "Night (22–6)", morning: "Morning (6–12)", afternoon: "Afternoon (12–18)", evening: "Evening (18–22)" };

const RIGHT_TO_LEFT = /[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]/;

/** A name within a sentence: one that runs to the left takes no numbers around it along. */
export const named = (name) => (RIGHT_TO_LEFT.test(name) ? `\u2068${name}\u2069` : name);

/** A slice's value for people. */
export function valueLabel(slice, value) {
  if (slice === "daypart") return PARTS_OF_DAY[value] ?? value;
  if (slice !== "country") return value;
  try {
    return new Intl.DisplayNames(locale, { type: "region" }).of(value) ?? value;
  } catch {
    return value; // not a region code
  }
}
