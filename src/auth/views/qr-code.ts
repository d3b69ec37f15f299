import { renderSVG } from 'uqr';

/** A QR code as an address for `<img src>`; dark on white in every colour scheme, since cameras want it so. */
export function qrCodeImage(text: string): string {
  const svg = renderSVG(text, { border: 4, ecc: 'M' });
  return `data:image/svg+xml;base64,${Buffer.from(svg).toString('base64')}`;
}
