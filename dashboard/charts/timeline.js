// Sums by period as bars: a cursor for pointer and keys, and a brush that chooses several.
import { brushX, max, pointer, scaleBand, scaleLinear, select } from "../d3.js";
import { dress, duration, steer, svgOf } from "./figure.js";

const MARGIN = { top: 8, right: 2, bottom: 24, left: 44 };
const LABEL_WIDTH = 62;
const HEIGHT = 220;

/**
 * Where everything stands. Rows are `{ period, value }`; `tick(period)` is the label below the
 * axis, `number(value)` the one beside it.
 */
export function layout(rows, { width, height, tick, number }) {
  const x = scaleBand(rows.map((row) => row.period), [MARGIN.left, width - MARGIN.right])
    .paddingInner(rows.length > 60 ? 0.15 : 0.25);
  const y = scaleLinear([0, max(rows, (row) => row.value) || 1], [height - MARGIN.bottom, MARGIN.top]).nice(4);
  const floor = height - MARGIN.bottom;
  return {
    width,
    height,
    floor,
    left: MARGIN.left,
    bars: rows.map((row) => ({
      ...row,
      slotX: x(row.period) - (x.step() - x.bandwidth()) / 2,
      slot: x.step(),
      x: x(row.period),
      width: Math.max(1, x.bandwidth()),
      y: y(row.value),
      height: floor - y(row.value),
    })),
    numbers: y.ticks(4).filter(Number.isInteger).map((value) => ({ y: y(value), text: number(value) })),
    periods: spaced(rows, (width - MARGIN.left) / LABEL_WIDTH).map((row) => ({
      x: x(row.period) + x.bandwidth() / 2,
      text: tick(row.period),
    })),
  };
}

/** Some rows evenly apart, at most `room`: months from January on, others from the first on. */
export function spaced(rows, room) {
  const fits = Math.ceil(rows.length / Math.max(1, room));
  if (!/^\d{4}-\d{2}$/.test(rows[0]?.period)) return rows.filter((_, place) => place % fits === 0);
  const every = [1, 3, 6, 12].find((months) => months >= fits) ?? 12 * Math.ceil(fits / 12);
  return rows.filter(({ period }) => {
    const months = 12 * Number(period.slice(0, 4)) + Number(period.slice(5)) - 1;
    return months % every === 0;
  });
}

/** The bars that a stretch from one x to another covers by half or more: their places. */
export function covered(bars, [from, to]) {
  const middle = ({ slotX, slot }) => slotX + slot / 2;
  const places = bars.map((_, place) => place).filter((place) => middle(bars[place]) >= from && middle(bars[place]) <= to);
  return places.length ? [places[0], places.at(-1)] : null;
}

/**
 * Draw the rows, or move what is there. `open(period)` is called for a period that is chosen, and
 * `choose(first, last)` for several; without them nothing can be.
 */
export function render(figure, rows, options) {
  const chart = figure.querySelector(".chart");
  if (!dress(figure, rows, options)) return;
  const places = layout(rows, { width: chart.clientWidth, height: HEIGHT, ...options });
  const svg = svgOf(figure, { width: places.width, height: HEIGHT, ...options });
  drawAxes(svg, places);
  drawBars(svg, places);
  follow(figure, svg, places, options);
}

function drawAxes(svg, { numbers, periods, left, width, height }) {
  const rows = svg.selectAll("g.axis-row").data(numbers).join((enter) => {
    const row = enter.insert("g", "g.period-bar").attr("class", "axis-row");
    row.append("line").attr("class", "grid");
    row.append("text").attr("class", "axis").attr("text-anchor", "end").attr("dy", "0.32em");
    return row;
  });
  rows.attr("transform", ({ y }) => `translate(0,${y})`);
  rows.select("line").attr("x1", left).attr("x2", width);
  rows.select("text").attr("x", left - 8).text(({ text }) => text);
  svg
    .selectAll("text.tick")
    .data(periods)
    .join("text")
    .attr("class", "axis tick")
    .attr("text-anchor", "middle")
    .attr("x", ({ x }) => Math.min(Math.max(x, left + 16), width - 18))
    .attr("y", height - 6)
    .text(({ text }) => text);
}

function drawBars(svg, { bars, floor }) {
  const groups = svg.selectAll("g.period-bar").data(bars, ({ period }) => period).join((enter) => {
    const group = enter.append("g").attr("class", "period-bar");
    group.append("rect").attr("class", "slot");
    group.append("rect").attr("class", "bar").attr("y", floor).attr("height", 0).attr("rx", 1.5)
      .attr("x", ({ x }) => x).attr("width", ({ width }) => width);
    return group;
  });
  groups.select(".slot").attr("x", ({ slotX }) => slotX).attr("width", ({ slot }) => slot)
    .attr("y", MARGIN.top).attr("height", floor - MARGIN.top);
  groups.select(".bar").transition().duration(duration())
    .attr("x", ({ x }) => x).attr("width", ({ width }) => width)
    .attr("y", ({ y }) => y).attr("height", ({ height }) => height);
}

/** The cursor and the brush: what is below the pointer, or was reached by keys, is read out. */
function follow(figure, svg, { bars, floor, left, width }, { label, open, choose }) {
  const chart = figure.querySelector(".chart");
  const readout = figure.querySelector(".readout");
  const show = (place) => {
    svg.selectAll("g.period-bar").classed("current", (_, index) => index === place);
    readout.textContent = place < 0 ? "" : label(bars[place]);
  };
  const at = (event) => {
    const [x] = pointer(event, svg.node());
    return bars.findIndex(({ slotX, slot }) => x >= slotX && x < slotX + slot);
  };
  chart.tabIndex = 0;
  chart.setAttribute("role", "application");
  chart.setAttribute("aria-label", `${figure.querySelector("h2").textContent}: arrow keys move along it${open ? ", Enter opens the period" : ""}`);
  const go = steer(chart, bars.length - 1, { moves: { ArrowLeft: -1, ArrowRight: 1 }, show, enter: (place) => open?.(bars[place].period) });
  svg.on("pointermove", (event) => go(at(event))).on("pointerleave", () => go(-1));
  const layer = svg.selectAll("g.brush").data(choose || open ? [null] : []).join("g").attr("class", "brush");
  if (layer.empty()) return;
  // Not by touch: a finger on the chart scrolls the page, and a tap is still a click.
  const brush = brushX().touchable(false).extent([[left, MARGIN.top], [width, floor]]).on("end", (event) => {
    if (!event.sourceEvent) return; // moved by this module
    const chosen = event.selection && covered(bars, event.selection);
    if (event.selection) layer.call(brush.clear);
    const place = at(event.sourceEvent);
    if (chosen && choose) choose(bars[chosen[0]].period, bars[chosen[1]].period);
    else if (!event.selection && place >= 0) open?.(bars[place].period);
  });
  layer.call(brush).raise();
}
