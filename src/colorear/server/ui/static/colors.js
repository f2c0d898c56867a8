// Colors: how they are written, mixed and called.

/** Hue in degrees, saturation and lightness in 0..1 of `#rrggbb`. */
export function hslOf(color) {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(color.slice(i, i + 2), 16) / 255);
  const most = Math.max(r, g, b);
  const least = Math.min(r, g, b);
  const chroma = most - least;
  const lightness = (most + least) / 2;
  let hue = 0;
  if (chroma) {
    if (most === r) hue = ((g - b) / chroma + 6) % 6;
    else if (most === g) hue = (b - r) / chroma + 2;
    else hue = (r - g) / chroma + 4;
  }
  const saturation = chroma ? chroma / (1 - Math.abs(2 * lightness - 1)) : 0;
  return [hue * 60, saturation, lightness];
}

/** `#rrggbb` of a hue in degrees, saturation and lightness in 0..1. */
export function hexOf(hue, saturation, lightness) {
  const reach = saturation * Math.min(lightness, 1 - lightness);
  const level = (n) => {
    const k = (n + hue / 30) % 12;
    return lightness - reach * Math.max(-1, Math.min(k - 3, 9 - k, 1));
  };
  const byte = (value) =>
    Math.round(255 * value)
      .toString(16)
      .padStart(2, "0");
  return `#${byte(level(0))}${byte(level(8))}${byte(level(4))}`;
}

const HUES = [
  [15, "red"],
  [42, "orange"],
  [68, "yellow"],
  [165, "green"],
  [195, "turquoise"],
  [255, "blue"],
  [300, "violet"],
  [340, "pink"],
  [361, "red"],
];

/** What people call the color `#rrggbb`. */
export function nameOf(color, translate) {
  const [hue, saturation, lightness] = hslOf(color);
  if (lightness < 0.07) return translate("black");
  if (lightness > 0.95) return translate("white");
  let key = HUES.find(([end]) => hue < end)[1];
  if (saturation < 0.12) key = "gray";
  else if (key === "orange" && lightness < 0.5) key = "brown";
  if (lightness < 0.3) return translate("dark", { color: translate(key) });
  if (lightness > 0.72) return translate("light", { color: translate(key) });
  return translate(key);
}
