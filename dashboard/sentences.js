// Captions and columns: what a chart says in words.
import { MEASURES, amount, count, hours, periodLabel, quantity } from "./format.js";

const SUMS = [
  { title: "Plays", isNumber: true, text: (row) => count(row.plays) },
  { title: "Hours", isNumber: true, text: (row) => hours(row.ms_played) },
  { title: "Skips", isNumber: true, text: (row) => count(row.skips) },
];
const RANK = { title: "Rank", isNumber: true, text: (row) => count(row.rank) };
const name = (title, member) => ({ title, text: (row) => row[member] ?? "unknown" });

/** The three charts: what their rows are called, and which members name them. */
export const VIEWS = {
  songs: { path: "/api/top-songs", id: "song_id", name: "title", detail: "artist", noun: "song", columns: [RANK, name("Title", "title"), name("Artist", "artist"), ...SUMS] },
  artists: { path: "/api/top-artists", id: "artist_id", name: "artist", detail: null, noun: "artist", columns: [RANK, name("Artist", "artist"), ...SUMS] },
  albums: { path: "/api/top-albums", id: "album_id", name: "album", detail: "artist", noun: "album", columns: [RANK, name("Album", "album"), name("Artist", "artist"), ...SUMS] },
};
export const PERIOD_COLUMNS = [{ title: "Period", text: (row) => periodLabel(row.period) }, ...SUMS];

/** The rows of a chart, as `charts/ranking.js` draws them. */
export function rankingRows(items, view, by) {
  const { id, name: nameMember, detail } = VIEWS[view];
  return items.map((item) => {
    const value = MEASURES[by].of(item);
    return {
      ...item,
      id: item[id],
      name: item[nameMember] ?? "unknown",
      detail: detail ? (item[detail] ?? "") : "",
      value,
      text: amount(value, by),
      hint: `${count(item.plays)} plays, ${hours(item.ms_played)} hours, ${count(item.skips)} skips`,
    };
  });
}

/** All time, everyone: “Jóga” by Björk leads 12 songs with 56 plays. */
export function rankingCaption(rows, total, { view, by, where }) {
  if (!rows.length) return "";
  const [first] = rows;
  const author = first.detail ? ` by ${first.detail}` : "";
  const noun = VIEWS[view].noun;
  const field = total === 1 ? `is the only ${noun}` : `leads ${count(total)} ${noun}s`;
  const leader = view === "artists" ? first.name : `“${first.name}”${author}`;
  return `${where}: ${leader} ${field} with ${quantity(first.value, by)}.`;
}

/** All time, everyone: 1,021 plays; the most, 134, in January 2026. */
export function timelineCaption(rows, { by, where }) {
  if (!rows.length) return "";
  const sum = rows.reduce((total, row) => total + row.value, 0);
  const highest = rows.reduce((best, row) => (row.value > best.value ? row : best));
  return `${where}: ${quantity(sum, by)}; the most, ${amount(highest.value, by)}, in ${periodLabel(highest.period)}.`;
}
