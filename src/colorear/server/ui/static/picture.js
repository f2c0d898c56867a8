// The picture: gray beside color, uncertainty upon the gray, and dots where somebody knows better.

import { createDots } from "./dots.js";
import { createZoom } from "./zoom.js";

const within = (value) => Math.min(1, Math.max(0, value));
const SETTLED = 200; // milliseconds without a move, before more pixels are asked for
const MARGIN = 0.25; // of what is shown, around it: so that a small move finds pixels
const LONGEST = 2048; // pixels of what is asked for

/**
 * `place(x, y)`, and what `createDots` tells, hear what the visitor does; x and y are fractions of
 * width and height. `detail(part)` resolves to the gray of a part of the file, as a URL.
 */
export function createPicture(root, { translate, place, detail, ...heard }) {
  const find = (selector) => root.querySelector(selector);
  const [before, after, draft, chroma, tint, divider, gray] = [
    ".before",
    ".after",
    ".draft",
    ".near.chroma",
    "img.tint",
    ".divider",
    ".gray",
  ].map(find);
  const details = [...root.querySelectorAll(".detail")];
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  let file = { width: 3, height: 2 };
  let split = 50; // percent of what is shown
  let shown = null;
  let part = null; // of the picture, whose own pixels are there
  let timer = null;
  let turn = 0;

  const isBeside = () => root.classList.contains("beside");
  const fractions = (event) => {
    const view = root.getBoundingClientRect();
    const isLeft = isBeside() && event.clientX < view.left + view.width / 2;
    const box = (isLeft ? before : after).getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  const at = (event) => fractions(event).map(within);

  const divide = (percent) => {
    split = Math.min(100, Math.max(0, percent));
    if (shown) {
      const [left, right] = [shown.left, shown.right].map((edge) => shown.x + edge * shown.width);
      root.style.setProperty("--split", `${left + (split / 100) * (right - left)}px`);
    }
    divider.setAttribute("aria-valuenow", Math.round(split));
    divider.setAttribute("aria-valuetext", translate("divider_value", { percent: Math.round(split) }));
  };

  // Where the preview has too few pixels, those of the file are laid upon it.
  async function look() {
    const wanted = { ...shown };
    const density = (shown.width * devicePixelRatio) / before.naturalWidth;
    const isEnough = density <= 1 || before.naturalWidth >= file.width;
    if (!shown.isNear || isEnough) return;
    const margin = (low, high) => MARGIN * (high - low);
    const [across, down] = [margin(wanted.left, wanted.right), margin(wanted.top, wanted.bottom)];
    const [left, top] = [within(wanted.left - across), within(wanted.top - down)];
    const width = within(wanted.right + across) - left;
    const height = within(wanted.bottom + down) - top;
    const scale = Math.min(1, shown.scale * devicePixelRatio);
    const longest = Math.min(LONGEST, Math.ceil(scale * Math.max(width * file.width, height * file.height)));
    const asked = { left, top, width, height, longest };
    if (JSON.stringify(asked) === JSON.stringify(part)) return;
    turn += 1;
    const now = turn;
    const url = await detail(asked);
    if (now !== turn || !url) return;
    part = asked;
    for (const image of details) {
      image.src = url;
      image.hidden = false;
      image.style.left = `${100 * left}%`;
      image.style.top = `${100 * top}%`;
      image.style.width = `${100 * width}%`;
      image.style.height = `${100 * height}%`;
    }
    chroma.hidden = false;
  }
  const forget = () => {
    turn += 1;
    part = null;
    for (const image of [...details, chroma]) image.hidden = true;
  };

  const zoom = createZoom(root, {
    changed: (now) => {
      shown = now;
      divide(split);
      dots.resize();
      if (!now.isNear) forget();
      clearTimeout(timer);
      timer = setTimeout(look, SETTLED);
      heard.zoomed(now);
    },
  });
  const dots = createDots(find(".dots"), { translate, at, ...heard });

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
    if (!divider.hasPointerCapture(event.pointerId)) return;
    const [x] = at(event);
    divide((100 * (x - shown.left)) / (shown.right - shown.left));
  });

  root.addEventListener("click", (event) => {
    if (event.target.closest(".divider, .dots button") || zoom.wasDragged) return;
    const [x, y] = fractions(event);
    if (x === within(x) && y === within(y)) place(x, y);
  });

  return {
    divide,
    zoom,
    dots: dots.show,
    focus: dots.focus,
    show: ({ before: url, pixels: [width, height] }) => {
      file = { width, height };
      before.src = draft.querySelector(".light").src = url;
      after.src = chroma.src = url;
      tint.hidden = draft.hidden = true;
      forget();
      root.style.setProperty("--shape", `${width} / ${height}`);
      root.style.setProperty("--width", width / height);
      zoom.begin(width, height);
      divide(50);
    },
    showColor: async (url) => {
      after.src = chroma.src = url;
      await after.decode().catch(() => undefined);
      if (chroma.src === url) draft.hidden = true; // no newer colors have come
    },
    /** Show colors that are coarse, until those come that are not. */
    showDraft: async (url) => {
      const image = draft.querySelector(".chroma");
      image.src = chroma.src = url;
      await image.decode().catch(() => undefined);
      if (image.src === url && chroma.src === url) draft.hidden = false;
    },
    /** Show gray and color side by side, or one upon the other again; gives which. */
    beside: () => {
      root.classList.toggle("beside");
      zoom.draw();
      return isBeside();
    },
    /** Show the whole picture in gray for a while. */
    peek: (on) => root.classList.toggle("peek", on),
    tint: (url) => {
      tint.hidden = !url;
      if (url) tint.src = url;
    },
    doubt: (on) => {
      root.classList.toggle("doubting", on);
      gray.querySelector(".sheet").classList.toggle("doubt", on);
      find(".tag.left").textContent = translate(on ? "doubt_tag" : "before");
      divide(on ? 100 : 50);
    },
    /** The picture in color, as a URL. */
    get color() {
      return after.src;
    },
    /** The picture in color, small, as a URL, once it has come. */
    stamp: async (longest) => {
      await after.decode().catch(() => undefined);
      const shrink = Math.max(1, after.naturalWidth / longest, after.naturalHeight / longest);
      const small = document.createElement("canvas");
      small.width = Math.max(1, after.naturalWidth / shrink);
      small.height = Math.max(1, after.naturalHeight / shrink);
      small.getContext("2d").drawImage(after, 0, 0, small.width, small.height);
      return small.toDataURL("image/jpeg", 0.85);
    },
    /** Width and height; the shorter side is 1. */
    get proportions() {
      const shorter = Math.min(file.width, file.height);
      return [file.width / shorter, file.height / shorter];
    },
    /** `#rrggbb` of what is seen around a place: in gray, or in color. */
    seen: (x, y, { gray: isGray = false, radius = 0 } = {}) => {
      const image = isGray ? before : after;
      const [width, height] = [image.naturalWidth, image.naturalHeight];
      const reach = Math.floor(Math.min(radius, 0.02) * Math.min(width, height));
      const column = Math.min(width - 1, Math.floor(x * width));
      const row = Math.min(height - 1, Math.floor(y * height));
      const [left, top] = [Math.max(0, column - reach), Math.max(0, row - reach)];
      const across = Math.min(width, column + reach + 1) - left;
      const down = Math.min(height, row + reach + 1) - top;
      [canvas.canvas.width, canvas.canvas.height] = [across, down];
      canvas.drawImage(image, left, top, across, down, 0, 0, across, down);
      const { data } = canvas.getImageData(0, 0, across, down);
      const sums = [0, 0, 0];
      for (let i = 0; i < data.length; i += 1) if (i % 4 < 3) sums[i % 4] += data[i];
      const mean = sums.map((sum) => Math.round(sum / (across * down)));
      return `#${mean.map((value) => value.toString(16).padStart(2, "0")).join("")}`;
    },
  };
}
