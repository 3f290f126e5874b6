// Texts that must fit.

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
