// Making elements. Texts become text nodes and attributes, never markup.

const SVG = "http://www.w3.org/2000/svg";
const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

/** An element with attributes; a function is a listener, false and null leave an attribute out. */
function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same in a drawing. */
function makeShape(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== ""));
  return element;
}

/** Values of `items` by their `key`. */
function byKey(items) {
  return new Map(items.map((item) => [item.key, item]));
}

/** The `items` grouped by `name(item)`. */
function grouped(items, name) {
  const found = new Map();
  for (const item of items) {
    const key = name(item);
    if (!found.has(key)) found.set(key, []);
    found.get(key).push(item);
  }
  return found;
}

/** "line 4", "lines 4–9", as a link where the Dockerfile has an address. */
function lineMark(line, end) {
  if (!line) return "";
  const words = end && end !== line ? `lines ${line}–${end}` : `line ${line}`;
  if (!data.link) return make("span", { class: "line" }, words);
  return make("a", { class: "line", href: `${data.link}#L${line}`, rel: "noreferrer" }, words);
}
