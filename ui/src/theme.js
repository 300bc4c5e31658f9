// Light or dark: as the system is, unless somebody has chosen.
import { effect, signal } from "@preact/signals";
import { html } from "./html.js";

const THEMES = ["auto", "light", "dark"];
const theme = signal(remembered() ?? "auto");

effect(() => {
  document.documentElement.dataset.theme = theme.value;
  remember(theme.value);
});

// A frame that was given no origin of its own, as for a file within another page, keeps nothing.
function remembered() {
  try {
    return localStorage.getItem("theme");
  } catch {
    return null;
  }
}

/** @param {string} name */
function remember(name) {
  try {
    localStorage.setItem("theme", name);
  } catch {
    // it holds as long as the page is open
  }
}

export function Theme() {
  const next = THEMES[(THEMES.indexOf(theme.value) + 1) % THEMES.length] ?? "auto";
  const sign = { auto: "◑", light: "☀", dark: "☾" }[theme.value] ?? "◑";
  return html`<button
    type="button"
    class="plain"
    title=${`Colours: ${theme.value}. Change to ${next}.`}
    aria-label=${`Colours: ${theme.value}. Change to ${next}.`}
    onClick=${() => (theme.value = next)}
  >
    ${sign}
  </button>`;
}
