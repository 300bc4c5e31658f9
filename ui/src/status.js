// How a status looks: a colour, and a shape for those who do not tell the colours apart.
import { html } from "./html.js";

/** @type {Record<string, string>} */
const SHAPES = { pending: "○", running: "◐", done: "●", error: "✕", stale: "◌" };

export const STATUSES = /** @type {const} */ (["running", "done", "error", "pending"]);

/** @param {{ status: string, stale?: boolean, hint?: string | null, short?: boolean }} properties */
export function StatusMark({ status, stale = false, hint = null, short = false }) {
  const shown = stale ? "stale" : status;
  const title = stale ? "It is running by the ledger, and its process is gone." : (hint ?? undefined);
  if (short) return html`<span class="shape" aria-hidden="true">${SHAPES[shown]}</span>`;
  return html`<span class=${`status ${shown}`} title=${title}>
    <span class="shape" aria-hidden="true">${SHAPES[shown]}</span>${shown}
  </span>`;
}
