import { createTheme, type MantineColorScheme, type MantineColorSchemeManager } from '@mantine/core';
import i18next from 'i18next';
import { readChoice, writeChoice } from './cookies.js';

const kept = 'gatehouse-theme';
const schemes: readonly MantineColorScheme[] = ['auto', 'light', 'dark'];

/** Keeps the theme where the account page reads it too. */
export const themeManager: MantineColorSchemeManager = {
  get: (usual) => schemes.find((scheme) => scheme === readChoice(kept)) ?? usual,
  set: (scheme) => writeChoice(kept, scheme),
  clear: () => writeChoice(kept, 'auto'),
  subscribe: () => undefined,
  unsubscribe: () => undefined,
};

/** A dialog's header is no landmark of the page, and its button has a name. */
const dialog = () => ({
  closeButtonProps: { 'aria-label': i18next.t('Close') },
  attributes: { header: { role: 'presentation' } },
});

/** One place for how the kit looks; colours keep the contrast of WCAG 2.2 AA in both schemes. */
export const theme = createTheme({
  primaryColor: 'indigo',
  primaryShade: { light: 7, dark: 8 },
  autoContrast: true,
  luminanceThreshold: 0.35,
  defaultRadius: 'sm',
  radius: { sm: '0.375rem', md: '0.5rem' },
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.875rem', lg: '1rem', xl: '1.125rem' },
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  headings: {
    fontFamily: 'inherit',
    fontWeight: '600',
    sizes: {
      h2: { fontSize: '1.25rem', lineHeight: '1.4' },
      h4: { fontSize: '0.9375rem', lineHeight: '1.4' },
      h5: { fontSize: '0.875rem', lineHeight: '1.4' },
    },
  },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Modal: { defaultProps: dialog },
    Drawer: { defaultProps: dialog },
    Notification: { defaultProps: () => ({ closeButtonProps: { 'aria-label': i18next.t('Close') } }) },
    Alert: { defaultProps: { variant: 'light' } },
    Combobox: { defaultProps: { keepMounted: false } },
    Button: { defaultProps: { fw: 500 } },
    Paper: { defaultProps: { radius: 'md' } },
    Anchor: { defaultProps: { inherit: true } },
  },
});
