// The page comes alive.

startTheme();
startPanel();
startGraph(data.graph);
startSearch();
startShortcuts();
choose(keyInAddress(new Map([...nodes, ...steps])));
