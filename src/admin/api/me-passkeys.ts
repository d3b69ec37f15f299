import {
  addPasskey,
  passkeyCreation,
  passkeysOf,
  removePasskey,
  renamePasskey,
} from '../../identity/credentials/passkeys.js';
import { passkeyRequest } from '../../identity/credentials/passkey-use.js';
import { requireOwnProof } from '../../identity/credentials/own-proof.js';
import { noteProof } from '../../identity/users/sessions.js';
import type { Passkey } from '../../persistence/collections/credentials.js';
import { liveOf } from '../authenticate.js';
import { listOf } from '../list.js';
import { instant, instantOrNull, iso, isoOrNull } from '../present/fields.js';
import { route, type Route } from '../route.js';
import { z } from '../schema.js';

const tag = 'Me';

const passkeySchema = z
  .strictObject({
    id: z.string().describe('of the credential, base64url'),
    name: z.string(),
    backedUp: z.boolean().describe('kept by a provider of passkeys, and so on several devices'),
    createdAt: instant,
    lastUsedAt: instantOrNull,
  })
  .openapi('Passkey');

function present({ addedAt, id, isBackedUp, lastUsedAt, name }: Passkey): z.input<typeof passkeySchema> {
  return { id, name, backedUp: isBackedUp, createdAt: iso(addedAt), lastUsedAt: isoOrNull(lastUsedAt) };
}

/** Options of WebAuthn in their JSON form, for `PublicKeyCredential.parse…OptionsFromJSON`. */
const optionsSchema = z.looseObject({ challenge: z.string() }).openapi('PasskeyOptions');

const credentialSchema = z
  .looseObject({ id: z.string().max(2000), type: z.literal('public-key'), response: z.looseObject({}) })
  .describe('the browser’s `PublicKeyCredential`, by its `toJSON()`')
  .openapi('PasskeyAnswer');

const passkeyName = z.string().trim().min(1).max(60);

const listMine = route({
  method: 'get',
  path: '/me/passkeys',
  id: 'listMyPasskeys',
  summary: 'One’s own passkeys',
  tag,
  permission: 'self',
  output: listOf(passkeySchema),
  async handler({ core, caller }) {
    const items = (await passkeysOf(core, liveOf(caller).user)).map(present);
    return { body: { items, total: items.length, next: null } };
  },
});

const begin = route({
  method: 'post',
  path: '/me/passkeys/options',
  id: 'beginMyPasskey',
  summary: 'What the browser makes a new passkey with; good for ten minutes, once',
  tag,
  permission: 'self',
  stepUp: true,
  output: optionsSchema,
  async handler({ core, caller }) {
    const { session, settings, user } = liveOf(caller);
    const options = await passkeyCreation(core, user, settings, session._id);
    return { body: { challenge: '', ...options } };
  },
});

const add = route({
  method: 'post',
  path: '/me/passkeys',
  id: 'addMyPasskey',
  summary: 'Keep the passkey the browser has made',
  tag,
  permission: 'self',
  stepUp: true,
  body: z.strictObject({ name: passkeyName, credential: credentialSchema }).openapi('AddPasskey'),
  status: 201,
  output: passkeySchema,
  async handler({ core, actor, caller, body }) {
    const { session, settings, user } = liveOf(caller);
    return { body: present(await addPasskey(core, actor, user, { ...body, settings, holder: session._id })) };
  },
});

const rename = route({
  method: 'patch',
  path: '/me/passkeys/{id}',
  id: 'renameMyPasskey',
  summary: 'Give a passkey another name',
  tag,
  permission: 'self',
  body: z.strictObject({ name: passkeyName }).openapi('RenamePasskey'),
  output: passkeySchema,
  handler: async ({ core, actor, caller, params, body }) => ({
    body: present(await renamePasskey(core, actor, liveOf(caller).user, params.id, body.name)),
  }),
});

const remove = route({
  method: 'delete',
  path: '/me/passkeys/{id}',
  id: 'removeMyPasskey',
  summary: 'Take a passkey away: it signs in no more',
  tag,
  permission: 'self',
  stepUp: true,
  async handler({ core, actor, caller, params }) {
    await removePasskey(core, actor, liveOf(caller).user, params.id);
    return {};
  },
});

const beginProof = route({
  method: 'post',
  path: '/me/reauthenticate/options',
  id: 'beginMyProof',
  summary: 'What the browser asks a passkey with, to prove again who one is',
  tag,
  permission: 'self',
  output: optionsSchema,
  async handler({ core, caller }) {
    const { session, user } = liveOf(caller);
    const options = passkeyRequest(core, 'confirm', session._id, await passkeysOf(core, user));
    return { body: { challenge: '', ...options } };
  },
});

const prove = route({
  method: 'post',
  path: '/me/reauthenticate',
  id: 'proveMyself',
  summary:
    'Prove again who one is, by the password, a code or a passkey: what `auth.step_up_needed` asks for',
  tag,
  permission: 'self',
  body: z
    .strictObject({
      password: z.string().min(1).max(1000),
      code: z.string().min(1).max(64),
      credential: credentialSchema,
    })
    .partial()
    .openapi('Reauthenticate'),
  async handler({ core, caller, body }) {
    const { session, user } = liveOf(caller);
    const { credential, ...typed } = body;
    const passkey = credential && { credential, holder: session._id };
    await requireOwnProof(core, user, { ...typed, passkey });
    await noteProof(core, session);
    return {};
  },
});

export const mePasskeyRoutes: readonly Route[] = [listMine, begin, add, rename, remove, beginProof, prove];
