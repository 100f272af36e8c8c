// Paths through the graph.

/** All nodes that can be reached from `start` along `next`, a map of lists; `start` included. */
function reachable(start, next) {
  const nodes = new Set([start]);
  for (const node of nodes) for (const other of next.get(node) ?? []) nodes.add(other);
  return nodes;
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
