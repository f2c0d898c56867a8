// How the picture lies in its window: as a whole, or so near that the file's own pixels are seen.

const MOST = 4; // CSS pixels for one of the file, at the nearest
const STEP = 1.4; // times nearer, by one press
const FAR = 4; // CSS pixels that a pointer moves before it drags
const PAN = 60; // CSS pixels, by one press
const within = (value, low, high) => Math.min(high, Math.max(low, value));

/**
 * Let `view` be zoomed and moved by wheel, pointers and keys; what lies in it follows the custom
 * properties `--left`, `--top`, `--across` and `--down`. `changed(shown)` hears of every change:
 * what part of the picture is shown, in fractions, and at how many CSS pixels for one of the file.
 */
export function createZoom(view, { changed }) {
  let size = { width: 3, height: 2 }; // of the file, in pixels
  let zoom = 1;
  let [x, y] = [0.5, 0.5]; // what is in the middle
  let dragged = false;
  const pointers = new Map();

  // Side by side, gray and color have half of it each.
  const room = () => [view.clientWidth / (view.classList.contains("beside") ? 2 : 1), view.clientHeight];
  const fit = () => Math.min(room()[0] / size.width, room()[1] / size.height) || 1;
  const most = () => Math.max(1, MOST / fit());

  const place = (middle, whole, there) =>
    whole <= there ? (there - whole) / 2 : within(there / 2 - middle * whole, there - whole, 0);

  function draw() {
    zoom = within(zoom, 1, most());
    const scale = fit() * zoom;
    const [width, height] = room();
    const [across, down] = [size.width * scale, size.height * scale];
    const [left, top] = [place(x, across, width), place(y, down, height)];
    if (across > width) x = (width / 2 - left) / across;
    if (down > height) y = (height / 2 - top) / down;
    for (const [name, value] of Object.entries({ left, top, across, down }))
      view.style.setProperty(`--${name}`, `${value}px`);
    view.classList.toggle("near", zoom > 1);
    const edge = (value) => within(value, 0, 1);
    const shown = {
      left: edge(-left / across),
      top: edge(-top / down),
      right: edge((width - left) / across),
      bottom: edge((height - top) / down),
    };
    changed({ ...shown, x: left, width: across, scale, isNear: zoom > 1, isNearest: zoom >= most() });
  }

  /** So many times nearer; what lies at a place of the window stays there. */
  function by(factor, at = null) {
    const box = view.getBoundingClientRect();
    const [width, height] = room();
    const before = fit() * zoom;
    const [dx, dy] = at
      ? [((at[0] - box.left) % width) - width / 2, at[1] - box.top - height / 2]
      : [0, 0];
    const [fx, fy] = [x + dx / (size.width * before), y + dy / (size.height * before)];
    zoom = within(zoom * factor, 1, most());
    const after = fit() * zoom;
    [x, y] = [fx - dx / (size.width * after), fy - dy / (size.height * after)];
    draw();
  }
  function move(dx, dy) {
    const scale = fit() * zoom;
    x -= dx / (size.width * scale);
    y -= dy / (size.height * scale);
    draw();
  }
  const whole = () => {
    [zoom, x, y] = [1, 0.5, 0.5];
    draw();
  };
  /** One pixel of the file on one of the screen. */
  const own = () => by(1 / devicePixelRatio / (fit() * zoom));

  view.addEventListener(
    "wheel",
    (event) => {
      // where the page itself can be scrolled, a wheel does so unless somebody looks closely
      const scrolls = document.documentElement.scrollHeight > innerHeight + 1;
      if (scrolls && !event.ctrlKey && zoom === 1) return;
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 16 : 1;
      by(Math.exp((-event.deltaY * lines) / (event.ctrlKey ? 100 : 400)), [event.clientX, event.clientY]);
    },
    { passive: false },
  );
  // Two fingers zoom, and so the browser must not scroll.
  view.addEventListener(
    "touchmove",
    (event) => {
      if (event.touches.length > 1) event.preventDefault();
    },
    { passive: false },
  );
  view.addEventListener("pointerdown", (event) => {
    if (event.button || event.target.closest(".divider, .dots button")) return;
    if (!pointers.size) dragged = false;
    const { clientX, clientY } = event;
    pointers.set(event.pointerId, { x: clientX, y: clientY, from: [clientX, clientY] });
  });
  addEventListener("pointermove", (event) => {
    const pointer = pointers.get(event.pointerId);
    if (!pointer) return;
    const [before] = [...pointers.values()].filter((other) => other !== pointer);
    const [dx, dy] = [event.clientX - pointer.x, event.clientY - pointer.y];
    if (before) {
      const apart = Math.hypot(pointer.x - before.x, pointer.y - before.y);
      const now = Math.hypot(event.clientX - before.x, event.clientY - before.y);
      const middle = [(event.clientX + before.x) / 2, (event.clientY + before.y) / 2];
      [pointer.x, pointer.y] = [event.clientX, event.clientY];
      dragged = true;
      by(now / Math.max(1, apart), middle);
      return move(dx / 2, dy / 2);
    }
    const [fx, fy] = pointer.from;
    dragged ||= Math.hypot(event.clientX - fx, event.clientY - fy) > FAR;
    if (!dragged) return undefined;
    [pointer.x, pointer.y] = [event.clientX, event.clientY];
    return zoom > 1 ? move(dx, dy) : undefined;
  });
  for (const type of ["pointerup", "pointercancel"])
    addEventListener(type, (event) => pointers.delete(event.pointerId));
  view.addEventListener("keydown", (event) => {
    if (event.target !== view || event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const [dx, dy] = steps[event.key];
    move(PAN * dx, PAN * dy);
  });
  new ResizeObserver(draw).observe(view);

  return {
    nearer: () => by(STEP),
    farther: () => by(1 / STEP),
    draw,
    whole,
    own,
    /** Another picture comes, of so many pixels. */
    begin: (width, height) => {
      size = { width, height };
      whole();
    },
    /** Whether the click that comes now ends a drag. */
    get wasDragged() {
      return dragged;
    },
  };
}
