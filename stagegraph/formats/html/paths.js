// Paths through the graph.

/** All nodes that can be reached from `starts` along `next`, a map of lists; `starts` included. */
function reachable(starts, next, hops = Infinity) {
  const distances = new Map([...starts].map((start) => [start, 0]));
  for (const [node, distance] of distances) {
    if (distance >= hops) continue;
    for (const other of next.get(node) ?? []) if (!distances.has(other)) distances.set(other, distance + 1);
  }
  return new Set(distances.keys());
}

/** The edges of a shortest path from `start` to one of `goals`, or null. */
function shortestPath(start, goals, edgesFrom) {
  const arrivals = new Map([[start, null]]);
  for (const node of arrivals.keys()) {
    if (goals.has(node)) return edgesBack(node, arrivals);
    for (const edge of edgesFrom.get(node) ?? []) {
      if (edge.needed && !arrivals.has(edge.target)) arrivals.set(edge.target, edge);
    }
  }
  return null;
}

function edgesBack(node, arrivals) {
  const path = [];
  for (let edge = arrivals.get(node); edge; edge = arrivals.get(edge.source)) path.unshift(edge);
  return path;
}
