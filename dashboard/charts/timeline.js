// Sums by period as bars, with a cursor for pointer and keys.
import { max, scaleBand, scaleLinear, select } from "../d3.js";
import { duration, showCaption, showMessage, showTable, svgOf } from "./figure.js";

const MARGIN = { top: 8, right: 2, bottom: 24, left: 44 };
const LABEL_WIDTH = 62;

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

/** Draw the rows, or move what is there; `open(period)` is called for a period that is chosen. */
export function render(figure, rows, options) {
  const { title, caption, empty, columns, description, label, opens } = options;
  showMessage(figure, rows.length ? "" : empty);
  showCaption(figure, rows.length ? caption : "");
  showTable(figure, columns, rows);
  const chart = figure.querySelector(".chart");
  const width = chart.clientWidth;
  if (!rows.length || !width) return;
  const height = 220;
  const places = layout(rows, { width, height, ...options });
  const svg = svgOf(figure, { width, height, title, description });
  drawAxes(svg, places);
  drawBars(svg, places, opens);
  follow(figure, chart, places.bars, { label, ...options });
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

function drawBars(svg, { bars, floor }, opens) {
  const groups = svg.selectAll("g.period-bar").data(bars, ({ period }) => period).join((enter) => {
    const group = enter.append("g").attr("class", "period-bar");
    group.append("rect").attr("class", "slot");
    group.append("rect").attr("class", "bar").attr("y", floor).attr("height", 0).attr("rx", 1.5)
      .attr("x", ({ x }) => x).attr("width", ({ width }) => width);
    return group;
  });
  groups.classed("opens", opens);
  groups.select(".slot").attr("x", ({ slotX }) => slotX).attr("width", ({ slot }) => slot)
    .attr("y", MARGIN.top).attr("height", floor - MARGIN.top);
  groups.select(".bar").transition().duration(duration())
    .attr("x", ({ x }) => x).attr("width", ({ width }) => width)
    .attr("y", ({ y }) => y).attr("height", ({ height }) => height);
}

/** The cursor: what is below the pointer, or was reached by keys, is read out. */
function follow(figure, chart, bars, { label, opens, open }) {
  const readout = figure.querySelector(".readout");
  let current = -1;
  const show = (place) => {
    current = place;
    select(chart).selectAll("g.period-bar").classed("current", (_, index) => index === place);
    readout.textContent = place < 0 ? "" : label(bars[place]);
  };
  const chosen = () => opens && current >= 0 && open(bars[current].period);
  select(chart)
    .selectAll("g.period-bar")
    .on("pointerenter", (_, bar) => show(bars.indexOf(bar)))
    .on("click", chosen);
  chart.onpointerleave = () => show(-1);
  chart.onblur = () => show(-1);
  chart.onkeydown = (event) => {
    const moves = { ArrowLeft: current - 1, ArrowRight: current + 1, Home: 0, End: bars.length - 1 };
    if (event.key === "Enter") chosen();
    if (!(event.key in moves)) return;
    event.preventDefault();
    show(Math.min(Math.max(moves[event.key], 0), bars.length - 1));
  };
  show(-1);
}
