// What is ranked, what its members are called, and the columns that its charts have.
import { addressOf, itemAddress } from "./address.js";
import { amount, count, decimal, hours, MEASURES, rate, share, valueLabel } from "../format.js";

const UNNAMED = "another listener"; // whose name this reader may not know
const text = (title, member, missing = "unknown") => ({ title, text: (row) => row[member] ?? missing });

/** Entity → its route, the member with its id, those that name it, its noun, and its page;
 * `unnamed` is what one without a name is called, if it isn't unknown. */
export const ENTITIES = {
  songs: { id: "song_id", name: "title", detail: "artist", noun: "song", columns: [text("Title", "title"), text("Artist", "artist")], page: true },
  artists: { id: "artist_id", name: "artist", noun: "artist", columns: [text("Artist", "artist")], page: true },
  albums: { id: "album_id", name: "album", detail: "artist", noun: "album", columns: [text("Album", "album"), text("Artist", "artist")], page: true },
  genres: { id: "genre", name: "genre", noun: "genre", columns: [text("Genre", "genre")], page: true },
  listeners: { id: "listener", name: "listener", noun: "listener", unnamed: UNNAMED, columns: [text("Listener", "listener", UNNAMED)], page: true },
  platforms: { id: "platform", name: "platform", noun: "platform", slice: "platform", columns: [text("Platform", "platform")] },
  countries: { id: "country", name: "country", noun: "country", slice: "country", columns: [{ title: "Country", text: (row) => valueLabel("country", row.country) }] },
};
for (const [entity, each] of Object.entries(ENTITIES)) each.path = `/api/top-${entity}`;

export const plural = (entity, number) => (number === 1 ? ENTITIES[entity].noun : entity);

/** All columns that charts can be sorted by: the parameter `by`, and how its value is written. */
export const SORTED = [
  { by: "plays", title: "Plays", text: (row) => count(row.plays) },
  { by: "ms_played", title: "Hours", text: (row) => hours(row.ms_played) },
  { by: "streams", title: "Streams", text: (row) => count(row.streams) },
  { by: "skips", title: "Skips", text: (row) => count(row.skips) },
  { by: "skip_rate", title: "Skip rate", text: (row) => rate(row.skip_rate) },
  { by: "completion_rate", title: "Completed", text: (row) => rate(row.completion_rate) },
  { by: "average_heard", title: "Heard", text: (row) => rate(row.average_heard) },
  { by: "average_rating", title: "Rating", text: (row) => decimal(row.average_rating) },
  { by: "average_age", title: "Age", text: (row) => decimal(row.average_age) },
].map((column) => ({ ...column, isNumber: true }));

const SUMS = SORTED.filter(({ by }) => ["plays", "ms_played", "skips"].includes(by));
const RANK = { title: "Rank", isNumber: true, text: (row) => count(row.rank) };

/** The columns of a chart's table. */
export const columnsOf = (entity) => [RANK, ...ENTITIES[entity].columns, ...SUMS];

/** What an item is called. */
export const nameOf = (entity, item) => item[ENTITIES[entity].name] ?? ENTITIES[entity].unnamed ?? "unknown";

/** Where an item's name leads: its own page, or what is shown narrowed by it; without a state, nowhere. */
export function hrefOf(state, entity, item) {
  const { id, page, slice } = ENTITIES[entity];
  if (!state || item[id] === null) return null; // null: a listener whose name this reader may not know
  if (page) return itemAddress(state, entity, item[id]);
  return slice && state.view === "overview" ? addressOf(state, "overview", { by: state.by, slice, value: item[id] }) : null;
}

/** The rows of a chart, as `charts/ranking.js` draws them. */
export function rankingRows(items, entity, { by, state, total }) {
  const { id, detail } = ENTITIES[entity];
  return items.map((item) => {
    const value = MEASURES[by].of(item);
    return {
      ...item,
      id: item[id] ?? `rank ${item.rank}`,
      name: entity === "countries" ? valueLabel("country", item.country) : nameOf(entity, item),
      detail: detail ? (item[detail] ?? "") : "",
      href: hrefOf(state, entity, item),
      value,
      text: total ? share(value, total) : amount(value, by),
      hint: `${count(item.plays)} plays, ${hours(item.ms_played)} hours, ${count(item.skips)} skips`,
    };
  });
}
