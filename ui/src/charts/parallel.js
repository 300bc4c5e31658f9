// A line for each run through an axis for each value. Dragging along an axis keeps those that cross it there.
import { useRef, useState } from "preact/hooks";
import { choose } from "../chosen.js";
import { value } from "../format.js";
import { html } from "../html.js";
import { go, route } from "../route.js";
import { likely, seedOf } from "./fields.js";
import { FieldPick, useWidth } from "./pick.js";
import { scaleOf, tint } from "./scale.js";

/** @typedef {import("../types.js").Compared} Compared */
/** @typedef {import("./fields.js").Field} Field */
/** @typedef {Record<string, [number, number]>} Brushes By field: a part of its axis, from 0 to 1. */

const HEIGHT = 360;
const EDGE = { left: 60, right: 60, top: 40, bottom: 20 };
const BETWEEN = "//";
const MOST_AXES = 7;
const STEP = 0.05;
const CROWD = 60; // lines, from which on each is paler

/** @param {{ runs: Compared[], fields: Field[], onOpen: (run: string) => void }} properties */
export function Parallel({ runs, fields, onOpen }) {
  const [home, width] = useWidth();
  const [brushes, setBrushes] = useState(/** @type {Brushes} */ ({}));
  const [on, setOn] = useState("");
  const drag = useRef(/** @type {{ id: string, from: number } | null} */ (null));
  const wanted = (route.value.axes?.split(BETWEEN) ?? []).flatMap((id) => fields.find((field) => field.id === id) ?? []);
  const axes = wanted.length > 1 ? wanted : usual(fields);
  if (axes.length < 2) {
    return html`<div class="empty">
      <h2>Nothing to draw lines through</h2>
      <p>Choose runs whose params differ, and that found something: <code>run.result = {"loss": 0.1}</code>, or a metric.</p>
    </div>`;
  }
  const bottom = HEIGHT - EDGE.bottom;
  const gap = Math.max(width - EDGE.left - EDGE.right, 100) / (axes.length - 1);
  const toY = (/** @type {number} */ at) => bottom - at * (bottom - EDGE.top);
  const scales = axes.map((field) => scaleOf(field, 7));
  const places = runs.map((_, run) => axes.map((field, axis) => scales[axis]?.at(field.values[run]) ?? null));
  const kept = places.map((row) => axes.every(({ id }, axis) => within(row[axis] ?? null, brushes[id])));
  const brushed = axes.some(({ id }) => brushes[id]);
  const colours = axes.length - 1;
  /** @param {string[]} ids */
  const show = (ids) => go({ axes: ids.join(BETWEEN) }, { replace: true });
  /** @param {string} id @param {[number, number] | null} part */
  const brush = (id, part) => {
    const { [id]: _old, ...rest } = brushes;
    setBrushes(part ? { ...rest, [id]: part } : rest);
  };
  /** @param {PointerEvent} event */
  const placeOf = (event) => {
    const top = home.current?.getBoundingClientRect().top ?? 0;
    return Math.min(1, Math.max(0, (bottom - (event.clientY - top)) / (bottom - EDGE.top)));
  };
  /** @param {KeyboardEvent} event @param {string} id */
  function onKey(event, id) {
    const part = brushes[id];
    const step = { ArrowUp: STEP, ArrowDown: -STEP }[event.key];
    if (event.key === "Escape" && part) brush(id, null);
    else if (event.key === "Enter") brush(id, part ? null : [0.25, 0.75]);
    else if (step !== undefined) {
      const [low, high] = part ?? [0.25, 0.75];
      const wider = /** @type {[number, number]} */ ([Math.max(0, low - (step < 0 ? STEP : 0)), Math.min(1, high + (step > 0 ? STEP : 0))]);
      const by = Math.min(Math.max(step, -low), 1 - high);
      const moved = /** @type {[number, number]} */ ([low + by, high + by]);
      brush(id, event.shiftKey ? wider : moved);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }
  const number = kept.filter(Boolean).length;
  const shown = runs.findIndex((run) => run.run === on);
  return html`<section aria-label="Parallel coordinates">
    <div class="chart-controls">
      <${FieldPick} label="Colour by" fields=${fields} value=${axes[colours]?.id} onPick=${(/** @type {string} */ id) => show([...axes.map((field) => field.id).filter((each) => each !== id), id])} />
      <${FieldPick} label="Axis to add" fields=${fields.filter((field) => !axes.includes(field))} value=${""} onPick=${(/** @type {string} */ id) => show([id, ...axes.map((field) => field.id)])} />
      <span role="status">${brushed ? `${number} of ${runs.length} runs` : ""}</span>
      ${brushed && number > 0 && html`<button type="button" onClick=${() => choose(runs.filter((_, at) => kept[at]).map((run) => run.run))}>Compare only these</button>`}
      ${brushed && html`<button type="button" onClick=${() => setBrushes({})}>All again</button>`}
    </div>
    <div class="figure" ref=${home}>
      <svg width=${Math.max(width, 220)} height=${HEIGHT} role="group" aria-label=${`Parallel coordinates of ${runs.length} runs`}>
        ${runs.map((run, at) => {
          const row = places[at] ?? [];
          const end = row[colours] ?? null;
          return html`<path
            key=${run.run}
            class=${`lane ${kept[at] ? "" : "out"} ${number > CROWD ? "crowded" : ""} ${run.run === on ? "on" : ""}`}
            d=${way(row, gap, toY)}
            style=${{ stroke: end === null ? "var(--dim)" : tint(0.15 + 0.85 * end) }}
            onMouseEnter=${() => setOn(run.run)}
            onMouseLeave=${() => setOn("")}
            onClick=${() => onOpen(run.run)}
          />`;
        })}
        ${axes.map((field, axis) => {
          const left = EDGE.left + axis * gap;
          const part = brushes[field.id];
          return html`<g key=${field.id}>
            <line class="axis" x1=${left} x2=${left} y1=${EDGE.top} y2=${bottom} />
            ${scales[axis]?.marks.map(
              ({ at, text }) => html`<text class="halo" x=${left + (axis === colours ? 8 : -8)} y=${toY(at) + 4} text-anchor=${axis === colours ? "start" : "end"}>${text.length > 9 ? `${text.slice(0, 8)}…` : text}</text>`,
            )}
            <text class="axis-name" x=${left} y="16" text-anchor=${axis === 0 ? "start" : axis === colours ? "end" : "middle"} dx=${axis === 0 ? -EDGE.left + 4 : axis === colours ? EDGE.right - 4 : 0}>${shortened(field.name, gap)}</text>
            ${part && html`<rect class="brush" x=${left - 8} width="16" y=${toY(part[1])} height=${toY(part[0]) - toY(part[1])} />`}
            <rect
              class="brushable"
              x=${left - 14}
              width="28"
              y=${EDGE.top - 6}
              height=${bottom - EDGE.top + 12}
              tabindex="0"
              role="button"
              aria-pressed=${part !== undefined}
              aria-label=${`${field.name}: ${part ? `${number} of ${runs.length} runs are within` : "drag, or press Enter, to keep a part of it"}. Arrows move the part, with Shift they widen it, Escape ends it.`}
              onKeyDown=${(/** @type {KeyboardEvent} */ event) => onKey(event, field.id)}
              onPointerDown=${(/** @type {PointerEvent} */ event) => {
                drag.current = { id: field.id, from: placeOf(event) };
                /** @type {Element} */ (event.currentTarget).setPointerCapture(event.pointerId);
                brush(field.id, null);
              }}
              onPointerMove=${(/** @type {PointerEvent} */ event) => {
                if (drag.current?.id !== field.id) return;
                const [from, to] = [drag.current.from, placeOf(event)];
                if (Math.abs(to - from) > 0.01) brush(field.id, [Math.min(from, to), Math.max(from, to)]);
              }}
              onPointerUp=${() => (drag.current = null)}
            />
          </g>`;
        })}
      </svg>
      ${
        shown >= 0 &&
        html`<div class="chart-tip" style=${{ top: "30px", right: "70px" }}>
          <div class="tip-line nearest"><b>${on}</b></div>
          ${axes.map((field) => html`<div class="tip-line"><span class="tip-label">${field.name}</span><b>${field.values[shown] === undefined ? "–" : value(field.values[shown])}</b></div>`)}
        </div>`
      }
    </div>
    <p class="axis-list">
      ${axes.map(
        (field) => html`<span class="tag"
          >${field.name}<button type="button" title="Take this axis away" aria-label=${`Take the axis ${field.name} away`} disabled=${axes.length < 3} onClick=${() => show(axes.filter((each) => each !== field).map((each) => each.id))}>✕</button></span
        >`,
      )}
    </p>
  </section>`;
}

/** The params that differ, and what came of them. @param {Field[]} fields */
function usual(fields) {
  const seed = seedOf(fields);
  const outcome = likely(fields, "outcome");
  const params = fields.filter((field) => field.kind === "params" && field.varies && field.id !== seed);
  return [...params.slice(0, MOST_AXES - 1), ...(outcome?.number ? [outcome] : [])];
}

/** @param {number | null} place @param {[number, number] | undefined} part */
function within(place, part) {
  return part === undefined || (place !== null && place >= part[0] && place <= part[1]);
}

/** A line from axis to axis, broken where a run has no value. @param {(number | null)[]} row @param {number} gap @param {(at: number) => number} toY */
function way(row, gap, toY) {
  let drawing = false;
  return row
    .map((at, axis) => {
      if (at === null) {
        drawing = false;
        return "";
      }
      const step = `${drawing ? "L" : "M"}${(EDGE.left + axis * gap).toFixed(1)} ${toY(at).toFixed(1)}`;
      drawing = true;
      return step;
    })
    .join("");
}

/** @param {string} name @param {number} gap */
function shortened(name, gap) {
  const most = Math.max(6, Math.floor(gap / 7));
  return name.length > most ? `…${name.slice(1 - most)}` : name;
}
