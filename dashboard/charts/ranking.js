// A ranking as horizontal bars: rank, name and value above each.
import { max, scaleLinear } from "../d3.js";
import { duration, showCaption, showMessage, showTable, svgOf } from "./figure.js";

const ROW = 48;
const RANK_WIDTH = 30;
const SPACE = 10;

/**
 * Where everything stands. Rows are `{ id, rank, name, detail, value, text }`; `measure(text, role)`
 * is the width in pixels of a text that is a `name`, a `detail` or a `value`.
 */
export function layout(rows, { width, measure }) {
  const track = Math.max(0, width - RANK_WIDTH);
  const bar = scaleLinear([0, max(rows, (row) => row.value) || 1], [0, track]);
  return {
    width,
    height: rows.length * ROW,
    rows: rows.map((row, place) => {
      const room = track - measure(row.text, "value") - SPACE;
      const name = fitted(row.name, room, (text) => measure(text, "name"));
      const used = measure(name, "name") + SPACE;
      const detail = fitted(row.detail ?? "", room - used, (text) => measure(text, "detail"));
      return { ...row, y: place * ROW, x: RANK_WIDTH, name, detail, detailX: RANK_WIDTH + used, track, bar: bar(row.value) };
    }),
  };
}

/** The text, or its longest beginning with an ellipsis that is no wider than `room`. */
export function fitted(text, room, measure) {
  if (measure(text) <= room) return text;
  const letters = Array.from(text);
  let [fits, fails] = [0, letters.length];
  while (fails - fits > 1) {
    const middle = (fits + fails) >> 1;
    if (measure(`${letters.slice(0, middle).join("").trimEnd()}…`) <= room) fits = middle;
    else fails = middle;
  }
  return fits ? `${letters.slice(0, fits).join("").trimEnd()}…` : "";
}

/** Draw the rows, or move what is there to where it belongs now. */
export function render(figure, rows, { title, caption, empty, columns, description }) {
  showMessage(figure, rows.length ? "" : empty);
  showCaption(figure, rows.length ? caption : "");
  showTable(figure, columns, rows);
  const width = figure.querySelector(".chart").clientWidth;
  if (!rows.length || !width) return;
  const places = layout(rows, { width, measure: measurer(figure) });
  const svg = svgOf(figure, { width, height: places.height, title, description });
  svg
    .selectAll("g.row")
    .data(places.rows, (row) => row.id)
    .join(entering, undefined, (exit) => exit.remove())
    .call(write)
    .transition()
    .duration(duration())
    .attr("transform", (row) => `translate(0,${row.y})`)
    .attr("opacity", 1)
    .select(".bar")
    .attr("width", (row) => row.bar);
}

function entering(enter) {
  const row = enter
    .append("g")
    .attr("class", "row")
    .attr("opacity", 0)
    .attr("transform", (place) => `translate(0,${place.y})`);
  row.append("title");
  row.append("text").attr("class", "rank").attr("y", 20);
  row.append("text").attr("class", "name").attr("y", 20);
  row.append("text").attr("class", "detail").attr("y", 20);
  row.append("text").attr("class", "value").attr("y", 20).attr("text-anchor", "end");
  row.append("rect").attr("class", "track").attr("y", 29).attr("height", 6).attr("rx", 3);
  row.append("rect").attr("class", "bar").attr("y", 29).attr("height", 6).attr("rx", 3).attr("width", 0);
  return row;
}

function write(row) {
  row.select("title").text(({ hint }) => hint);
  row.select(".rank").text(({ rank }) => rank);
  row.select(".name").attr("x", ({ x }) => x).text(({ name }) => name);
  row.select(".detail").attr("x", ({ detailX }) => detailX).text(({ detail }) => detail);
  row.select(".value").attr("x", ({ x, track }) => x + track).text(({ text }) => text);
  row.select(".track").attr("x", ({ x }) => x).attr("width", ({ track }) => track);
  row.select(".bar").attr("x", ({ x }) => x);
}

/** Widths by the fonts of the style sheet. */
function measurer(figure) {
  const canvas = document.createElement("canvas").getContext("2d");
  const family = getComputedStyle(figure).fontFamily;
  const fonts = { name: `600 15px ${family}`, detail: `14px ${family}`, value: `600 14px ${family}` };
  return (text, role) => {
    canvas.font = fonts[role];
    return canvas.measureText(text).width;
  };
}

