/* eslint-disable no-console -- the library writes its warning with console.warn while it is loaded; see below. */

/**
 * oidc-provider, loaded without its "Unsupported runtime" warning. It prints that on Node 20 to the console, where only log lines
 * belong; the whole suite runs on Node 20, 22 and 24 instead.
 */
const warn = console.warn;
console.warn = () => undefined;
const library = await import('oidc-provider');
console.warn = warn;

export const { Provider, errors, interactionPolicy } = library;
