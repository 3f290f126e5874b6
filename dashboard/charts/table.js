// A table that is the thing itself, not a chart's other form: links, and headings that sort.
import { select } from "../d3.js";
import { h, linked } from "../dom.js";

/**
 * A table in a box that scrolls. Columns are `{ title, text, isNumber, href, by }`, and `key(row)`
 * says which row stays which; with `sort(by)` the headings of columns with `by` are buttons.
 */
export function renderTable(box, columns, rows, { key, label, sorted, ascending, sort }) {
  const table = select(box).selectAll("table").data([null]).join((enter) => {
    const fresh = enter.append("table");
    fresh.append("caption").attr("class", "unseen");
    fresh.append("thead").append("tr");
    fresh.append("tbody");
    return fresh;
  });
  table.select("caption").text(label);
  table.select("thead tr").selectAll("th").data(columns).join("th")
    .attr("scope", "col")
    .attr("class", ({ isNumber }) => (isNumber ? "number" : null))
    .attr("aria-sort", ({ by }) => (by && by === sorted ? (ascending ? "ascending" : "descending") : null))
    .each(function (column) {
      if (!column.by || !sort) return void (this.textContent = column.title);
      if (!this.firstElementChild) this.replaceChildren(h("button", { type: "button", class: "sort" }));
      const mark = column.by === sorted ? (ascending ? " ↑" : " ↓") : "";
      Object.assign(this.firstElementChild, { onclick: () => sort(column.by), textContent: `${column.title}${mark}` });
    });
  table.select("tbody").selectAll("tr").data(rows, key).join("tr").order()
    .selectAll("td").data((row) => columns.map((column) => ({ column, row }))).join("td")
    .attr("class", ({ column }) => (column.isNumber ? "number" : (column.kind ?? null)))
    .each(function ({ column, row }) {
      const text = column.text(row);
      this.title = text.length > 24 ? text : ""; // long ones are cut short
      const href = column.href?.(row);
      if (this.textContent === text && this.firstElementChild?.getAttribute("href") === (href ?? undefined)) return;
      this.replaceChildren(href ? linked(href, text) : text);
    });
}

/** A box for a table, which keys can scroll. */
export const tableBox = (label) => h("div", { class: "table-box", role: "region", tabIndex: 0, "aria-label": label });
