// The picture: gray beside color, uncertainty upon it, and dots where somebody knows better.

import { nameOf } from "./translations.js";

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const within = (value) => Math.min(1, Math.max(0, value));

/**
 * `place(x, y)`, `move(i, x, y, begun)`, `moved()`, `choose(i)`, `drop(i)` and `giveUp(i)` hear what
 * the visitor does; x and y are fractions of width and height.
 */
export function createPicture(root, { translate, place, move, moved, choose, drop, giveUp }) {
  const find = (selector) => root.querySelector(selector);
  const [before, after, tint, divider, dots] = [
    ".before",
    ".after",
    "img.tint",
    ".divider",
    ".dots",
  ].map(find);
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  let split = 50;

  const at = (event) => {
    const box = after.getBoundingClientRect();
    return [
      within((event.clientX - box.left) / box.width),
      within((event.clientY - box.top) / box.height),
    ];
  };

  const divide = (percent) => {
    split = Math.min(100, Math.max(0, percent));
    root.style.setProperty("--split", `${split}%`);
    divider.setAttribute("aria-valuenow", Math.round(split));
    divider.setAttribute("aria-valuetext", translate("divider_value", { percent: Math.round(split) }));
  };

  divider.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: -2, ArrowDown: -2, ArrowRight: 2, ArrowUp: 2, PageDown: -10, PageUp: 10 };
    if (event.key in by) divide(split + by[event.key]);
    else if (event.key === "Home") divide(0);
    else if (event.key === "End") divide(100);
    else return;
    event.preventDefault();
  });
  divider.addEventListener("pointerdown", (event) => {
    divider.setPointerCapture(event.pointerId);
    event.stopPropagation();
  });
  divider.addEventListener("pointermove", (event) => {
    if (divider.hasPointerCapture(event.pointerId)) divide(100 * at(event)[0]);
  });

  root.addEventListener("click", (event) => {
    if (event.target.closest(".divider, .dots button, .panel")) return;
    place(...at(event));
  });

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
      from.far ||= Math.hypot(event.clientX - from.x, event.clientY - from.y) > 4;
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

  return {
    divide,
    show: ({ before: url, width, height }) => {
      before.src = url;
      after.src = url;
      tint.hidden = true;
      root.style.setProperty("--shape", `${width} / ${height}`);
      root.style.setProperty("--width", width / height);
      divide(50);
    },
    showColor: (url) => {
      after.src = url;
    },
    tint: (url) => {
      tint.hidden = !url;
      if (url) tint.src = url;
    },
    dots: (hints, { chosen = -1, unreachable = [] } = {}) => {
      while (dots.children.length > hints.length) dots.lastChild.remove();
      while (dots.children.length < hints.length) dots.append(dotAt(dots.children.length));
      hints.forEach((hint, index) => {
        const dot = dots.children[index];
        dot.hint = hint;
        dot.style.left = `${100 * hint.x}%`;
        dot.style.top = `${100 * hint.y}%`;
        dot.style.backgroundColor = hint.color ?? "transparent";
        dot.classList.toggle("new", !hint.color);
        dot.classList.toggle("chosen", index === chosen);
        dot.classList.toggle("far", unreachable.includes(index));
        dot.setAttribute("aria-label", label(hint, index));
      });
    },
    focus: (index) => dots.children[index]?.focus(),
    /** `#rrggbb` of what is seen at a place: in gray, or in color. */
    seen: (x, y, gray = false) => {
      const image = gray ? before : after;
      canvas.canvas.width = canvas.canvas.height = 1;
      const column = Math.min(image.naturalWidth - 1, Math.floor(x * image.naturalWidth));
      const row = Math.min(image.naturalHeight - 1, Math.floor(y * image.naturalHeight));
      canvas.drawImage(image, column, row, 1, 1, 0, 0, 1, 1);
      const [r, g, b] = canvas.getImageData(0, 0, 1, 1).data;
      return `#${[r, g, b].map((v) => v.toString(16).padStart(2, "0")).join("")}`;
    },
  };
}
