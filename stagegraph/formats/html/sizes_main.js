// Starts the sizes page.

startTheme();
startTreemap();
startSizePanel();
startShortcuts();
choose(keyInAddress(sizeNodes));
