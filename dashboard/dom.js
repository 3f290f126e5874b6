// Elements made in code: texts are texts, never markup.

/** An element with properties, `aria-…` and `data-…` attributes among them, and its children. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name === "class") element.className = value;
    else if (name.includes("-") || ["role", "for", "list"].includes(name)) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** A drop-down; options are `[value, text]`. */
export function dropDown(properties, options, value) {
  const element = h("select", properties, options.map(([each, text]) => new Option(text, each)));
  element.value = value;
  return element;
}

/** Put other options into a drop-down, if they are others. */
export function setOptions(element, options, value) {
  const present = Array.from(element.options, (option) => `${option.value}\n${option.text}`).join("\n");
  if (present !== options.map((option) => option.join("\n")).join("\n")) {
    element.replaceChildren(...options.map(([each, text]) => new Option(text, each)));
  }
  element.value = value;
}

/** Radio buttons that look like one; `choose(value)` is told of another choice. */
export function segments({ name, legend, small }, options, choose) {
  const inputs = options.map(([value, text]) =>
    h("label", {}, h("input", { type: "radio", name, value, onchange: () => choose(value) }), h("span", {}, text)));
  return h("fieldset", { class: small ? "segments small" : "segments" }, h("legend", {}, legend), inputs);
}

/** Show one of the choices as chosen. */
export function check(fieldset, value) {
  for (const input of fieldset.querySelectorAll("input")) input.checked = input.value === value;
}

/** A link, or the bare text where there's nothing to link to. */
export const linked = (href, text) => (href ? h("a", { href }, text) : h("span", {}, text));

/** Whether there's room for little more than a table's first columns. */
export const isNarrow = () => matchMedia("(max-width: 40rem)").matches;
