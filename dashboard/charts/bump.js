// Ranks over time: one line a series, rank 1 at the top, and the first ranks with more room than
// the last. A month without a rank interrupts a line.
import { line, max, scalePoint, scaleSqrt, select } from "../d3.js";
import { dress, steer, svgOf } from "./figure.js";

const MARGIN = { top: 14, right: 14, bottom: 26, left: 34 };
const HEIGHT = 250;

/** Where the lines run. Series are `{ id, name, ranks }`, a rank or null for each of `periods`. */
export function layout(series, periods, { width, height = HEIGHT }) {
  const x = scalePoint(periods, [MARGIN.left, width - MARGIN.right]).padding(0.2);
  const last = Math.max(10, max(series, ({ ranks }) => max(ranks)) ?? 1);
  const y = scaleSqrt([1, last], [MARGIN.top, height - MARGIN.bottom]);
  return {
    height,
    last,
    series: series.map((each) => ({
      ...each,
      points: each.ranks.map((rank, place) => ({ period: periods[place], rank, x: x(periods[place]), y: rank === null ? null : y(rank) })),
    })),
    ranks: [1, ...y.ticks(5).filter((rank) => rank > 1 && Number.isInteger(rank))].map((rank) => ({ rank, y: y(rank) })),
    periods: periods.filter((_, place) => (periods.length - 1 - place) % Math.ceil(periods.length / Math.max(2, width / 70)) === 0)
      .map((period) => ({ period, x: x(period) })),
  };
}

/** Draw the lines; `tick(period)` writes one below the axis, `label(place)` reads a period out. */
export function render(figure, series, options) {
  const { periods, rows, tick } = options;
  const chart = figure.querySelector(".chart");
  if (!dress(figure, rows, options)) return;
  const width = chart.clientWidth;
  const places = layout(series, periods, { width });
  const svg = svgOf(figure, { width, height: places.height, ...options });
  const grid = svg.selectAll("g.axis-row").data(places.ranks).join((enter) => {
    const row = enter.append("g").attr("class", "axis-row");
    row.append("line").attr("class", "grid").attr("x1", MARGIN.left);
    row.append("text").attr("class", "axis").attr("text-anchor", "end").attr("x", MARGIN.left - 8).attr("dy", "0.32em");
    return row;
  }).attr("transform", ({ y }) => `translate(0,${y})`);
  grid.select("line").attr("x2", width);
  grid.select("text").text(({ rank }) => rank);
  svg.selectAll("text.tick").data(places.periods).join("text").attr("class", "axis tick").attr("text-anchor", "middle")
    .attr("x", ({ x }) => x).attr("y", places.height - 6).text(({ period }) => tick(period));
  drawSeries(svg, places.series);
  drawKeys(chart, series);
  follow(figure, svg, periods, options);
}

function drawSeries(svg, series) {
  const path = line(({ x }) => x, ({ y }) => y).defined(({ y }) => y !== null);
  const groups = svg.selectAll("g.series").data(series, ({ id }) => id).join((enter) => {
    const group = enter.append("g");
    group.append("path").attr("class", "rank-line");
    return group;
  });
  groups.attr("class", (_, place) => `series series-${place}`);
  groups.select("path").attr("d", ({ points }) => path(points));
  groups.selectAll("circle").data(({ points }) => points.filter(({ y }) => y !== null), ({ period }) => period)
    .join("circle").attr("r", 4).attr("cx", ({ x }) => x).attr("cy", ({ y }) => y);
}

/** Which line is whose, where there are several. */
function drawKeys(chart, series) {
  const keys = select(chart).selectAll("ul.keys").data(series.length > 1 ? [series] : []).join("ul").attr("class", "keys");
  const key = keys.selectAll("li").data((all) => all, ({ id }) => id).join((enter) => {
    const item = enter.append("li");
    item.append("svg").attr("viewBox", "0 0 26 8").attr("aria-hidden", "true").append("g")
      .append("line").attr("class", "rank-line").attr("x2", 26).attr("y1", 4).attr("y2", 4);
    item.append("span");
    return item;
  }).order();
  key.select("g").attr("class", (_, place) => `series series-${place}`);
  key.select("span").text(({ name }) => name);
}

function follow(figure, svg, periods, { label }) {
  const chart = figure.querySelector(".chart");
  const show = (place) => {
    svg.selectAll("circle").classed("current", ({ period }) => period === periods[place]);
    figure.querySelector(".readout").textContent = place < 0 ? "" : label(place);
  };
  chart.tabIndex = 0;
  chart.setAttribute("role", "application");
  chart.setAttribute("aria-label", `${figure.querySelector("h2").textContent}: arrow keys move along it`);
  const go = steer(chart, periods.length - 1, { moves: { ArrowLeft: -1, ArrowRight: 1 }, show });
  svg.selectAll("circle").on("pointerenter", (_, { period }) => go(periods.indexOf(period))).on("pointerleave", () => go(-1));
}
