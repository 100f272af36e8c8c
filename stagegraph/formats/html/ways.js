// The ways along which one thing comes into another.

/** All that can be reached from `start` along `next`, a map of lists; start included. */
function reached(start, next) {
  const found = new Set([start]);
  for (const place of found) for (const other of next.get(place) ?? []) found.add(other);
  return found;
}

/** The edges of a shortest way from `start` to one of `goals`, or null. */
function shortestWay(start, goals, edgesFrom) {
  const came = new Map([[start, null]]);
  for (const place of came.keys()) {
    if (goals.has(place)) return edgesBack(place, came);
    for (const edge of edgesFrom.get(place) ?? []) {
      if (edge.needed && !came.has(edge.target)) came.set(edge.target, edge);
    }
  }
  return null;
}

function edgesBack(place, came) {
  const way = [];
  for (let edge = came.get(place); edge; edge = came.get(edge.source)) way.unshift(edge);
  return way;
}
