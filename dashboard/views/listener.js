// A listener: totals, personality, habits, favourites, and a year in review as a picture.
import { render as renderAxes } from "../charts/axes.js";
import { figure } from "../charts/figure.js";
import * as timeline from "../charts/timeline.js";
import { drawRanking, drawWeek } from "../charts/sums.js";
import { span } from "../data/address.js";
import { monthsBetween } from "../data/spans.js";
import { kindOf } from "../data/windows.js";
import { h } from "../dom.js";
import { count, lasting, named, periodLabel, rate, short, tickLabel, windowLabel } from "../format.js";
import { tiles } from "../panels.js";
import { spanLabel } from "../sentences.js";
import { drawPage, loadPage } from "./pages.js";
import { savePicture } from "./review.js";

const LISTS = ["songs", "artists", "albums", "genres"];

export const controls = () => ["window"];
export const heading = ({ key }) => ({ title: key, sub: "listener" });

export function mount() {
  return [
    tiles(7),
    h("div", { class: "columns" },
      h("section", { class: "card", id: "personality", "aria-labelledby": "personality-title" },
        h("div", { class: "head" }, h("h2", { id: "personality-title" }, "Listening personality"), h("strong", { id: "letters" })),
        h("ul", { class: "axes" }),
        h("p", { class: "hint" }, "From what is really played. The line is where one end becomes the other.")),
      h("section", { class: "card", id: "habits", "aria-labelledby": "habits-title" },
        h("div", { class: "head" },
          h("h2", { id: "habits-title" }, "Habits"),
          h("button", { type: "button", id: "save" }, "Save as a picture")),
        h("dl", { class: "facts" }))),
    figure({ id: "history", kind: "timeline", title: "By month" }),
    figure({ id: "discoveries", kind: "timeline", title: "Songs heard for the first time" }),
    h("div", { class: "columns" },
      figure({ id: "rank", kind: "bump", title: "Rank by month" }),
      figure({ id: "dayparts", kind: "ranking short", title: "Parts of the day" })),
    figure({ id: "week", kind: "week", title: "Hours of the week" }),
    h("div", { class: "columns" }, LISTS.map((entity) => figure({ id: entity, kind: "ranking", title: `Top ${entity}` }))),
  ];
}

export async function load(state, app) {
  const [page, rhythm] = await Promise.all([
    loadPage(state, app),
    app.get("/api/rhythm", [...span(state), ["listener", state.key]]),
  ]);
  return { ...page, rhythm };
}

export function draw(root, data, state, app) {
  const { item } = data;
  const where = `${spanLabel(state)}, ${named(item.listener)}`;
  drawPage(root, data, state, app, { name: item.listener, more: [{ name: "days", title: "Days with music", text: count(item.days) }] });
  root.querySelector("#letters").textContent = item.personality ?? "not known yet";
  renderAxes(root.querySelector(".axes"), item.axes, rate);
  root.querySelector(".facts").replaceChildren(...facts(item).flatMap(([term, text]) => [h("dt", {}, term), h("dd", {}, text)]));
  root.querySelector("#save").onclick = () => savePicture(item, spanLabel(state));
  drawDiscoveries(root.querySelector("#discoveries"), item, state, where);
  drawWeek(root.querySelector("#week"), data.rhythm.hours, { by: "plays", where });
  const linked = app.features.only ? null : state; // a shared link opens no other page
  for (const entity of LISTS) drawRanking(root.querySelector(`#${entity}`), item[entity], { entity, by: "plays", where, state: linked });
}

/** What is said about habits, as pairs of a term and a text. */
function facts({ days, longest_streak: streak, sessions, discoveries }) {
  const fresh = Object.values(discoveries).reduce((sum, songs) => sum + songs, 0);
  const longest = sessions.longest;
  return [
    ["Longest streak", streak ? `${count(streak.days)} ${streak.days === 1 ? "day" : "days"}, ${windowLabel(streak.first)} – ${windowLabel(streak.last)}` : "–"],
    ["Days with music", count(days)],
    ["Sessions", sessions.count ? `${count(sessions.count)}, ${lasting(sessions.average_minutes * 60)} on average` : "–"],
    ["Longest session", longest ? `${lasting(longest.minutes * 60)} on ${windowLabel(longest.from.slice(0, 10))}` : "–"],
    ["Discoveries", `${count(fresh)} ${fresh === 1 ? "song" : "songs"} for the first time`],
  ];
}

function drawDiscoveries(element, { discoveries }, state, where) {
  const known = Object.keys(discoveries).sort();
  const months = monthsBetween(known[0], known.at(-1));
  const rows = months.map((period) => ({ period, value: discoveries[period] ?? 0 }));
  const all = rows.reduce((sum, { value }) => sum + value, 0);
  timeline.render(element, rows, {
    title: "Songs heard for the first time, by month",
    description: `${where}: ${count(all)} songs`,
    caption: `${where}: ${count(all)} ${all === 1 ? "song" : "songs"} heard for the first time.`,
    empty: `Nothing was heard for the first time: ${where}.`,
    columns: [{ title: "Month", text: (row) => periodLabel(row.period) }, { title: "Songs", isNumber: true, text: (row) => count(row.value) }],
    tick: (period) => tickLabel(period, "month", { isOneYear: kindOf(state.window) === "year" }),
    number: short,
    label: (bar) => `${periodLabel(bar.period)}: ${count(bar.value)} songs`,
  });
}
