// Follows the Dockerfile: shows its error, and loads the page again when its graph changes.
// What the user sees is kept in the storage of the tab while the page loads.

const STORED = `stagegraph ${location.pathname}`;
const stored = "live" in data ? readStored() : null;

function readStored() {
  try {
    return JSON.parse(sessionStorage.getItem(STORED));
  } catch {
    return null; // a browser that keeps nothing
  }
}

/** Before the theme starts. */
function restoreTheme() {
  if (stored?.theme) document.documentElement.dataset.theme = stored.theme;
}

/** Restores what the user saw, and listens for changes; `version` is that of this page. */
async function startLive(version, graph) {
  if (stored) await restoreAll(stored, graph);
  addEventListener("pagehide", () => store(graph));
  const notice = make("div", { class: "live alert", role: "alert" });
  document.querySelector("main").prepend(notice);
  let source = null;
  const listen = () => {
    source?.close();
    source = null;
    if (document.hidden) return; // a browser has few connections for one server: hidden tabs use none
    source = new EventSource("events");
    source.addEventListener("message", (event) => hear(JSON.parse(event.data), version, notice, graph));
    source.addEventListener("error", () => sayDisconnected(notice));
  };
  document.addEventListener("visibilitychange", listen);
  listen();
}

function hear(news, version, notice, graph) {
  if (news.version !== version) {
    location.reload();
    return;
  }
  const rest = graph ? "The graph is that of the last version without an error." : "The graph appears when the error is fixed.";
  notice.replaceChildren(...(news.error.length ? [make("pre", {}, news.error.join("\n")), make("p", {}, rest)] : []));
}

function sayDisconnected(notice) {
  notice.replaceChildren(make("p", {}, "Not connected: stagegraph serve has ended, or cannot be reached. The graph no longer changes."));
}

function store(graph) {
  const canvas = document.querySelector(".canvas");
  const state = {
    count: nodes.size + steps.size,
    chosen: identity(chosen.key),
    focus: focused(graph),
    view: graph && viewOf(graph, canvas),
    theme: document.documentElement.dataset.theme,
    search: byId("search").value,
    drawing: switches?.name === drawings?.shown ? "" : switches?.name,
    hops: look.hops,
    path: canvas?.classList.contains("show-path"),
    legend: document.querySelector(".legend")?.open,
    scroll: byId("panel").scrollTop,
  };
  // Without a graph to look at, what was seen before is kept.
  if (!graph && stored) Object.assign(state, { count: stored.count, chosen: stored.chosen, view: stored.view, drawing: stored.drawing, hops: stored.hops, path: stored.path, legend: stored.legend });
  try {
    sessionStorage.setItem(STORED, JSON.stringify(state));
  } catch {
    // a browser that keeps nothing
  }
}

/** What stays the same of an item when lines above it change: its kind and its name. */
function identity(key) {
  const step = steps.get(key);
  const node = nodes.get(key);
  const group = shown?.groups.get(key);
  const name = (node && `${node.kind} ${node.label}`) ?? (step && `${labelOf(step.nodes[0])} ${step.text}`) ?? group?.label ?? "";
  return { key, name };
}

/** The key of the item that was `wanted`: the one with its name, or in its place if it was only renamed. */
function keyOf(wanted, count) {
  const known = [...nodes.keys(), ...steps.keys(), ...(shown ? [...shown.groups.keys(), ...shown.arrowOf.keys()] : [])];
  const same = wanted.name ? known.filter((key) => identity(key).name === wanted.name) : [];
  if (same.length) return same.includes(wanted.key) ? wanted.key : same[0];
  return known.includes(wanted.key) && count === nodes.size + steps.size ? wanted.key : "";
}

/** The view, and where in the window its anchor is: the selected box, or the one nearest to the middle. */
function viewOf({ panning }, canvas) {
  const view = panning.state();
  const at = (box) => {
    const { x, y } = middleOf(box);
    return { left: (x - view.x) * view.scale, top: (y - view.y) * view.scale };
  };
  const aside = ({ left, top }) => Math.hypot(left - canvas.clientWidth / 2, top - canvas.clientHeight / 2);
  const places = shown.boxes.map((box) => ({ box, ...at(box) })).sort((a, b) => aside(a) - aside(b));
  const inside = ({ left, top }) => left > 0 && top > 0 && left < canvas.clientWidth && top < canvas.clientHeight;
  const anchor = places.find((place) => place.box.key === chosen.key && inside(place)) ?? places[0];
  return { ...view, anchor: anchor && { left: anchor.left, top: anchor.top, ...identity(anchor.box.key) } };
}

function middleOf(box) {
  const { x, y, width, height } = boundsOf(box.element);
  return { x: x + width / 2, y: y + height / 2 };
}

/** The focused box, or the id of another focused element. */
function focused(graph) {
  const active = document.activeElement;
  const box = graph && shown.boxes.find(({ element }) => element === active);
  return box ? identity(box.key) : { id: active?.id ?? "" };
}

async function restoreAll(state, graph) {
  const input = byId("search");
  input.value = state.search;
  if (state.search) input.dispatchEvent(new Event("input"));
  const button = byId("critical");
  if (button && typeof state.path === "boolean" && state.path !== (button.getAttribute("aria-pressed") === "true")) button.click();
  const legend = document.querySelector(".legend");
  if (legend && typeof state.legend === "boolean") legend.open = state.legend;
  if (!graph) return;
  if (state.drawing) await switches.show(state.drawing);
  byId("hops").value = look.hops = state.hops ?? 0;
  choose(keyOf(state.chosen, state.count), false);
  byId("panel").scrollTop = state.scroll;
  restoreFocus(state);
  if (state.view) restoreView(state, graph);
}

function restoreFocus({ focus, count }) {
  const key = focus.name ? keyOf(focus, count) : "";
  const element = key ? shown.boxes.find((box) => box.key === key)?.element : focus.id && byId(focus.id);
  element?.focus?.({ preventScroll: true });
}

/** Shows the anchor at its old place in the window, or else the same part of the drawing. */
function restoreView({ view, count }, { panning }) {
  const { anchor, ...wanted } = view;
  const key = anchor && keyOf(anchor, count);
  const box = key && shown.boxes.find((each) => each.key === key);
  if (box && !wanted.fitted) {
    const { x, y } = middleOf(box);
    Object.assign(wanted, { x: x - anchor.left / wanted.scale, y: y - anchor.top / wanted.scale });
  }
  panning.restore(wanted);
}
