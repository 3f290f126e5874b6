// What is used of D3: its published file is a script that sets a global, also as a module.
import "./vendor/d3.min.js";

export const {
  brushX, geoEqualEarth, geoPath, line, max, pointer, scaleBand, scaleLinear, scalePoint, scaleSqrt, select,
} = globalThis.d3;
