// The treemap: tiles inside tiles, the part that is shown, and how keys move in it.

const HEAD = 20; // pixels for the name of a tile that has tiles inside
const LEAST = 14; // pixels; narrower tiles are not drawn
const MOST_LEVELS = 3; // of tiles inside tiles at one time
const CLASSES = { line: "line", "base image": "base", layer: "layer", hidden: "hidden-bytes" };
const sizeNodes = new Map(); // by key
let shown = null; // the node whose tiles fill the map

/** Gives every node its key, parent and part of the image; the key is its path in the tree. */
function indexTree(node, parent = null) {
  node.parent = parent;
  node.part = !parent || !parent.parent ? node : parent.part;
  const own = node.line ? `line ${node.line}` : node.name.replace(/\/$/, "");
  node.key = !parent ? "" : parent.key ? `${parent.key}/${own}` : own;
  while (sizeNodes.has(node.key)) node.key += "+";
  sizeNodes.set(node.key, node);
  for (const child of node.children ?? []) indexTree(child, node);
}

function startTreemap() {
  indexTree(data.tree);
  shown = data.tree;
  const map = byId("treemap");
  map.addEventListener("keydown", moveInMap);
  new ResizeObserver(drawMap).observe(map);
  on("choose", showInMap);
  on("find", markFound);
}

/** Shows the part of the map that has the node `key`. */
function showInMap(key) {
  const node = sizeNodes.get(key) ?? data.tree;
  shown = node.children ? node : node.parent ?? node;
  drawMap();
}

function drawMap() {
  const map = byId("treemap");
  const focused = map.contains(document.activeElement);
  const area = { x: 0, y: 0, width: map.clientWidth, height: map.clientHeight };
  map.replaceChildren(...tilesInside(shown, area, 1));
  const current = tileOf(chosen.key) ?? map.firstElementChild;
  if (current) current.tabIndex = 0;
  if (focused) current?.focus({ preventScroll: true });
  showTrail();
  markFound();
}

/** The tiles of the children of `node` and of theirs, in drawing order. */
function tilesInside(node, area, level) {
  return squarified(node.children ?? [], area).flatMap((tile) => {
    if (tile.width < LEAST / level || tile.height < LEAST / level) return [];
    const opens = tile.node.children && level < MOST_LEVELS && tile.width > 60 && tile.height > 50;
    const inner = { x: tile.x + 3, y: tile.y + HEAD, width: tile.width - 7, height: tile.height - HEAD - 4 };
    return [tileElement(tile, level, opens), ...(opens ? tilesInside(tile.node, inner, level + 1) : [])];
  });
}

function tileElement({ node, x, y, width, height }, level, opens) {
  const named = width > 34 && height > 15;
  const words = opens || height < 34 ? `${node.name} ${node.size}` : node.name;
  const element = make(
    "button",
    {
      type: "button",
      role: "treeitem",
      class: `tile ${CLASSES[node.part.kind] ?? "layer"} level-${level}`,
      "aria-level": level,
      "aria-label": `${node.name}, ${node.size}`,
      "aria-selected": node.key === chosen.key ? "true" : "false",
      "data-node": node.key,
      tabindex: -1,
      title: `${node.name}\n${node.size}`,
      click: () => choose(node.key),
    },
    named ? make("span", { class: "tile-name" }, words) : null,
    named && !opens && height >= 34 ? make("span", { class: "tile-size" }, node.size) : null,
  );
  const px = (value) => `${Math.max(0, value).toFixed(1)}px`;
  Object.assign(element.style, { left: px(x), top: px(y), width: px(width - 1), height: px(height - 1) });
  return element;
}

const tileOf = (key) => byId("treemap").querySelector(`[data-node="${CSS.escape(key)}"]`);

/** Arrows move between tiles: beside, up to the tile around, down into the tile. */
function moveInMap(event) {
  const node = sizeNodes.get(document.activeElement?.dataset.node ?? "");
  if (!node || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Backspace") {
    event.preventDefault();
    choose((shown.parent ?? shown).key);
    return;
  }
  const beside = node.parent?.children.filter((each) => tileOf(each.key)) ?? [];
  const at = beside.indexOf(node);
  const next = {
    ArrowRight: beside[at + 1],
    ArrowLeft: beside[at - 1],
    ArrowUp: node.parent,
    ArrowDown: node.children?.[0],
    Home: beside[0],
    End: beside.at(-1),
  }[event.key];
  if (!next || !tileOf(next.key)) return;
  event.preventDefault();
  for (const tile of byId("treemap").children) tile.tabIndex = -1;
  tileOf(next.key).tabIndex = 0;
  tileOf(next.key).focus();
}

/** The parts around the one that is shown, as buttons that lead back. */
function showTrail() {
  const around = [];
  for (let node = shown; node; node = node.parent) around.unshift(node);
  const step = (node) =>
    node === shown
      ? make("span", { "aria-current": "true" }, `${node.name} ${node.size}`)
      : [make("button", { type: "button", class: "chooser", click: () => choose(node.key) }, node.name), " › "];
  byId("trail").replaceChildren(...around.flatMap(step));
}

/** Tiles that are, or are around, a result of the search stand out. */
function markFound() {
  const map = byId("treemap");
  map.classList.toggle("searching", foundSizes.length > 0);
  const around = new Set();
  for (let node of foundSizes) for (; node; node = node.parent) around.add(node.key);
  for (const tile of map.children) tile.classList.toggle("match", around.has(tile.dataset.node));
}
