// A song, an artist, an album or a genre: how it was heard over time, when, and by whom.
import { figure } from "../charts/figure.js";
import * as ranking from "../charts/ranking.js";
import { drawRanking } from "../charts/sums.js";
import { ENTITIES } from "../data/entities.js";
import { h } from "../dom.js";
import { count, named, rate, share } from "../format.js";
import { tiles } from "../panels.js";
import { spanLabel } from "../sentences.js";
import { drawPage, loadPage } from "./pages.js";

const LISTS = ["songs", "artists", "albums", "listeners"];

export const controls = () => ["window"];
export const load = loadPage;

export function heading({ entity, key }, data) {
  const { noun, name, detail } = ENTITIES[entity];
  const article = /^[aeiou]/.test(noun) ? "An" : "A";
  if (!data) return { title: name === "genre" ? key : `${article} ${noun}` };
  const author = detail ? data.item[detail] : null;
  return { title: data.item[name] ?? "unknown", sub: author ? `${noun} by ${author}` : noun };
}

export function mount() {
  return [
    tiles(5),
    figure({ id: "history", kind: "timeline", title: "By month" }),
    h("div", { class: "columns" },
      figure({ id: "rank", kind: "bump", title: "Rank by month" }),
      figure({ id: "dayparts", kind: "ranking short", title: "When it is heard" })),
    h("div", { class: "columns" },
      LISTS.map((entity) => figure({ id: entity, kind: "ranking", title: entity === "listeners" ? "Who listens most" : `Top ${entity}` })),
      figure({ id: "drop-off", kind: "ranking short", title: "How far it is heard" })),
  ];
}

export function draw(root, data, state, app) {
  const { item } = data;
  const name = heading(state, data).title;
  const more = item.listeners ? [{ name: "listeners", title: "Listeners", text: count(item.listeners.total) }] : [];
  drawPage(root, data, state, app, { name, more });
  const where = `${spanLabel(state)}, ${named(name)}`;
  for (const entity of LISTS) {
    const element = root.querySelector(`#${entity}`);
    element.hidden = !item[entity];
    if (item[entity]) drawRanking(element, item[entity], { entity, by: "plays", where, state });
  }
  drawDropOff(root.querySelector("#drop-off"), item.drop_off, where);
}

/** Streams by the tenth of the track that was heard; a server that doesn't count them has none. */
function drawDropOff(element, tenths, where) {
  element.hidden = !tenths;
  if (!tenths) return;
  const all = tenths.reduce((total, streams) => total + streams, 0);
  const rows = tenths.map((streams, place) => ({
    id: place, rank: "", detail: "", name: `${rate(place / 10)} – ${rate((place + 1) / 10)}`,
    value: streams, text: share(streams, all), hint: `${count(streams)} streams`,
  }));
  ranking.render(element, all ? rows : [], {
    caption: `${share(tenths[9], all)} of ${count(all)} streams went through to the last tenth.`,
    empty: `Of no stream is the track's length known: ${where}.`,
    columns: [
      { title: "Heard of the track", text: (row) => row.name },
      { title: "Streams", isNumber: true, text: (row) => count(row.value) },
    ],
  });
}
