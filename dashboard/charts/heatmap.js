// The 168 hours of a week: the darker, the more.
import { max, scaleBand, scaleSqrt } from "../d3.js";
import { dress, steer, svgOf } from "./figure.js";

const LEFT = 40;
const TOP = 18;
const ROW = 26;
const HOURS = Array.from({ length: 24 }, (_, hour) => hour);
const DAYS = [1, 2, 3, 4, 5, 6, 7];
const FAINTEST = 0.08;

/** Where each cell `{ weekday, hour, value }` stands, and how strong its colour is, 0 to 1. */
export function layout(cells, { width }) {
  const x = scaleBand(HOURS, [LEFT, width]).padding(0.08);
  const y = scaleBand(DAYS, [TOP, TOP + ROW * DAYS.length]).padding(0.08);
  const strength = scaleSqrt([0, max(cells, (cell) => cell.value) || 1], [FAINTEST, 1]);
  return {
    height: TOP + ROW * DAYS.length,
    cells: cells.map((cell) => ({
      ...cell,
      x: x(cell.hour),
      y: y(cell.weekday),
      width: x.bandwidth(),
      height: y.bandwidth(),
      strength: cell.value ? strength(cell.value) : 0,
    })),
    days: DAYS.map((day) => ({ day, y: y(day) + y.bandwidth() / 2 })),
    hours: HOURS.filter((hour) => hour % (width < 480 ? 6 : 3) === 0).map((hour) => ({ hour, x: x(hour) + x.bandwidth() / 2 })),
  };
}

/** Draw the cells; `label(cell)` reads one out, `dayName(1)` is Monday's. */
export function render(figure, cells, options) {
  const { label, dayName } = options;
  const chart = figure.querySelector(".chart");
  if (!dress(figure, cells, options)) return;
  const width = chart.clientWidth;
  const places = layout(cells, { width });
  const svg = svgOf(figure, { width, height: places.height, ...options });
  svg.selectAll("text.day").data(places.days).join("text").attr("class", "axis day")
    .attr("y", ({ y }) => y).attr("dy", "0.35em").text(({ day }) => dayName(day));
  svg.selectAll("text.hour").data(places.hours).join("text").attr("class", "axis hour")
    .attr("text-anchor", "middle").attr("x", ({ x }) => x).attr("y", 11).text(({ hour }) => hour);
  svg.selectAll("rect.cell").data(places.cells).join("rect").attr("class", "cell").attr("rx", 3)
    .attr("x", ({ x }) => x).attr("y", ({ y }) => y)
    .attr("width", ({ width: each }) => each).attr("height", ({ height }) => height)
    .classed("none", ({ strength }) => strength === 0)
    .attr("fill-opacity", ({ strength }) => strength || null);
  follow(figure, svg, label);
}

function follow(figure, svg, label) {
  const chart = figure.querySelector(".chart");
  const cells = svg.selectAll("rect.cell");
  const show = (place) => {
    cells.classed("current", (_, index) => index === place);
    figure.querySelector(".readout").textContent = place < 0 ? "" : label(cells.data()[place]);
  };
  chart.tabIndex = 0;
  chart.setAttribute("role", "application");
  chart.setAttribute("aria-label", "Hours of the week; arrow keys move among them");
  const moves = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -24, ArrowDown: 24 };
  const go = steer(chart, cells.size() - 1, { moves, show });
  cells.on("pointerenter", (_, cell) => go(cells.data().indexOf(cell))).on("pointerleave", () => go(-1));
}
