/** `#rrggbb`, in any case of letters. */
export const hexColor = /^#[0-9a-fA-F]{6}$/;

const channels = (color: string): number[] =>
  [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));

/** Relative luminance (WCAG 2.2). */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = channels(color).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

/** Contrast ratio of two colours (WCAG 2.2), from 1 to 21. */
export function contrast(one: string, other: string): number {
  const [dark = 0, light = 0] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

/** What text needs to be read (WCAG 2.2, 1.4.3). */
export const readableContrast = 4.5;

function mixedWithWhite(color: string, share: number): string {
  const mixed = channels(color).map((value) => Math.round(value + (255 - value) * share));
  return `#${mixed.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

/** The same colour, as much lighter as it must be to be read on a dark ground. */
export function readableOn(ground: string, color: string): string {
  const shares = Array.from({ length: 21 }, (_, step) => step / 20);
  const found = shares.find((share) => contrast(mixedWithWhite(color, share), ground) >= readableContrast);
  return mixedWithWhite(color, found ?? 1);
}
