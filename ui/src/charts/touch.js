// A finger drags over a chart as the mouse does; up and down it scrolls the page (charts.css).

const AS = /** @type {const} */ ({ pointerdown: "mousedown", pointermove: "mousemove", pointerup: "mouseup" });

/** @param {HTMLElement} over What listens for the mouse. */
export function followFinger(over) {
  /** @type {PointerEvent | null} */
  let begun = null;
  /** @param {string} type @param {PointerEvent} event */
  const send = (type, { clientX, clientY }) =>
    // uPlot takes a move by nothing for one that browsers make up.
    over.dispatchEvent(new MouseEvent(type, { clientX, clientY, movementX: 1, bubbles: true }));

  /** @param {PointerEvent} event */
  function follow(event) {
    if (event.pointerType !== "touch" || (begun && event.pointerId !== begun.pointerId)) return;
    if (event.type === "pointerdown") {
      begun = event;
      send("mousemove", event);
    }
    if (begun) send(AS[/** @type {keyof typeof AS} */ (event.type)], event);
    if (event.type === "pointerup") begun = null;
  }
  for (const type of /** @type {(keyof typeof AS)[]} */ (Object.keys(AS))) over.addEventListener(type, follow);
  over.addEventListener("pointercancel", () => {
    // The page scrolls: where it ends as it has begun, a drag selects nothing.
    if (begun) {
      send("mousemove", begun);
      send("mouseup", begun);
    }
    begun = null;
  });
}
