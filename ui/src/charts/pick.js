// Choosing what an axis shows.
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { html } from "../html.js";

/** @typedef {import("./fields.js").Field} Field */

const KINDS = /** @type {const} */ ({ params: "Params", result: "Result", metrics: "Metrics" });

/** @param {{ label: string, fields: Field[], value: string | undefined, onPick: (id: string) => void }} properties */
export function FieldPick({ label, fields, value, onPick }) {
  return html`<label
    >${label}
    <select value=${value ?? ""} onChange=${(/** @type {Event} */ event) => onPick(/** @type {HTMLSelectElement} */ (event.target).value)}>
      ${value === "" && html`<option value="">choose…</option>`}
      ${/** @type {(keyof typeof KINDS)[]} */ (Object.keys(KINDS)).map((kind) => {
        const inside = fields.filter((field) => field.kind === kind);
        return inside.length > 0 && html`<optgroup label=${KINDS[kind]}>
          ${inside.map((field) => html`<option value=${field.id}>${field.name}</option>`)}
        </optgroup>`;
      })}
    </select></label
  >`;
}

/**
 * The width of an element, as it is now.
 * @returns {[{ current: HTMLDivElement | null }, number]}
 */
export function useWidth() {
  const home = useRef(/** @type {HTMLDivElement | null} */ (null));
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const element = home.current;
    if (!element) return undefined;
    const measure = () => setWidth(element.clientWidth);
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [home, width];
}
