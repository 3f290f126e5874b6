// A ranking as rows with a bar each: rank, name and value above it. Plain elements, so that names
// are links, can be selected, and give way to the value where there's little room.
import { max, scaleLinear, select } from "../d3.js";
import { dress } from "./figure.js";

/** How far the bar of each row goes, in per cent; the longest fills its track. */
export function layout(rows) {
  const bar = scaleLinear([0, max(rows, (row) => row.value) || 1], [0, 100]);
  return rows.map((row) => ({ ...row, bar: bar(row.value), move: moved(row) }));
}

/** How a rank has changed, where it's known: `{ text, label, kind }`. */
export function moved({ rank, rank_before: before }) {
  if (before === undefined) return null;
  if (before === null) return { text: "new", label: "new entry", kind: "new" };
  if (before === rank) return { text: "=", label: "same rank as before", kind: "same" };
  const places = Math.abs(before - rank);
  const [sign, word, kind] = before > rank ? ["▲", "up", "up"] : ["▼", "down", "down"];
  return { text: `${sign}${places}`, label: `${word} ${places} from rank ${before}`, kind };
}

/**
 * Draw the rows, or move what is there. Rows are `{ id, rank, name, detail, href, value, text, hint }`;
 * options hold what `dress` takes.
 */
export function render(figure, rows, options) {
  if (!dress(figure, rows, options)) return;
  select(figure.querySelector(".chart"))
    .selectAll("ol")
    .data([null])
    .join("ol")
    .selectAll("li")
    .data(layout(rows), (row) => row.id)
    .join(entering)
    .order()
    .call(write);
}

function entering(enter) {
  const row = enter.append("li").attr("class", "row");
  row.append("span").attr("class", "rank");
  const names = row.append("span").attr("class", "names");
  names.append("a").attr("class", "name");
  names.append("span").attr("class", "detail");
  row.append("span").attr("class", "move");
  row.append("span").attr("class", "value");
  row.append("span").attr("class", "track").append("span").attr("class", "bar").style("width", "0");
  return row;
}

function write(row) {
  row.attr("title", ({ hint }) => hint);
  row.select(".rank").text(({ rank }) => rank);
  row.select(".name").attr("href", ({ href }) => href ?? null).text(({ name }) => name);
  row.select(".detail").text(({ detail }) => detail);
  row.select(".move")
    .attr("class", ({ move }) => `move ${move?.kind ?? "unknown"}`)
    .attr("title", ({ move }) => move?.label ?? null)
    .text(({ move }) => move?.text ?? "");
  row.select(".value").text(({ text }) => text);
  row.select(".bar").style("width", ({ bar }) => `${bar}%`);
}
