// Light, dark, or whichever the system asks for.

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

/** The first change is one that can be seen: away from what the system asks for. */
function nextTheme(theme) {
  const systems = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  const other = systems === "dark" ? "light" : "dark";
  return { auto: other, [other]: systems, [systems]: "auto" }[theme];
}
