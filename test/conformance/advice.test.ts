import { expect } from 'chai';
import { adviceOf } from '../../src/identity/directories/advice-rules.js';
import { updateDirectory } from '../../src/identity/directories/directories.js';
import { requestLogOf } from '../../src/scim/log/request-log.js';
import { silentNarrator } from '../../src/sim/narrator.js';
import { makeGroup, makePerson, type Group, type Person } from '../../src/sim/person.js';
import { profileNamed } from '../../src/sim/profiles/by-name.js';
import { profileNames, type Profile } from '../../src/sim/profiles/profile.js';
import { runSteps } from '../../src/sim/run-steps.js';
import type { Step } from '../../src/sim/step.js';
import { startApp, type TestApp } from '../support/app.js';
import { givenTenant, type ApiTenant } from '../support/api.js';
import { ManualClock } from '../support/clock.js';
import { unique } from '../support/people.js';
import { givenConnection } from '../support/sso.js';
import type { Idp } from '../support/idp.js';

describe('what a directory is told that has not come', () => {
  const clock = new ManualClock();
  let app: TestApp;
  let acme: ApiTenant;
  before(async () => {
    app = await startApp({ clock });
    acme = await givenTenant(app);
    await acme.givenApplication('crm');
  });
  after(() => app.stop());

  interface Scene {
    id: string;
    profile: Profile;
    people: Person[];
    group: Group;
    play: (steps: readonly Step[]) => Promise<unknown>;
    advice: () => Promise<{ code: string; message: string; hint: string }[]>;
    codes: () => Promise<string[]>;
  }

  /** A directory with a rule for its one group, and a provider that speaks to it. */
  async function given(
    name: Profile['name'],
    { rule = 'Support' }: { rule?: string | null } = {},
  ): Promise<Scene> {
    const profile = profileNamed(name);
    const domain = `${unique('firm')}.test`;
    const when = profile.pushesGroups
      ? { path: 'groups.displayName', is: rule }
      : { path: 'userName', matches: '*.test' };
    const input = { name: unique('d'), roleRules: rule === null ? [] : [{ when, grant: ['crm:agent'] }] };
    const { body: directory } = await acme.call('post', '/directories').send(input).expect(201);
    const { body: made } = await acme.call('post', `/directories/${directory.id}/tokens`).send({ name: 't' });
    const target = { scimUrl: `${app.url}/scim/v2`, token: made.token as string };
    const pusher = { target, headers: profile.headers, memory: new Map() };
    const options = { clock, narrator: silentNarrator, assert: false, pauseMs: 0 };
    const advice = async () => {
      await requestLogOf(app.core).flush();
      return (await acme.call('get', `/directories/${directory.id}/advice`).expect(200)).body.items as {
        code: string;
        message: string;
        hint: string;
      }[];
    };
    return {
      id: directory.id as string,
      profile,
      people: ['Ada Lovelace', 'Bo Berg', 'Cy Cole'].map((person) => makePerson(person, domain, 'Support')),
      group: makeGroup('Support', domain),
      play: (steps) => runSteps(pusher, steps, options),
      advice,
      codes: async () => (await advice()).map(({ code }) => code),
    };
  }

  const join = ({ people, profile }: Scene): Step[] => people.flatMap((person) => profile.join(person));
  const fill = ({ group, people, profile }: Scene): Step[] => [
    ...profile.pushGroup(group),
    ...people.flatMap((person) => profile.addMember(group, person)),
  ];
  /** The same requests from a provider whose mapping leaves something out, or says something else. */
  const mapped = (steps: readonly Step[], change: (user: Record<string, unknown>) => object): Step[] =>
    steps.map((step) =>
      step.method === 'POST' && step.path.startsWith('/Users')
        ? { ...step, expect: { status: [201] }, body: change({ ...(step.body as Record<string, unknown>) }) }
        : step,
    );
  const minutes = (count: number): void => {
    clock.advance(count * 60_000);
  };

  for (const name of profileNames) {
    it(`is nothing while ${name} is set up as it should be, at once and later`, async () => {
      const scene = await given(name);
      await scene.play(scene.profile.probe());
      expect(await scene.codes()).to.deep.equal([]);
      await scene.play(join(scene));
      if (scene.profile.pushesGroups) await scene.play(fill(scene));
      expect(await scene.codes(), 'at once').to.deep.equal([]);
      minutes(120);
      expect(await scene.codes(), 'later').to.deep.equal([]);
    });
  }

  const mistakes: [
    code: string,
    what: string,
    play: (scene: Scene) => Promise<unknown>,
    name?: Profile['name'],
  ][] = [
    [
      'no_request',
      'a token that was pasted nowhere',
      () => {
        minutes(15);
        return Promise.resolve();
      },
    ],
    [
      'only_reads',
      'a test of the connection alone',
      async (scene) => {
        await scene.play(scene.profile.probe());
        minutes(15);
      },
    ],
    [
      'only_one',
      'Provision on demand alone',
      async (scene) => {
        await scene.play([
          ...scene.profile.join(scene.people[0]!),
          ...scene.profile.pushGroup(scene.group),
          ...scene.profile.addMember(scene.group, scene.people[0]!),
        ]);
        minutes(60);
      },
      'entra',
    ],
    [
      'no_group',
      'people without their groups',
      async (scene) => {
        await scene.play(join(scene));
        minutes(12);
      },
    ],
    [
      'empty_groups',
      'groups without members',
      async (scene) => {
        await scene.play([...join(scene), ...scene.profile.pushGroup(scene.group)]);
        minutes(30);
      },
    ],
    [
      'missing_group',
      'a group by another name',
      async (scene) => {
        await scene.play([
          ...join(scene),
          ...fill({ ...scene, group: { ...scene.group, displayName: 'sup-port' } }),
        ]);
      },
    ],
    [
      'no_email',
      'people whose address is empty',
      (scene) =>
        scene.play([
          ...mapped(join(scene), ({ emails: _, ...user }) => ({
            ...user,
            userName: String(user['userName']).split('@')[0],
          })),
          ...fill(scene),
        ]),
    ],
    [
      'no_name',
      'people without names',
      (scene) =>
        scene.play([...mapped(join(scene), ({ name: _, displayName: __, ...user }) => user), ...fill(scene)]),
    ],
    [
      'no_external_id',
      'people without the provider’s id',
      (scene) => scene.play([...mapped(join(scene), ({ externalId: _, ...user }) => user), ...fill(scene)]),
    ],
    [
      'all_inactive',
      'a mapping of active turned round',
      (scene) => scene.play([...mapped(join(scene), (user) => ({ ...user, active: false })), ...fill(scene)]),
    ],
    [
      'refusals',
      'a mapping to an attribute of the wrong type',
      (scene) => scene.play(mapped(join(scene), (user) => ({ ...user, name: 'Ada' }))),
    ],
  ];
  for (const [code, what, play, name = 'okta'] of mistakes) {
    it(`names ${what}, with what to do there`, async () => {
      const scene = await given(name);
      await play(scene);
      const found = (await scene.advice()).find((one) => one.code === code);
      expect(found, code).to.not.equal(undefined);
      expect(found!.hint).to.not.equal('');
    });
  }

  it('names what is amiss here: no rules, a rule for nobody, a directory that is off, no token, the dialect strict', async () => {
    const bare = await given('okta', { rule: null });
    await bare.play(join(bare));
    expect(await bare.codes()).to.deep.equal(['no_rules']);
    const nobody = await given('okta');
    await nobody.play([...join(nobody), ...fill(nobody)]);
    const rules = [{ when: { path: 'title', is: 'King' }, grant: ['crm:agent'] }];
    await acme.call('put', `/directories/${nobody.id}/rules`).send({ rules }).expect(200);
    await updateDirectory(app.core, acme.system, nobody.id, { enabled: false, dialect: 'strict' });
    const { body } = await acme.call('get', `/directories/${nobody.id}/tokens`);
    await acme.call('delete', `/directories/${nobody.id}/tokens/${body.items[0].id}`).expect(204);
    expect(await nobody.codes()).to.include.members(['directory_off', 'no_credential']);
  });

  it('names a domain that no connection is for, and one whose connection is off', async () => {
    const idp = { issuer: 'https://idp.acme.test' } as Idp;
    const scene = await given('okta');
    await scene.play([...join(scene), ...fill(scene)]);
    const domain = scene.people[0]!.userName.split('@')[1]!;
    const other = await givenConnection(app.core, acme.tenant._id, idp, { mode: 'off' });
    expect((await scene.advice())[0]).to.include({
      code: 'foreign_domain',
      message: `No SSO connection is for addresses at ${domain}.`,
    });
    const own = await givenConnection(app.core, acme.tenant._id, idp, {
      mode: 'off',
      domains: [{ domain, verified: true }],
    });
    expect(await scene.codes()).to.deep.equal(['sign_in_off']);
    for (const { _id } of [own, other]) await acme.call('delete', `/sso-connections/${_id}`).expect(204);
  });

  it('says that the last token ends, a fortnight before', () => {
    const nothing = { count: 0, sample: [] };
    const facts = {
      ...{ enabled: true, isStrict: false, provider: 'auto' as const, requests: [], domains: [] },
      ...{
        users: { ...nothing, firstAt: null },
        groups: { ...nothing, lastAt: null },
        rules: { count: 0, groups: [] },
      },
      credentials: [{ createdAt: new Date(0), expiresAt: new Date(15 * 86_400_000) }],
    };
    const codesAt = (day: number) => adviceOf(facts, new Date(day * 86_400_000)).map(({ code }) => code);
    expect(codesAt(0)).to.not.include('ends_soon');
    expect(codesAt(1)).to.include('ends_soon');
  });
});
