// Creates elements. Texts become text nodes and attributes, never markup.

const SVG = "http://www.w3.org/2000/svg";
const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

/** An element with attributes; a function is a listener, false and null leave an attribute out. */
function make(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** An SVG element with attributes. */
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

/** A map from the `key` of each item to the item. */
function byKey(items) {
  return new Map(items.map((item) => [item.key, item]));
}

/** A map from each key, `keyOf(item)`, to the list of its `items`. */
function grouped(items, keyOf) {
  const groups = new Map();
  for (const item of items) {
    const key = keyOf(item);
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(item);
  }
  return groups;
}

/** "line 4" or "lines 4–9", as a link if the page has the URL of the Dockerfile, or the item has one of its own. */
function lineMark(line, end, link = data.link) {
  if (!line) return "";
  const words = end && end !== line ? `lines ${line}–${end}` : `line ${line}`;
  if (!link) return make("span", { class: "line" }, words);
  return make("a", { class: "line", href: `${link}#L${line}`, rel: "noreferrer" }, words);
}
