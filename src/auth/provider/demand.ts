import type { SignInDemand } from '../sign-in-flow.js';

const textOf = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null);

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function parsed(text: unknown): unknown {
  if (typeof text !== 'string') return text;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** `acr_values`, or what the `claims` parameter says of `acr` (OpenID Connect Core section 5.5.1.1). */
function acrValuesOf(params: Readonly<Record<string, unknown>>): string | null {
  const { value, values } = recordOf(recordOf(recordOf(parsed(params['claims']))['id_token'])['acr']);
  const asked = [value, ...(Array.isArray(values) ? (values as unknown[]) : [])].filter(
    (one) => typeof one === 'string',
  );
  return asked.length > 0 ? asked.join(' ') : textOf(params['acr_values']);
}

/** What an application's request asks of the sign-in, here and at a company's provider. */
export function demandOf(params: Readonly<Record<string, unknown>>): SignInDemand {
  const maxAge = Number(params['max_age'] ?? NaN);
  return {
    login: (textOf(params['prompt']) ?? '').split(' ').includes('login'),
    maxAge: Number.isSafeInteger(maxAge) && maxAge >= 0 ? maxAge : null,
    acrValues: acrValuesOf(params)?.slice(0, 500) ?? null,
  };
}
