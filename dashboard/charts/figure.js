// What all figures share: the state they're in, their caption, and their rows as a table.
import { select } from "../d3.js";

const motion = globalThis.matchMedia?.("(prefers-reduced-motion: reduce)");

/** Milliseconds of a transition; none where the reader asked for none, or can't see it. */
export const duration = () => (motion?.matches || document.hidden ? 0 : 450);

/** Show the chart, or say why there is none. */
export function showMessage(figure, message) {
  figure.classList.remove("loading");
  figure.classList.toggle("empty", Boolean(message));
  const element = figure.querySelector(".message");
  element.hidden = !message;
  element.textContent = message;
}

/** The figure's sentence. */
export function showCaption(figure, sentence) {
  figure.querySelector("figcaption").textContent = sentence;
}

/** An `svg` of this size with title and description for those who don't see it. */
export function svgOf(figure, { width, height, title, description }) {
  const id = figure.id;
  const svg = select(figure.querySelector(".chart"))
    .selectAll("svg")
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
export function showTable(figure, columns, rows) {
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
