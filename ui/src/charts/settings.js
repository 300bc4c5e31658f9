// How curves are shown: it stands in the address, and holds for all charts of a view.
import { computed, signal } from "@preact/signals";
import { html } from "../html.js";
import { go, route } from "../route.js";
import { AXES } from "./axis.js";

/** @typedef {keyof typeof AXES} Axis */

/** While the slider is held. */
const held = signal(/** @type {number | null} */ (null));

export const settings = computed(() => {
  const { x, smooth, log, zoom } = route.value;
  const weight = held.value ?? Number(smooth ?? 0);
  return {
    axis: /** @type {Axis} */ (x !== undefined && x in AXES ? x : "step"),
    smooth: weight > 0 && weight < 1 ? weight : 0,
    log: log === "y",
    zoom: part(zoom),
  };
});

/** @param {string | undefined} text @returns {[number, number] | null} */
function part(text) {
  const [low = NaN, high = NaN] = (text ?? "").split(":").map(Number);
  return low < high ? [low, high] : null;
}

/** @param {[number, number] | null} part */
export function zoomTo(part) {
  go({ zoom: part ? part.map((end) => Number(end.toPrecision(12))).join(":") : undefined }, { replace: true });
}

/** @param {{ children?: unknown }} properties */
export function Controls({ children }) {
  const { axis, smooth, log, zoom } = settings.value;
  return html`<div class="chart-controls" role="group" aria-label="How curves are shown">
    <span class="segments" role="group" aria-label="The x axis">
      ${Object.entries(AXES).map(
        ([value, text]) => html`<button
          type="button"
          aria-pressed=${axis === value}
          onClick=${() => go({ x: value === "step" ? undefined : value, zoom: undefined }, { replace: true })}
        >
          ${text}
        </button>`,
      )}
    </span>
    <label class="slider"
      >Smoothing
      <input
        type="range"
        min="0"
        max="0.99"
        step="0.01"
        value=${smooth}
        onInput=${(/** @type {Event} */ event) => (held.value = Number(target(event).value))}
        onChange=${(/** @type {Event} */ event) => {
          const { value } = target(event);
          held.value = null;
          go({ smooth: Number(value) > 0 ? value : undefined }, { replace: true });
        }}
      /><output>${smooth ? smooth.toFixed(2) : "off"}</output></label
    >
    <label
      ><input
        type="checkbox"
        checked=${log}
        onChange=${() => go({ log: log ? undefined : "y" }, { replace: true })}
      />
      Log</label
    >
    ${children} ${zoom && html`<button type="button" onClick=${() => zoomTo(null)}>Whole axis</button>`}
  </div>`;
}

/** @param {Event} event */
function target(event) {
  return /** @type {HTMLInputElement} */ (event.target);
}
