// The panel in which a place gets its color: what the network holds for likely, then any other.

import { hexOf, hslOf, nameOf } from "./colors.js";

const [SMALLEST, LARGEST] = [0.005, 0.25]; // radius of a place, of the shorter side

/** Radius of a place, for the position 0..100 of its slider, and back: small ones need care. */
const radiusOf = (position) => SMALLEST * (LARGEST / SMALLEST) ** (position / 100);
const sliderAt = (radius) =>
  (100 * Math.log(Math.max(radius, SMALLEST) / SMALLEST)) / Math.log(LARGEST / SMALLEST);

/** `pick(change, begun)`, `keep()`, `remove()` and `done()` hear what the visitor does. */
export function createColorPanel(root, picture, { translate, pick, keep, remove, done }) {
  const find = (selector) => root.querySelector(selector);
  const [hue, strength, exact, size] = ["hue", "strength", "exact", "size"].map((name) =>
    find(`input.${name}`),
  );
  const [likely, palette, note] = [".likely", ".palette", ".likely-note"].map(find);
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
    for (const swatch of root.querySelectorAll(".swatches button"))
      swatch.setAttribute("aria-pressed", swatch.dataset.color === color);
    paint();
  };
  const showSize = () => {
    const shown = translate("size_value", {
      percent: Math.round(2000 * radiusOf(+size.value)) / 10,
    });
    find("output.size").textContent = shown;
    size.setAttribute("aria-valuetext", shown);
  };
  const change = (what) => {
    pick(what, begun);
    begun = false;
  };

  for (const slider of [hue, strength])
    slider.addEventListener("input", () => {
      paint();
      const color = hexOf(+hue.value, strength.value / 100, Math.min(0.85, Math.max(0.15, light)));
      exact.value = color;
      change({ color });
    });
  exact.addEventListener("input", () => {
    change({ color: exact.value });
    show(exact.value);
  });
  size.addEventListener("input", () => {
    showSize();
    change({ radius: radiusOf(+size.value) });
  });
  for (const swatches of [likely, palette])
    swatches.addEventListener("click", (event) => {
      const { color } = event.target.closest("button")?.dataset ?? {};
      if (!color) return;
      change({ color });
      show(color);
    });
  find(".keep").addEventListener("click", keep);
  find(".remove").addEventListener("click", remove);
  find(".done").addEventListener("click", done);
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    done();
  });

  const swatch = (color) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.color = color;
    button.style.backgroundColor = color;
    button.ariaLabel = nameOf(color, translate);
    button.title = button.ariaLabel;
    button.ariaPressed = "false";
    return button;
  };
  // On a narrow screen the panel lies below: what is under it moves up.
  const clear = (hint) => {
    if (getComputedStyle(root).position !== "fixed") return;
    const box = picture.getBoundingClientRect();
    const y = box.top + hint.y * box.height;
    if (y > innerHeight - root.offsetHeight - 40) scrollBy(0, y - innerHeight / 4);
  };

  return {
    open: (hint, { gray, now, used }) => {
      [, , light] = hslOf(gray);
      begun = true;
      likely.replaceChildren();
      palette.replaceChildren(...used.map(swatch));
      find(".used").hidden = !used.length;
      root.style.setProperty("--present", now);
      show(hint.color ?? now);
      size.value = sliderAt(hint.radius);
      showSize();
      root.hidden = false;
      root.scrollTop = 0;
      clear(hint);
      root.focus({ preventScroll: true });
    },
    suggest: (colors, message) => {
      note.textContent = message;
      note.hidden = !message;
      likely.replaceChildren(...colors.map(swatch));
    },
    close: () => {
      root.hidden = true;
    },
    get isOpen() {
      return !root.hidden;
    },
  };
}
