// The colour theme: light, dark, or that of the system.

const THEMES = { auto: "Auto", light: "Light", dark: "Dark" };

function startTheme() {
  const root = document.documentElement;
  const button = byId("theme");
  const show = (theme) => {
    root.dataset.theme = theme;
    button.querySelector(".theme-name").textContent = THEMES[theme];
    button.setAttribute("aria-label", `Colours: ${THEMES[theme]}${theme === "auto" ? ", as the system" : ""}`);
  };
  button.addEventListener("click", () => show(nextTheme(root.dataset.theme)));
  show(root.dataset.theme);
}

/** From auto to the theme that the system does not have, so that the first change is visible. */
function nextTheme(theme) {
  const systems = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const other = systems === "dark" ? "light" : "dark";
  return { auto: other, [other]: systems, [systems]: "auto" }[theme];
}
