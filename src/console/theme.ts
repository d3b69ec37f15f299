import { createTheme } from '@mantine/core';
import i18next from 'i18next';

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
  defaultRadius: 'md',
  fontFamily: 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif',
  headings: { fontFamily: 'inherit', fontWeight: '650' },
  cursorType: 'pointer',
  respectReducedMotion: true,
  components: {
    Modal: { defaultProps: dialog },
    Drawer: { defaultProps: dialog },
    Notification: { defaultProps: () => ({ closeButtonProps: { 'aria-label': i18next.t('Close') } }) },
    Button: { defaultProps: { fw: 500 } },
    Anchor: { defaultProps: { inherit: true } },
  },
});
