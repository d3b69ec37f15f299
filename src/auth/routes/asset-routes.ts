import type { Router } from 'express';
import { ownBrand } from '../../identity/tenants/branding.js';
import { hexColor } from '../../shared/color.js';
import { faviconSvg } from '../views/favicon.js';
import { pageScript, scriptPath } from '../views/script.js';
import { brandStyleSheet, stylePath, styleSheet } from '../views/styles.js';

/** Style, script and icon of all pages for people. */
export function assetRoutes(router: Router): void {
  const forEver = 'public, max-age=31536000, immutable';
  router.get(stylePath, (_req, res) => {
    res.set('Cache-Control', forEver).type('css').send(styleSheet);
  });
  router.get(scriptPath, (_req, res) => {
    res.set('Cache-Control', forEver).type('js').send(pageScript);
  });
  router.get('/assets/brand-:color.css', (req, res, next) => {
    const color = `#${req.params.color}`;
    if (hexColor.test(color)) res.set('Cache-Control', forEver).type('css').send(brandStyleSheet(color));
    else next();
  });

  // Browsers ask for one with every page.
  router.get('/favicon.ico', (_req, res) => {
    res.set('Cache-Control', 'public, max-age=86400').type('svg').send(faviconSvg(ownBrand));
  });
}
