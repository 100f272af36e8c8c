// The selection, the item under the pointer and the search results; other parts of the page listen to them.

const chosen = { key: "" };
const listeners = { choose: [], point: [], find: [], draw: [] };

/** How the address of the page names an item; a page may have better names than keys. */
const address = { of: encodeURIComponent, key: (text) => text };

/** `text` without its escapes; empty if one is not valid. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return "";
  }
}

const on = (event, listener) => listeners[event].push(listener);
const tell = (event, ...values) => listeners[event].forEach((listener) => listener(...values));

/** Selects the item `key`, or nothing; the address keeps it. `enlarge`: the graph zooms in until its text is legible. */
function choose(key, enlarge = true) {
  chosen.key = key;
  try {
    const text = address.of(key);
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  } catch {
    // A page in a frame has no address of its own.
  }
  tell("choose", key, enlarge);
}

/** Selects `key`, or nothing if it is selected; the view stays. */
const toggle = (key) => choose(chosen.key === key ? "" : key, false);

/** The key in the address of the page if the page has that item, or an empty string. */
function keyInAddress(known) {
  const key = address.key(decoded(location.hash.slice(1).replace(/(^|&)open=[^&]*$/, "")));
  return known.has(key) ? key : "";
}
