// Dots upon the picture, one for each correction: dragged, moved by keys, chosen, removed.

import { nameOf } from "./colors.js";

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const FAR = 4; // CSS pixels that a pointer moves before it drags
const within = (value) => Math.min(1, Math.max(0, value));

/**
 * `move(i, x, y, begun)`, `moved()`, `choose(i)`, `drop(i)` and `giveUp(i)` hear what the visitor
 * does; `at(event)` tells where in the picture a pointer is, in fractions of width and height.
 */
export function createDots(root, { translate, at, move, moved, choose, drop, giveUp }) {
  const area = document.createElement("i"); // what the chosen correction covers for certain
  area.className = "area";
  area.hidden = true;
  root.before(area);
  let measured = null;

  const dotAt = (index) => {
    const dot = document.createElement("button");
    dot.type = "button";
    let from = null;
    dot.addEventListener("pointerdown", (event) => {
      dot.setPointerCapture(event.pointerId);
      from = { x: event.clientX, y: event.clientY, far: false };
    });
    dot.addEventListener("pointermove", (event) => {
      if (!from || !dot.hasPointerCapture(event.pointerId)) return;
      const begun = !from.far;
      from.far ||= Math.hypot(event.clientX - from.x, event.clientY - from.y) > FAR;
      if (from.far) move(index, ...at(event), begun);
    });
    dot.addEventListener("click", () => {
      if (from?.far) moved();
      else choose(index);
      from = null;
    });
    dot.addEventListener("keydown", (event) => {
      if (event.key in STEPS) {
        const [x, y] = STEPS[event.key].map((step) => step * (event.shiftKey ? 0.05 : 0.01));
        const now = dot.hint;
        move(index, within(now.x + x), within(now.y + y), !event.repeat);
        moved();
      } else if (["Delete", "Backspace"].includes(event.key)) drop(index);
      else if (event.key === "Escape") giveUp(index);
      else return;
      event.preventDefault();
    });
    return dot;
  };

  const label = (hint, index) =>
    hint.color
      ? translate("dot", { number: index + 1, color: nameOf(hint.color, translate) })
      : translate("dot_new");

  const resize = () => {
    area.hidden = !measured;
    if (!measured) return;
    const across = 2 * measured.radius * Math.min(root.clientWidth, root.clientHeight);
    area.style.width = area.style.height = `${across}px`;
    area.style.left = `${root.offsetLeft + measured.x * root.clientWidth}px`;
    area.style.top = `${root.offsetTop + measured.y * root.clientHeight}px`;
  };

  return {
    resize,
    show: (hints, { chosen = -1, unreachable = [] } = {}) => {
      while (root.children.length > hints.length) root.lastChild.remove();
      while (root.children.length < hints.length) root.append(dotAt(root.children.length));
      hints.forEach((hint, index) => {
        const dot = root.children[index];
        dot.hint = hint;
        dot.style.left = `${100 * hint.x}%`;
        dot.style.top = `${100 * hint.y}%`;
        dot.style.backgroundColor = hint.color ?? "transparent";
        dot.classList.toggle("new", !hint.color);
        dot.classList.toggle("chosen", index === chosen);
        dot.classList.toggle("far", unreachable.includes(index));
        dot.setAttribute("aria-label", label(hint, index));
      });
      measured = hints[chosen] ?? null;
      resize();
    },
    focus: (index) => root.children[index]?.focus(),
  };
}
