// The number of steps that ran in parallel: a curve below the bars, and its value under the pointer.

function startConcurrency(sheet, { concurrency, wall }) {
  const most = concurrency.reduce((best, [, count]) => Math.max(best, count), 1);
  const plot = sheet.querySelector(".plot");
  const curve = makeShape("svg", { viewBox: `0 0 ${wall || 1} ${most}`, preserveAspectRatio: "none", role: "img" });
  curve.setAttribute("aria-label", most < 2 ? "Nothing ran in parallel" : `Up to ${most} steps ran in parallel`);
  curve.append(makeShape("path", { d: outline(concurrency, wall, most) }));
  plot.append(curve, make("span", { class: "most" }, `${most}`));
  listenToCursor(sheet, concurrency, wall);
}

/** The area below a curve of steps, from (0, 0) to the end. */
function outline(points, wall, most) {
  const parts = [`M0 ${most}`];
  let height = most;
  for (const [time, count] of points) {
    parts.push(`L${time} ${height}`, `L${time} ${most - count}`);
    height = most - count;
  }
  return [...parts, `L${wall} ${height}`, `L${wall} ${most}Z`].join("");
}

function listenToCursor(sheet, concurrency, wall) {
  const cursor = sheet.querySelector(".cursor");
  const rows = sheet.querySelector(".axis");
  sheet.addEventListener("pointermove", (event) => {
    const { left, width } = rows.getBoundingClientRect();
    const time = ((event.clientX - left) / width) * wall;
    cursor.hidden = time < 0 || time > wall;
    if (cursor.hidden) return;
    cursor.style.setProperty("--at", (event.clientX - left) / width);
    cursor.classList.toggle("late", time > wall * 0.8);
    cursor.firstChild.textContent = `${sayTime(time)} · ${runningAt(concurrency, time)} in parallel`;
  });
  sheet.addEventListener("pointerleave", () => {
    cursor.hidden = true;
  });
}

/** The number of steps that run at `time`, by binary search. */
function runningAt(points, time) {
  let low = 0;
  let high = points.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle][0] <= time) low = middle + 1;
    else high = middle;
  }
  return low ? points[low - 1][1] : 0;
}
