// Divides a rectangle into tiles that are as close to squares as possible.
// Source: Bruls, Huizing, van Wijk, "Squarified Treemaps", 2000.

/** A rectangle for each of `nodes`, whose `bytes` are sorted, the largest first, inside `area`. */
function squarified(nodes, area) {
  const total = nodes.reduce((sum, node) => sum + node.bytes, 0);
  const tiles = [];
  let rest = { ...area };
  let left = total;
  for (let first = 0; first < nodes.length && left > 0; ) {
    const scale = (rest.width * rest.height) / left;
    const side = Math.min(rest.width, rest.height);
    const count = bestRow(nodes, first, scale, side);
    const row = nodes.slice(first, first + count);
    rest = placeRow(tiles, row, rest, left);
    left -= row.reduce((sum, node) => sum + node.bytes, 0);
    first += count;
  }
  return tiles;
}

/** How many nodes from `first` on make the row whose worst tile is closest to a square. */
function bestRow(nodes, first, scale, side) {
  let sum = 0;
  let best = Infinity;
  for (let at = first; at < nodes.length; at += 1) {
    sum += nodes[at].bytes * scale;
    const largest = nodes[first].bytes * scale;
    const smallest = nodes[at].bytes * scale;
    const worst = smallest > 0 ? Math.max((side ** 2 * largest) / sum ** 2, sum ** 2 / (side ** 2 * smallest)) : Infinity;
    if (worst > best) return at - first;
    best = worst;
  }
  return nodes.length - first;
}

/** Adds the tiles of one row along the shorter side of `rest`; gives what remains of it. */
function placeRow(tiles, row, rest, left) {
  const sum = row.reduce((total, node) => total + node.bytes, 0);
  const across = rest.width >= rest.height;
  const thickness = (across ? rest.width : rest.height) * (sum / left);
  let at = across ? rest.y : rest.x;
  for (const node of row) {
    const length = sum ? (across ? rest.height : rest.width) * (node.bytes / sum) : 0;
    tiles.push(
      across
        ? { node, x: rest.x, y: at, width: thickness, height: length }
        : { node, x: at, y: rest.y, width: length, height: thickness },
    );
    at += length;
  }
  return across
    ? { x: rest.x + thickness, y: rest.y, width: rest.width - thickness, height: rest.height }
    : { x: rest.x, y: rest.y + thickness, width: rest.width, height: rest.height - thickness };
}
