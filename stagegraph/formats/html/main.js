// Starts the page.

if ("live" in data) restoreTheme();
startTheme();
startPanel();
const graph = startGraph(data.graph);
startSwitches(graph);
if ("timeline" in data) {
  startTimeline(data.timeline);
  startTable();
}
startSearch(graph);
startShortcuts();
for (const element of document.querySelectorAll("[data-key]")) {
  element.addEventListener("click", () => choose(element.dataset.key));
}
startAddress().then(() => {
  if ("live" in data) startLive(data.live, graph);
});
