// How far a correction reaches: an outline around what it changes, while its color is chosen.

const COARSE = 96; // pixels of what is compared: single ones are no reach
const FINE = 5; // times as many have the outline
const SEEN = 24; // of 255, of the three channels together: less is hardly seen

const pixels = async (url, width, height) => {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  canvas.drawImage(image, 0, 0, width, height);
  return canvas.getImageData(0, 0, width, height).data;
};

const enlarged = (small, width, height) => {
  const from = new OffscreenCanvas(small.width, small.height);
  from.getContext("2d").putImageData(small, 0, 0);
  const to = new OffscreenCanvas(width, height).getContext("2d");
  to.drawImage(from, 0, 0, width, height);
  return to.getImageData(0, 0, width, height).data;
};

/** `show(without, url)` outlines on the canvas where two pictures of one size differ. */
export function createReach(canvas) {
  let turn = 0;

  async function show(without, url) {
    turn += 1;
    const now = turn;
    const image = new Image();
    image.src = without;
    await image.decode();
    const shrink = Math.max(1, image.naturalWidth / COARSE, image.naturalHeight / COARSE);
    const across = Math.max(1, Math.round(image.naturalWidth / shrink));
    const down = Math.max(1, Math.round(image.naturalHeight / shrink));
    const [a, b] = await Promise.all([pixels(without, across, down), pixels(url, across, down)]);
    if (now !== turn) return;
    const coarse = new ImageData(across, down);
    for (let i = 0; i < a.length; i += 4) {
      const apart = [0, 1, 2].reduce((sum, c) => sum + Math.abs(a[i + c] - b[i + c]), 0);
      coarse.data[i + 3] = (255 * Math.min(2 * SEEN, apart)) / (2 * SEEN);
    }
    const [width, height] = [FINE * across, FINE * down];
    const fine = enlarged(coarse, width, height);
    const changed = (x, y) =>
      x >= 0 && y >= 0 && x < width && y < height && fine[4 * (y * width + x) + 3] > 127;
    const outline = new ImageData(width, height);
    let any = false;
    for (let y = 0; y < height; y += 1)
      for (let x = 0; x < width; x += 1) {
        if (!changed(x, y)) continue;
        const around = [changed(x - 1, y), changed(x + 1, y), changed(x, y - 1), changed(x, y + 1)];
        if (around.every(Boolean)) continue;
        any = true;
        const light = (x + y) % 12 < 6 ? 255 : 0; // dashes are seen on light and on dark
        outline.data.set([light, light, light, 255], 4 * (y * width + x));
      }
    [canvas.width, canvas.height] = [width, height];
    canvas.getContext("2d").putImageData(outline, 0, 0);
    canvas.hidden = !any;
  }

  return {
    show,
    hide: () => {
      turn += 1;
      canvas.hidden = true;
    },
  };
}
