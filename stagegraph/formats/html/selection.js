// What is chosen, what the pointer is on, what the search finds; whoever shows it listens.

const chosen = { key: "" };
const listeners = { choose: [], point: [], find: [] };

const on = (event, listener) => listeners[event].push(listener);
const tell = (event, value) => listeners[event].forEach((listener) => listener(value));

/** Choose the node or step called `key`, or nothing; the address keeps it. */
function choose(key) {
  chosen.key = key;
  try {
    history.replaceState(null, "", key ? `#${encodeURIComponent(key)}` : location.pathname + location.search);
  } catch {
    // A page inside another has no address of its own.
  }
  tell("choose", key);
}

/** Choose `key`, or nothing if it is chosen. */
const toggle = (key) => choose(chosen.key === key ? "" : key);

/** What the address of the page chooses, if there is such a thing. */
function keyInAddress(known) {
  try {
    const key = decodeURIComponent(location.hash.slice(1));
    return known.has(key) ? key : "";
  } catch {
    return "";
  }
}
