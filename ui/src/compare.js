// Several runs side by side.
import { html } from "./html.js";

/** @param {{ project: string }} properties */
export function Compare({ project }) {
  return html`<div>${project}</div>`;
}
