// Starts the page.

if ("live" in data) restoreTheme();
startTheme();
startPanel();
const graph = startGraph(data.graph);
if ("timeline" in data) {
  startTimeline(data.timeline);
  startTable();
}
startSearch();
startShortcuts();
for (const element of document.querySelectorAll("[data-key]")) {
  element.addEventListener("click", () => choose(element.dataset.key));
}
choose(keyInAddress(new Map([...nodes, ...steps, ...groups])));
if ("live" in data) startLive(data.live, graph);
