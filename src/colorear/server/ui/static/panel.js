// The panel in which a place gets its color: what the network holds for likely, then any other.

import { hexOf, hslOf, nameOf } from "./translations.js";

/** `pick(color, begun)`, `remove()` and `done()` hear what the visitor does. */
export function createColorPanel(root, picture, { translate, pick, remove, done }) {
  const find = (selector) => root.querySelector(selector);
  const [hue, strength, exact] = ["input.hue", "input.strength", "input.exact"].map(find);
  const [swatches, note] = [find(".swatches"), find(".likely-note")];
  let light = 0.5;
  let begun = true;
  root.tabIndex = -1;

  const paint = () => {
    const level = Math.min(0.75, Math.max(0.25, light));
    root.style.setProperty("--now", `hsl(${hue.value} 90% ${100 * level}%)`);
    root.style.setProperty("--dull", `hsl(0 0% ${100 * level}%)`);
  };
  const show = (color) => {
    const [h, s] = hslOf(color);
    hue.value = h;
    strength.value = 100 * s;
    exact.value = color;
    for (const swatch of swatches.children)
      swatch.setAttribute("aria-pressed", swatch.dataset.color === color);
    paint();
  };
  const choose = (color) => {
    pick(color, begun);
    begun = false;
  };

  for (const slider of [hue, strength])
    slider.addEventListener("input", () => {
      paint();
      const color = hexOf(+hue.value, strength.value / 100, Math.min(0.85, Math.max(0.15, light)));
      exact.value = color;
      choose(color);
    });
  exact.addEventListener("input", () => {
    choose(exact.value);
    show(exact.value);
  });
  swatches.addEventListener("click", (event) => {
    const { color } = event.target.closest("button")?.dataset ?? {};
    if (!color) return;
    choose(color);
    show(color);
  });
  find(".remove").addEventListener("click", remove);
  find(".done").addEventListener("click", done);
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    done();
  });

  // On a narrow screen the panel lies below: what is under it moves up.
  const clear = (hint) => {
    const box = picture.getBoundingClientRect();
    const y = box.top + hint.y * box.height;
    if (y > innerHeight - root.offsetHeight - 40) scrollBy(0, y - innerHeight / 4);
  };
  const near = (hint) => {
    if (getComputedStyle(root).position === "fixed") return clear(hint);
    const [width, height] = [picture.clientWidth, picture.clientHeight];
    const [wide, tall] = [root.offsetWidth, root.offsetHeight];
    const right = hint.x * width + 28 + wide <= width;
    const left = right ? hint.x * width + 28 : Math.max(0, hint.x * width - 28 - wide);
    const top = Math.min(Math.max(0, hint.y * height - tall / 2), Math.max(0, height - tall));
    root.style.left = `${left}px`;
    root.style.top = `${top}px`;
    return undefined;
  };

  return {
    open: (hint, { gray, now }) => {
      [, , light] = hslOf(gray);
      begun = true;
      swatches.replaceChildren();
      show(hint.color ?? now);
      root.hidden = false;
      near(hint);
      root.focus({ preventScroll: true });
    },
    suggest: (colors, message) => {
      note.textContent = message;
      note.hidden = !message;
      const button = (color) => {
        const swatch = document.createElement("button");
        swatch.type = "button";
        swatch.dataset.color = color;
        swatch.style.backgroundColor = color;
        swatch.ariaLabel = nameOf(color, translate);
        swatch.title = swatch.ariaLabel;
        swatch.ariaPressed = "false";
        return swatch;
      };
      swatches.replaceChildren(...colors.map(button));
    },
    close: () => {
      root.hidden = true;
    },
    get isOpen() {
      return !root.hidden;
    },
  };
}
