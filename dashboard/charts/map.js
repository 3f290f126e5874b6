// The world by country: the stronger the colour, the more. Its outlines come when first needed.
import { geoEqualEarth, geoPath, max, scaleSqrt } from "../d3.js";
import { LETTERS } from "../data/countries.js";
import { vendored } from "../data/api.js";
import { dress, svgOf } from "./figure.js";

const FAINTEST = 0.15;
const ANTARCTICA = "010"; // takes a quarter of the height, and hears nothing

let world = null;

/** The outlines of countries, each with the letters that listens name it by; fetched once. */
export function outlines() {
  world ??= loaded().catch((error) => {
    world = null; // the next time may do better
    throw error;
  });
  return world;
}

async function loaded() {
  const [file] = await Promise.all([vendored("countries-110m.json"), import("../vendor/topojson-client.min.js")]);
  return globalThis.topojson.feature(file, file.objects.countries).features
    .filter(({ id }) => id !== ANTARCTICA)
    .map((feature) => ({ ...feature, country: LETTERS.get(feature.id) }));
}

/** Each country's path, its row if it has one, and how strong its colour is, 0 to 1. */
export function layout(rows, countries, { width }) {
  const everything = { type: "FeatureCollection", features: countries };
  const projection = geoEqualEarth().fitWidth(width, everything);
  const path = geoPath(projection);
  const strength = scaleSqrt([0, max(rows, (row) => row.value) || 1], [FAINTEST, 1]);
  const known = new Map(rows.map((row) => [row.country, row]));
  return {
    height: Math.ceil(path.bounds(everything)[1][1]),
    countries: countries.map((country) => {
      const row = known.get(country.country);
      return { row, d: path(country), strength: row?.value ? strength(row.value) : 0 };
    }),
  };
}

/** Draw the rows, `{ country, name, value, text }`; those that the map lacks are in the table. */
export function render(figure, rows, countries, options) {
  if (!dress(figure, rows, options)) return;
  const width = figure.querySelector(".chart").clientWidth;
  const places = layout(rows, countries, { width });
  const svg = svgOf(figure, { width, height: places.height, ...options });
  const readout = figure.querySelector(".readout");
  svg
    .selectAll("path")
    .data(places.countries)
    .join("path")
    .attr("class", ({ strength }) => (strength ? "country" : "country none"))
    .attr("d", ({ d }) => d)
    .attr("fill-opacity", ({ strength }) => strength || null)
    .on("pointerenter", (_, { row }) => (readout.textContent = row ? `${row.name}: ${row.text}` : ""))
    .on("pointerleave", () => (readout.textContent = ""))
    .on("click", (_, { row }) => row?.href && (location.hash = row.href));
}
