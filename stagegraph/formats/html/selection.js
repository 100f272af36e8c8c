// The selection, the item under the pointer and the search results; other parts of the page listen to them.

const chosen = { key: "" };
const listeners = { choose: [], point: [], find: [] };

const on = (event, listener) => listeners[event].push(listener);
const tell = (event, value) => listeners[event].forEach((listener) => listener(value));

/** Selects the node or step `key`, or nothing; the address of the page keeps it. */
function choose(key) {
  chosen.key = key;
  try {
    history.replaceState(null, "", key ? `#${encodeURIComponent(key)}` : location.pathname + location.search);
  } catch {
    // A page in a frame has no address of its own.
  }
  tell("choose", key);
}

/** Selects `key`, or nothing if it is selected. */
const toggle = (key) => choose(chosen.key === key ? "" : key);

/** The key in the address of the page if the page has that item, or an empty string. */
function keyInAddress(known) {
  try {
    const key = decodeURIComponent(location.hash.slice(1));
    return known.has(key) ? key : "";
  } catch {
    return "";
  }
}
