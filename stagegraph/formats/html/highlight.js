// Highlights the paths of the selected item and the search results, and dims the rest.

const look = { point: "", found: null, hops: 0 };
let drawnLook = "";

function startHighlight(panning) {
  on("point", (key) => {
    look.point = key;
    highlight();
  });
  on("find", (keys) => {
    look.found = keys;
    drawnLook = "";
    highlight();
  });
  on("choose", (key, enlarge) => {
    if (!shown) return;
    highlight();
    showChosen(key, enlarge, panning);
  });
  byId("hops").addEventListener("change", (event) => {
    look.hops = Number(event.target.value);
    highlight();
    showNear(panning);
  });
}

function showChosen(key, enlarge, panning) {
  const chosenId = elementOf(key);
  for (const box of shown.boxes) markChosen(box.element, box.id === chosenId);
  for (const arrow of shown.arrows) markChosen(arrow.element, arrow.key === key);
  const arrow = shown.arrowOf.get(key);
  const box = shown.byId.get(chosenId);
  if (look.hops && (box || arrow || !key)) showNear(panning);
  else if (arrow) panning.reveal(boundsOf(arrow.element));
  else if (box) panning.reveal(boundsOf(box.element), enlarge ? textSize(box.element) : 0);
}

function markChosen(element, is) {
  if (element.classList.toggle("chosen", is) || element.getAttribute("aria-pressed") === "true") element.setAttribute("aria-pressed", is);
}

/** Fits what is near the selection, or everything. */
function showNear(panning) {
  const near = nearItems(chosen.key);
  if (near) panning.frame(boundsOfAll(shown.boxes.filter((box) => near.has(box.id)).map((box) => box.element)));
  else panning.fit();
}

/** Sets the classes of all items; nothing if the same is shown already. */
function highlight() {
  if (!shown) return;
  const now = JSON.stringify([look.point, chosen.key, look.hops]);
  if (now === drawnLook) return;
  drawnLook = now;
  const path = pathOf(look.point) ?? pathOf(chosen.key);
  const matches = look.found && new Set([...look.found].map(elementOf));
  const near = nearItems(chosen.key);
  shown.svg.classList.toggle("tracing", Boolean(path));
  shown.svg.classList.toggle("searching", Boolean(matches));
  for (const box of shown.boxes) showBox(box, path, matches, near);
  for (const arrow of shown.arrows) showArrow(arrow, path, matches, near);
}

function showBox(box, path, matches, near) {
  const isOn = Boolean(path?.boxes.has(box.id));
  const isMatch = Boolean(matches?.has(box.id));
  for (const element of [box.element, box.name].filter(Boolean)) {
    element.classList.toggle("on", isOn);
    element.classList.toggle("match", isMatch);
    element.classList.toggle("dim", Boolean(path || matches) && !isOn && !isMatch);
    element.classList.toggle("away", Boolean(near) && !near.has(box.id));
  }
}

function showArrow(arrow, path, matches, near) {
  const isOn = Boolean(path?.has(arrow));
  for (const element of [arrow.element, arrow.labelElement].filter(Boolean)) {
    element.classList.toggle("on", isOn);
    element.classList.toggle("dim", Boolean(path || matches) && !isOn);
    element.classList.toggle("away", Boolean(near) && !(near.has(arrow.source) && near.has(arrow.target)));
  }
}

/** What the item `key` is made from and what it leads to: its boxes, and a function of arrows; null without an item. */
function pathOf(key) {
  const arrow = shown.arrowOf.get(key);
  if (arrow) return { boxes: withFrames(new Set([arrow.source, arrow.target])), has: (other) => other === arrow };
  const starts = startsOf(key);
  if (!starts) return null;
  const after = reachable(starts, shown.next);
  const before = reachable(starts, shown.previous);
  return { boxes: withFrames(new Set([...after, ...before])), has: ({ source, target }) => after.has(source) || before.has(target) };
}

/** The ids of the box of `key`, and of the boxes in it if it is a frame; null if it is not drawn. */
function startsOf(key) {
  const id = key && elementOf(key);
  if (!id) return null;
  return new Set([id, ...shown.boxes.filter((box) => box.frame === id).map((box) => box.id)]);
}

function withFrames(ids) {
  for (const box of shown.boxes) if (box.frame && ids.has(box.id)) ids.add(box.frame);
  return ids;
}

/** The ids of the boxes at most `look.hops` arrows from the selection; null for all. */
function nearItems(key) {
  const arrow = shown.arrowOf.get(key);
  const starts = look.hops ? (arrow ? new Set([arrow.source, arrow.target]) : startsOf(key)) : null;
  if (!starts) return null;
  const both = new Map(shown.next);
  for (const [id, list] of shown.previous) both.set(id, [...(both.get(id) ?? []), ...list]);
  return withFrames(reachable(starts, both, look.hops));
}
