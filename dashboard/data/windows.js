// Calendar windows by name, as the API knows them. Dates are UTC midnights that stand for days of
// the reporting time zone.

const DAY_MS = 86_400_000;

export const day = (text) => new Date(`${text}T00:00:00Z`);
export const iso = (date) => date.toISOString().slice(0, 10);
export const plusDays = (date, days) => new Date(date.getTime() + days * DAY_MS);
export const daysBetween = (first, end) => Math.round((end - first) / DAY_MS);

const two = (number) => String(number).padStart(2, "0");
const four = (number) => String(number).padStart(4, "0");
const utc = (year, month = 0, date = 1) => {
  const result = new Date(0);
  result.setUTCFullYear(year, month, date); // Date.UTC takes the years 0 to 99 for 1900 to 1999
  return result;
};

const KINDS = { year: /^\d{4}$/, month: /^\d{4}-\d{2}$/, week: /^\d{4}-W\d{2}$/, day: /^\d{4}-\d{2}-\d{2}$/ };

/** Windows whose days depend on the present day, or on the newest one with data; the API knows which. */
export const RELATIVE = {
  today: "Today", yesterday: "Yesterday", "this-week": "This week", "last-week": "Last week",
  "this-month": "This month", "last-month": "Last month", "this-year": "This year", "last-year": "Last year",
  "last-7-days": "Last 7 days", "last-30-days": "Last 30 days", "last-12-months": "Last 12 months",
  "newest-day": "Newest day", "newest-week": "Newest week", "newest-month": "Newest month", "newest-year": "Newest year",
};

/** The kind of a calendar window's name, or undefined. */
export function kindOf(name) {
  if (name === "all") return "all";
  return Object.keys(KINDS).find((kind) => KINDS[kind].test(name));
}

/** The name of the window of a kind that a date lies in. */
export function windowAt(kind, date) {
  if (kind === "all") return "all";
  if (kind === "year") return four(date.getUTCFullYear());
  if (kind === "month") return iso(date).slice(0, 7);
  if (kind === "week") return weekName(date);
  return iso(date);
}

/** First day, and the day after the last; null for all time. */
export function bounds(name) {
  const [year, rest] = [Number(name.slice(0, 4)), name.slice(5)];
  switch (kindOf(name)) {
    case "year": return [utc(year), utc(year + 1)];
    case "month": return [utc(year, Number(rest) - 1), utc(year, Number(rest))];
    case "week": {
      const monday = plusDays(mondayOf(utc(year, 0, 4)), 7 * (Number(rest.slice(1)) - 1));
      return [monday, plusDays(monday, 7)];
    }
    case "day": return [day(name), plusDays(day(name), 1)];
    default: return null;
  }
}

/** The window before (-1) or after (1). */
export function step(name, direction) {
  const [first, end] = bounds(name);
  return windowAt(kindOf(name), direction < 0 ? plusDays(first, -1) : end);
}

/** The names of all periods of a grain in a window. */
export function periodsOf(name, grain) {
  const [first, end] = bounds(name);
  if (grain === "hour") {
    return Array.from({ length: 24 * daysBetween(first, end) }, (_, hour) =>
      `${iso(plusDays(first, Math.floor(hour / 24)))}T${two(hour % 24)}`);
  }
  const names = [];
  for (let date = first; date < end; date = bounds(names.at(-1))[1]) names.push(windowAt(grain, date));
  return names;
}

/** The grain that shows a span of days in some 7 to 120 bars. */
export function grainFor(days) {
  if (days <= 3) return "hour";
  if (days <= 92) return "day";
  if (days < 365) return "week";
  return days <= 3660 ? "month" : "year";
}

function mondayOf(date) {
  return plusDays(date, -((date.getUTCDay() + 6) % 7));
}

function weekName(date) {
  const monday = mondayOf(date);
  const year = plusDays(monday, 3).getUTCFullYear(); // the year of a week is its Thursday's
  const week = daysBetween(mondayOf(utc(year, 0, 4)), monday) / 7 + 1;
  return `${four(year)}-W${two(week)}`;
}
