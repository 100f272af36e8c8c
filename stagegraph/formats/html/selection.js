// The selection, the item under the pointer and the search results; other parts of the page listen to them.

const chosen = { key: "" };
const listeners = { choose: [], point: [], find: [], draw: [] };

const on = (event, listener) => listeners[event].push(listener);
const tell = (event, ...values) => listeners[event].forEach((listener) => listener(...values));

/** Selects the item `key`, or nothing; the address keeps it. `enlarge`: the graph zooms in until its text is legible. */
function choose(key, enlarge = true) {
  chosen.key = key;
  try {
    history.replaceState(null, "", key ? addressOf(key) : location.pathname + location.search);
  } catch {
    // A page in a frame has no address of its own.
  }
  tell("choose", key, enlarge);
}

/** Selects `key`, or nothing if it is selected; the view stays. */
const toggle = (key) => choose(chosen.key === key ? "" : key, false);
