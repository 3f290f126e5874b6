// Listening personality: each of four axes from one end to the other, with the value and the
// threshold that divides them.
import { select } from "../d3.js";

const percent = (fraction) => `${Math.min(100, Math.max(0, fraction * 100))}%`;

/** What an axis says: `42%, Exploration from 30%`. */
export const axisSentence = ({ value, threshold, ends }, write) =>
  value === null ? "not known" : `${write(value)}; ${ends[1]} from ${write(threshold)}`;

/** Draw the axes, as `/api/listeners/…` has them; `write(share)` is a share as text. */
export function render(element, axes, write) {
  const rows = select(element).selectAll("li").data(axes, ({ name }) => name).join((enter) => {
    const row = enter.append("li");
    row.append("span").attr("class", "end first");
    const scale = row.append("span").attr("class", "scale");
    scale.append("span").attr("class", "threshold");
    scale.append("span").attr("class", "mark");
    row.append("span").attr("class", "end second");
    row.append("span").attr("class", "sentence");
    return row;
  });
  for (const [place, className] of [[0, ".first"], [1, ".second"]]) {
    rows.select(className)
      .classed("chosen", ({ ends, letter }) => letter !== null && ends[place].startsWith(letter))
      .text(({ ends }) => ends[place]);
  }
  rows.select(".threshold").style("left", ({ threshold }) => percent(threshold));
  rows.select(".mark").attr("hidden", ({ value }) => (value === null ? "" : null)).style("left", ({ value }) => percent(value ?? 0));
  rows.select(".sentence").text((axis) => axisSentence(axis, write));
}
