// What all figures share: the state they're in, their caption, and their rows as a table.
import { select } from "../d3.js";
import { h } from "../dom.js";

const motion = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");

/** Milliseconds of a transition; none where the reader asked for none, or can't see it. */
export const duration = () => (motion?.matches || document.hidden ? 0 : 450);

/** A card for a chart of a kind, whose size it keeps while it's empty. */
export function figure({ id, kind, title, tools = [] }) {
  const table = h("div", { class: "table", role: "region", tabIndex: 0, "aria-label": `${title}: table` });
  return h("figure", { id, class: `card ${kind} loading` },
    h("div", { class: "head" }, h("h2", {}, title), h("output", { class: "readout", "aria-live": "polite" }), tools),
    h("div", { class: "chart" }),
    h("div", { class: "message", hidden: true }),
    h("div", { class: "foot" }, h("figcaption"), h("details", {}, h("summary", {}, "Table"), table)));
}

/** Give a figure another heading. */
export function setTitle(element, title) {
  element.querySelector("h2").textContent = title;
  element.querySelector(".table").setAttribute("aria-label", `${title}: table`);
}

/** Show the chart, or say why there is none. */
function showMessage(figure, message) {
  figure.classList.remove("loading");
  figure.classList.toggle("empty", Boolean(message));
  const element = figure.querySelector(".message");
  element.hidden = !message;
  element.textContent = message;
}

/** What every chart shows beside its drawing; false where there's nothing to draw. */
export function dress(figure, rows, { caption, empty, columns }) {
  showMessage(figure, rows.length ? "" : empty);
  figure.querySelector("figcaption").textContent = rows.length ? caption : "";
  figure.querySelector("details").hidden = !rows.length;
  showTable(figure, columns, rows);
  return rows.length > 0 && figure.querySelector(".chart").clientWidth > 0;
}

/**
 * A cursor over places 0 to `last`, moved by keys: `moves` maps a key to how far it goes. `show` is
 * told of the place, -1 for none, and `enter(place, event)` of one that is chosen.
 */
export function steer(chart, last, { moves, show, enter }) {
  let current = -1;
  const go = (place) => show((current = place));
  chart.onblur = () => go(-1);
  chart.onkeydown = (event) => {
    if (event.key === "Enter" && current >= 0) enter?.(current);
    const to = { Home: 0, End: last, ...(event.key in moves && { [event.key]: current + moves[event.key] }) }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    go(Math.min(Math.max(to, 0), last));
  };
  return go;
}

/** An `svg` of this size with title and description for those who don't see it. */
export function svgOf(figure, { width, height, title, description }) {
  const id = figure.id;
  const svg = select(figure.querySelector(".chart"))
    .selectChildren("svg")
    .data([null])
    .join((enter) => {
      const fresh = enter.append("svg").attr("role", "img");
      fresh.append("title").attr("id", `${id}-svg-title`);
      fresh.append("desc").attr("id", `${id}-svg-desc`);
      return fresh.attr("aria-labelledby", `${id}-svg-title`).attr("aria-describedby", `${id}-svg-desc`);
    })
    .attr("viewBox", `0 0 ${width} ${height}`)
    .attr("height", height);
  svg.select("title").text(title);
  svg.select("desc").text(description);
  return svg;
}

/** Rows of texts; a column is `{ title, text, isNumber }`. */
function showTable(figure, columns, rows) {
  const table = select(figure.querySelector(".table")).selectAll("table").data([null]).join("table");
  const number = (column) => (column.isNumber ? "number" : null);
  table
    .selectAll("thead")
    .data([null])
    .join("thead")
    .selectAll("tr")
    .data([null])
    .join("tr")
    .selectAll("th")
    .data(columns)
    .join("th")
    .attr("scope", "col")
    .attr("class", number)
    .text((column) => column.title);
  table
    .selectAll("tbody")
    .data([null])
    .join("tbody")
    .selectAll("tr")
    .data(rows)
    .join("tr")
    .selectAll("td")
    .data((row) => columns.map((column) => ({ column, row })))
    .join("td")
    .attr("class", ({ column }) => number(column))
    .text(({ column, row }) => column.text(row));
}
